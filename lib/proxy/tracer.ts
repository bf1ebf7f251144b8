import type { TraceContext } from '../policy/trace-context.js'
import type { ExchangeRecord } from './events.js'

/** Makes spans of exchanges. It must not throw, and cannot change anything but the trace context that is sent on. */
export interface Tracer {
  /** The head of a request was read, or it turned out to be none. */
  begin(asked: TracedRequest): ExchangeSpan
}

/** What a span begins with. */
export interface TracedRequest {
  /** '' where no head could be read. */
  readonly method: string
  /** As received; may hold secrets. */
  readonly target: string
  readonly host: string
  readonly version: '1.0' | '1.1'
  readonly scheme: 'http' | 'https'
  /** Of the peer; '' where the transport has none. */
  readonly clientAddress: string
  /** Milliseconds since 1970 at the first octet of the request. */
  readonly startedAt: number
  /** The trace that the client says this is part of; null: none. */
  readonly received: TraceContext | null
}

/** The span of one exchange. */
export interface ExchangeSpan {
  /** The trace context that goes upstream in the place of the received one, as lines (`traceLines`); '': what was received goes on. */
  readonly lines: string
  /** Once. */
  end(record: ExchangeRecord): void
}
