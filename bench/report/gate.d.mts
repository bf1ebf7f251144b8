import type { Result } from './statistics.mjs'

export type Ratios = Record<string, { cpuUs?: number; requestsPerS?: number }>

export function gateRatios(rows: readonly { name: string; rates?: boolean }[], results: readonly Result[]): Ratios
export function compare(
  stored: Ratios,
  now: Ratios,
): { row: string; key: string; stored: number; now: number; worse: number; failed: boolean }[]
