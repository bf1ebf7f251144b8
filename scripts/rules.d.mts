import type { NamingTest } from './rules-named.mjs'
import type { Chapter, Reason } from './rules-texts.mjs'

export declare function faultsOf(
  chapters: readonly Chapter[],
  tests: readonly NamingTest[],
  reasons: ReadonlyMap<number, Reason>,
  page: string,
): string[]
