import type { DeadlineName } from '../link/deadlines.js'
import type { ProxyStatusError } from '../link/proxy-error.js'
import type { RateLimit } from '../link/rate-limit.js'
import type { UnderWay } from '../link/under-way.js'
import type { ClientPool } from '../net/client/client-pool.js'
import type { DeadlineWheel } from '../net/deadline-wheel.js'
import type { OriginPool } from '../net/upstream/origin-pool.js'
import type { Routes } from '../policy/routes.js'
import type { RequestHead } from '../wire/request-head.js'
import type { Outcome, ProxyEvents } from './events.js'
import type { ExchangeView } from './exchange-view.js'
import type { Guesses } from './guesses.js'
import type { Route } from './options/route-options.js'
import type { Settings } from './options/settings.js'
import type { Phases } from './phases.js'
import type { Upstreams } from './upstreams.js'

/** What the exchanges of one listener share. */
export interface Engine {
  /** The settings of exchanges that begin now. */
  readonly settings: Settings
  readonly clients: ClientPool
  readonly upstreams: Upstreams
  readonly wheel: DeadlineWheel
  /** The routing table of a reverse proxy; null for a forward proxy. */
  readonly routes: Routes<Route> | null
  readonly counts: ExchangeCounts
  /** Limits the requests of one address (IPv6: /64); null: no limit. */
  readonly rate: RateLimit | null
  /** The requests in progress per address (IPv6: /64), where they are counted. */
  readonly underWay: UnderWay
  /** Limits the wrong passwords of one address (IPv6: /64); null: no limit. */
  readonly failedLogins: RateLimit | null
  readonly guesses: Guesses
  /** Collects how long the phases of exchanges take; null: not needed. */
  readonly phases: Phases | null
  /** The current IMF-fixdate. */
  date(): string
  /** The `exchange` event has a listener: only then are records made. */
  recorded: boolean
  /** Sees the heads of exchanges; response heads are kept only while it is set. */
  readonly watcher: ExchangeWatcher | null
  emit<E extends keyof ProxyEvents>(event: E, what: ProxyEvents[E]): void
  fault(fault: unknown): void
  /**
   * Forward: the pool of the origin in an absolute-form target. Until the client is admitted, the pool is not added to the list.
   */
  poolFor(head: RequestHead, settings: Settings, admitted: boolean): OriginPool
}

export interface ExchangeCounts {
  active: number
  total: number
  retries: number
  failures: Map<ProxyStatusError, number>
  /** Exchanges that were ended by a deadline. */
  deadlines: Map<DeadlineName, number>
  /** Requests refused because their address sent too many, or because their content arrived too slowly. */
  refusedByRate: number
  refusedAsTooSlow: number
  /** Requests refused because their address had the maximum number of requests in progress. */
  refusedAsTooMany: number
  /** Bytes of content that are being gathered now. */
  gathered: number
  /** Requests refused without a check because their address sent too many wrong passwords. */
  refusedByFailures: number
}

/** Sees exchanges together with their heads. It must not throw. */
export interface ExchangeWatcher {
  /** The exchange becomes a tunnel, which keeps no heads. */
  tunnelled(exchange: ExchangeView): void
  ended(exchange: ExchangeView, outcome: Outcome): void
}
