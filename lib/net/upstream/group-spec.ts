import type { BalanceSettings } from '../../link/balancer.js'
import type { Deadlines } from '../../link/deadlines.js'
import type { Limits } from '../../link/limits.js'
import type { Origin } from '../../link/origin.js'
import type { HashBy } from '../../policy/hash-key.js'
import type { DialSettings } from './dial.js'
import type { HealthCheckSettings } from './health-check.js'

/** One server of a group, as it is configured. */
export interface ServerSpec {
  /** What its members have in common; `origin.host` is what Host and TLS go by, whatever the address. */
  readonly origin: Origin
  /** How it becomes members: one as it is, or one for each address of its name, or for each target of its SRV name. */
  readonly kind: 'one' | 'name' | 'srv'
  readonly weight: number
  readonly backup: boolean
  /** Instead of the group's limits. */
  readonly connectionsMax?: number
  readonly waitingMax?: number
}

/** One group, checked, with every default in its place. */
export interface GroupSpec {
  readonly name: string
  readonly servers: readonly ServerSpec[]
  readonly balance: BalanceSettings
  /** What requests are told apart by, for `hash`. */
  readonly hash: HashBy
  /** The cookie that holds a client to a member, or ''. */
  readonly sticky: string
  /** Other servers that a request may be tried on. */
  readonly retries: number
  /** May another server have what a fresh connection lost, too? */
  readonly retryOn: 'reused' | 'any'
  readonly healthCheck: HealthCheckSettings | null
  readonly resolve: { readonly nameservers: readonly string[] | null; readonly minMs: number; readonly maxMs: number }
  readonly dial: DialSettings
  readonly proxyProtocol: 'off' | 'v1' | 'v2'
  readonly limits: Limits
  readonly deadlines: Deadlines
}
