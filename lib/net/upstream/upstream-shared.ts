import type { Deadlines } from '../../link/deadlines.js'
import type { Limits } from '../../link/limits.js'
import type { ProxyError } from '../../link/proxy-error.js'
import type { GrammarLimits } from '../../wire/limits.js'
import type { Clock } from '../clock.js'
import type { DeadlineWheel } from '../deadline-wheel.js'
import type { Address } from '../names/resolver.js'
import type { DialSettings } from './dial.js'
import type { UpstreamConnection } from './upstream-connection.js'

/**
 * Resolves a host and decides which of its addresses are permitted; calls `done` once, possibly before it returns.
 * @param clientAddress the client on whose behalf; '' for none
 * @returns cancels the wait, and `done` is not called then; null: it was already called
 */
export type Locate = (
  host: string,
  port: number,
  done: (error: ProxyError | null, addresses: readonly Address[]) => void,
  clientAddress: string,
) => (() => void) | null

/** What the layer above does with upstreams. */
export interface UpstreamHandler {
  readonly locate: Locate
  opened(connection: UpstreamConnection): void
  closed(connection: UpstreamConnection): void
  fault(fault: unknown): void
}

/** How connections to one origin are made and kept; most pools share one of these objects. */
export interface UpstreamShared {
  readonly handler: UpstreamHandler
  readonly dial: DialSettings
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly grammar: GrammarLimits
  /** Refuse response defects that would otherwise be repaired. */
  readonly strict: boolean
  readonly wheel: DeadlineWheel
  readonly clock: Clock
  /** Each connection begins with a header that names the one client that it serves. */
  readonly proxyProtocol: 'off' | 'v1' | 'v2'
}
