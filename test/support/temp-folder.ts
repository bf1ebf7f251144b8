import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** An empty folder of its own for whoever asks (tap's `testdir` has one for a whole test), gone with the test. */
export function tempFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'hopwise-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
