/** What one measurement of one proxy under one row gave. See ../measure.mjs. */
export interface Measured {
  requests: number
  failed: number
  rssBytes: number
  requestsPerS?: number
  mbPerS?: number
  /** CPU µs of the proxy for each request: all, in user mode, in the kernel. */
  cpuUs?: number
  userUs?: number
  systemUs?: number
  /** Share of the time that the proxy used a core, and that somebody else used its core. */
  busy?: number
  foreign?: number
  p50Ms?: number
  p99Ms?: number
  /** Rows about memory: connections, memory before, and for each connection. */
  open?: number
  rssBeforeBytes?: number
  eachBytes?: number
}

export interface Result extends Measured {
  round: number
  row: string
  peer: string
}

export function median(values: readonly (number | undefined)[]): number | undefined
export function percentile(values: readonly number[], percent: number): number
export function medianOf(results: readonly Result[], row: string, peer: string, key: keyof Measured): number | undefined
export function ratio(
  results: readonly Result[],
  row: string,
  peer: string,
  other: string,
  key: keyof Measured,
): { median: number; low: number; high: number } | undefined
export function difference(
  results: readonly Result[],
  row: string,
  peer: string,
  other: string,
  key: keyof Measured,
): number | undefined
export function slope(points: readonly (readonly [number, number])[]): number
