import type { BalanceSettings } from '../../link/balancer.js'
import type { Deadlines } from '../../link/deadlines.js'
import type { Limits } from '../../link/limits.js'
import type { Origin } from '../../link/origin.js'
import type { HashBy } from '../../policy/hash-key.js'
import type { DialSettings } from './dial.js'
import type { HealthCheckSettings } from './health-check.js'

/** One server of a group, as configured. */
export interface ServerSpec {
  /** Common to its members; `origin.host` is used for Host and TLS, whatever the address. */
  readonly origin: Origin
  /** The members it becomes: a single one, one per address of its name, or one per target of its SRV name. */
  readonly kind: 'one' | 'name' | 'srv'
  readonly weight: number
  readonly backup: boolean
  /** Override the group's limits. */
  readonly connectionsMax?: number
  readonly waitingMax?: number
}

/** One group, validated, with all defaults filled in. */
export interface GroupSpec {
  readonly name: string
  readonly servers: readonly ServerSpec[]
  readonly balance: BalanceSettings
  /** The key that distinguishes requests, for `hash`. */
  readonly hash: HashBy
  /** The cookie that binds a client to a member, or ''. */
  readonly sticky: string
  /** How many other servers a request may be retried on. */
  readonly retries: number
  /** Whether a request that was lost on a fresh connection may also be retried on another server. */
  readonly retryOn: 'reused' | 'any'
  readonly healthCheck: HealthCheckSettings | null
  readonly resolve: { readonly nameservers: readonly string[] | null; readonly minMs: number; readonly maxMs: number }
  readonly dial: DialSettings
  readonly proxyProtocol: 'off' | 'v1' | 'v2'
  readonly limits: Limits
  readonly deadlines: Deadlines
}
