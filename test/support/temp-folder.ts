import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** A new empty folder for each call (tap's `testdir` is one for the whole test), removed with the test. */
export function tempFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'hopwise-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
