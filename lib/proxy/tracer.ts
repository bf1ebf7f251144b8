import type { TraceContext } from '../policy/trace-context.js'
import type { ExchangeRecord } from './events.js'

/**
 * Creates a span for each exchange. It must not throw, and cannot change anything except the trace context that is sent upstream.
 */
export interface Tracer {
  /** Called when the head of a request has been read, or what arrived turned out not to be a request. */
  begin(asked: TracedRequest): ExchangeSpan
}

/** What is known when a span begins. */
export interface TracedRequest {
  /** '' if no head could be read. */
  readonly method: string
  /** The request-target as received; may contain secrets. */
  readonly target: string
  readonly host: string
  readonly version: '1.0' | '1.1'
  readonly scheme: 'http' | 'https'
  /** The client's address; '' if the transport has none. */
  readonly clientAddress: string
  /** When the first byte of the request arrived, in milliseconds since 1970. */
  readonly startedAt: number
  /** The trace context that the client sent; null: none. */
  readonly received: TraceContext | null
}

/** The span of one exchange. */
export interface ExchangeSpan {
  /**
   * The trace context to send upstream in place of the received one, as lines (`traceLines`); '': the received one is forwarded.
   */
  readonly lines: string
  /** Called once, with the record of the exchange. */
  end(record: ExchangeRecord): void
}
