import type { Result } from './statistics.mjs'

export interface Judged {
  row: string
  text: string
  value: number
  limit: string
  met: boolean
}

export function judge(results: readonly Result[], nodePeers: readonly string[]): Judged[]
