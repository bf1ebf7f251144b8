import type { Judged } from './goals.mjs'
import type { Result } from './statistics.mjs'

interface Row {
  name: string
  load: 'wrk' | 'h2load' | 'idle' | 'slow'
  fresh?: boolean
  octets?: number
}

export function tableOf(row: Row, results: readonly Result[]): string[][]
export function goalsTable(goals: readonly Judged[]): string[][]
export function toText(lines: readonly (readonly string[])[]): string
export function toMarkdown(lines: readonly (readonly string[])[]): string
