import type { Test } from 'tap'
import { run } from './child.js'
import { pathOf } from './needs.js'

export interface CurlResult {
  /** curl's exit code: 0 is success. */
  code: number | null
  /** What curl printed: the content, or what `-w` asked for. */
  out: string
  /** With `-v`: the conversation. */
  err: string
}

/** Runs curl without user settings, at most 200 s. `-sS` is added: errors but no progress. */
export async function curl(t: Test, ...args: string[]): Promise<CurlResult> {
  return run(t, pathOf('curl'), ['-q', '-sS', '--max-time', '200', ...args])
}
