import type { ProxyError, ProxyStatusError } from '../link/proxy-error.js'
import type { ClientPool } from '../net/client-pool.js'
import type { DeadlineWheel } from '../net/deadline-wheel.js'
import type { DialSettings } from '../net/dial.js'
import type { Address } from '../net/resolver.js'
import type { OriginPool, UpstreamPool } from '../net/upstream-pool.js'
import type { RequestHead } from '../wire/request-head.js'
import type { ProxyEvents } from './events.js'
import type { Settings } from './options.js'

/** What the exchanges of one proxy share. */
export interface Engine {
  readonly settings: Settings
  readonly clients: ClientPool
  readonly upstreams: UpstreamPool
  readonly wheel: DeadlineWheel
  readonly dial: DialSettings
  /** Reverse: the pool of the one upstream. */
  readonly reversePool: OriginPool | null
  readonly counts: ExchangeCounts
  /** IMF-fixdate of now. */
  date(): string
  /** Somebody listens to `exchange` events: only then are records made. */
  recorded: boolean
  emit<E extends keyof ProxyEvents>(event: E, what: ProxyEvents[E]): void
  fault(fault: unknown): void
  /** Forward: the pool of the origin that an absolute-form target names. */
  poolFor(head: RequestHead): OriginPool
  /** See `UpstreamStory`. */
  locate(host: string, port: number, done: (error: ProxyError | null, addresses: readonly Address[]) => void): void
}

export interface ExchangeCounts {
  active: number
  total: number
  retries: number
  failures: Map<ProxyStatusError, number>
}
