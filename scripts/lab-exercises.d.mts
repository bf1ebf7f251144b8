import type { Check, CheckResult, Level } from '../lib/lab/check/check.js'
import type { Language } from '../lib/lab/said.js'

type Parts = Readonly<Record<string, string>>

export declare function exercisePage(page: string, parts: Parts): string
export declare function programParts(texts: Parts): Parts
export declare function levelParts(levels: readonly Level[], checks: readonly Check[], language: Language): Parts
export declare function printedPart(
  levels: readonly Level[],
  results: readonly CheckResult[],
  report: typeof import('../lib/lab/check/report.js'),
  language: Language,
): Parts
