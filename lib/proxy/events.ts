import type { DeadlineName } from '../link/deadlines.js'
import type { ProxyStatusError, Side, Stage } from '../link/proxy-error.js'
import type { ClientCertificate } from '../policy/client-certificate.js'
import type { CloseReason } from '../policy/close-reason.js'

/** The events of a proxy. Listeners must not throw, and cannot change anything. */
export interface ProxyEvents {
  /** An exchange has ended. */
  exchange: ExchangeRecord
  'client-open': ConnectionRecord
  'client-close': ConnectionRecord
  'upstream-open': ConnectionRecord
  'upstream-close': ConnectionRecord
  /** Something needs attention, but does not stop the proxy. */
  warning: Warning
}

/** A condition that an operator should know of. */
export interface Warning {
  /** For programs: `fault`, `member`, … */
  readonly code: string
  /** For people. */
  readonly message: string
  /** The error that caused it, if any. */
  readonly cause?: unknown
}

/** One connection, at its opening or its end. */
export interface ConnectionRecord {
  /** `c12` for a connection from a client, `u7` for one to an upstream. */
  readonly id: string
  readonly side: 'client' | 'upstream'
  /** The client's address and port, or the upstream's origin. */
  readonly peer: string
  /** Requests carried so far. */
  readonly requests: number
  readonly ageMs: number
  /** Why the connection ended. */
  readonly reason?: CloseReason
  /** More about the reason, for people. */
  readonly detail?: string
}

/** How an exchange ended. */
export type Outcome =
  /** The whole response was forwarded. */
  | 'complete'
  /** hopwise answered itself, by rule: a client error, a refusal, or a TRACE or OPTIONS for this proxy. */
  | 'refused'
  /** No response could be obtained; the client got a 5xx from hopwise, or its connection was broken off. */
  | 'failed'
  /** The client went away before the response was complete. */
  | 'client-aborted'
  /** The upstream broke off in the middle of the response, so the client's response was broken off too. */
  | 'upstream-aborted'
  /** A deadline ended the exchange. */
  | 'timeout'
  /** A CONNECT or an upgrade became a tunnel, which has ended. */
  | 'tunnel'

/** One request and its response. Emitted once, when the exchange has ended. */
export interface ExchangeRecord {
  readonly id: string
  /** When the first byte of the request arrived, in milliseconds since 1970. */
  readonly startedAt: number
  readonly mode: 'reverse' | 'forward'
  readonly method: string
  /** The request-target as received. */
  readonly target: string
  readonly host: string
  /** The HTTP version of the client. */
  readonly version: '1.0' | '1.1'
  /** The final status sent to the client; 0: none. */
  readonly status: number
  /** `nth`: the number of requests on that connection so far, including this one. */
  readonly client: { readonly id: string; readonly nth: number; readonly address: string }
  readonly upstream?: { readonly id: string; readonly nth: number; readonly origin: string; readonly address: string }
  /** Sizes of heads as received, and of content without its framing. For a tunnel, content is the bytes relayed. */
  readonly bytes: {
    readonly requestHead: number
    readonly requestContent: number
    readonly responseHead: number
    readonly responseContent: number
  }
  /**
   * Milliseconds: until the end of the request head, waiting for an upstream connection, from sending the request to the first
   * byte of the response (-1: none), and in total.
   */
  readonly ms: { readonly head: number; readonly wait: number; readonly firstByte: number; readonly total: number }
  /** How often the request was given to another connection or server. */
  readonly retries: number
  readonly outcome: Outcome
  readonly error?: {
    readonly type: ProxyStatusError
    readonly message: string
    readonly stage: Stage
    readonly side: Side
    readonly deadline?: DeadlineName
  }
  /** The side that ended the exchange. */
  readonly endedBy: 'client' | 'upstream' | 'proxy'
  /** Whether each connection was kept, or why it was closed: two independent verdicts. */
  readonly clientVerdict: 'keep' | CloseReason
  readonly upstreamVerdict?: 'keep' | CloseReason
  /** The number of end-to-end fields that were removed because Connection named them. */
  readonly nominated?: number
  /** A protocol that the client offered to upgrade to, and that was not forwarded. */
  readonly refusedUpgrade?: string
  /** The value of X-Request-Id that was sent upstream. */
  readonly requestId?: string
  /** The name of the route. */
  readonly route?: string
  /** Present if the client connected with TLS. */
  readonly scheme?: 'https'
  /** Present if the client showed a valid certificate. */
  readonly clientCertificate?: ClientCertificate
  /** With the option `recordFields`: the fields as received, '' for none. */
  readonly referer?: string
  readonly userAgent?: string
  /** The user of a proxy that requires authentication. */
  readonly user?: string
  /** The number of faults in the response that were repaired (bare LF, obs-fold, space before a colon, …). */
  readonly repairs?: number
}

/** A snapshot of both pools and of the exchanges. The numbers are counted anyway, so only the call itself costs anything. */
export interface ProxyStats {
  readonly client: {
    readonly open: number
    readonly idle: number
    readonly active: number
    readonly accepted: number
    readonly refused: number
    readonly requests: number
    readonly closes: Partial<Record<CloseReason, number>>
  }
  readonly upstream: {
    readonly open: number
    readonly idle: number
    readonly busy: number
    /** Idle connections that are reserved for one client connection each, which has authenticated them (NTLM, Negotiate). */
    readonly reserved: number
    readonly dialing: number
    readonly waiting: number
    readonly dialed: number
    readonly reused: number
    readonly closes: Partial<Record<CloseReason, number>>
    readonly origins: readonly OriginStats[]
  }
  /** Lookups of names for new connections (the names of groups are resolved in the background instead). */
  readonly lookups: {
    readonly pending: number
    readonly asked: number
    /** Lookups refused, by the limit that was reached. */
    readonly refused: Readonly<Record<'lookupsMax' | 'lookupsPerAddressMax', number>>
  }
  readonly exchanges: {
    readonly active: number
    readonly total: number
    readonly retries: number
    /** Failed exchanges, by `Proxy-Status` error type. */
    readonly failures: Partial<Record<ProxyStatusError, number>>
    /** Exchanges ended by a deadline, by its name. */
    readonly deadlines: Partial<Record<DeadlineName, number>>
  }
}

/** The connections to one origin. */
export interface OriginStats {
  readonly origin: string
  readonly open: number
  readonly idle: number
  readonly busy: number
  readonly reserved: number
  readonly dialing: number
  readonly waiting: number
  /** The upstream's idle limit in milliseconds, as learned from when it closed idle connections. */
  readonly learnedIdleMs?: number
}
