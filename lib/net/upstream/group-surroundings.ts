import type { Clock } from '../clock.js'
import type { DnsQuestions } from '../names/dns-answers.js'
import type { UpstreamPool } from './upstream-pool.js'

/** What the members of all groups share. */
export interface GroupSurroundings {
  readonly pools: UpstreamPool
  readonly clock: Clock
  /** A number from 0 to 1, for jitter. */
  random(): number
  warn(code: string, message: string): void
  fault(fault: unknown): void
  /** A member came up or went down, by its health check or by ejection. */
  changed(group: string, member: string, state: string): void
  /** How names are looked up; default `askDns`. */
  readonly questions?: (nameservers: readonly string[] | null) => DnsQuestions
}
