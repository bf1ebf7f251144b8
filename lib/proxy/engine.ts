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
  /** Those of exchanges that begin now. */
  readonly settings: Settings
  readonly clients: ClientPool
  readonly upstreams: Upstreams
  readonly wheel: DeadlineWheel
  /** Reverse: where which requests go; null for a forward proxy. */
  readonly routes: Routes<Route> | null
  readonly counts: ExchangeCounts
  /** Requests of one address (IPv6: /64); null: as many as it likes. */
  readonly rate: RateLimit | null
  /** Requests under way of one address (IPv6: /64), as far as they are counted. */
  readonly underWay: UnderWay
  /** Wrong passwords of one address (IPv6: /64); null: as many as it likes. */
  readonly failedLogins: RateLimit | null
  readonly guesses: Guesses
  /** Where the time of exchanges is counted, if anybody asks. */
  readonly phases: Phases | null
  /** IMF-fixdate of now. */
  date(): string
  /** Somebody listens to `exchange` events: only then are records made. */
  recorded: boolean
  /** Somebody watches exchanges: only then are response heads kept. */
  readonly watcher: ExchangeWatcher | null
  emit<E extends keyof ProxyEvents>(event: E, what: ProxyEvents[E]): void
  fault(fault: unknown): void
  /** Forward: the pool of the origin that an absolute-form target names. For a client that is not admitted yet no pool is listed. */
  poolFor(head: RequestHead, settings: Settings, admitted: boolean): OriginPool
}

export interface ExchangeCounts {
  active: number
  total: number
  retries: number
  failures: Map<ProxyStatusError, number>
  /** Exchanges that a deadline ended. */
  deadlines: Map<DeadlineName, number>
  /** Requests that were refused because too many came from there, or because their content came too slowly. */
  refusedByRate: number
  refusedAsTooSlow: number
  /** Requests that were refused because as many of that address were under way as may be. */
  refusedAsTooMany: number
  /** Octets of content that are gathered now. */
  gathered: number
  /** Requests that nobody looked at because too many wrong passwords came from there. */
  refusedByFailures: number
}

/** Who looks at exchanges together with their heads, while it is set. It must not throw. */
export interface ExchangeWatcher {
  /** It becomes a tunnel, which keeps no heads. */
  tunnelled(exchange: ExchangeView): void
  ended(exchange: ExchangeView, outcome: Outcome): void
}
