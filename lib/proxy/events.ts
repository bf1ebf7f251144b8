import type { DeadlineName } from '../link/deadlines.js'
import type { ProxyStatusError, Side, Stage } from '../link/proxy-error.js'
import type { ClientCertificate } from '../policy/client-certificate.js'
import type { CloseReason } from '../policy/close-reason.js'

/** What a proxy tells those who watch it. Listeners must not throw and cannot change anything. */
export interface ProxyEvents {
  exchange: ExchangeRecord
  'client-open': ConnectionRecord
  'client-close': ConnectionRecord
  'upstream-open': ConnectionRecord
  'upstream-close': ConnectionRecord
  warning: Warning
}

export interface Warning {
  /** For programs: `fault`, `listener`, … */
  readonly code: string
  readonly message: string
  /** The error behind it, if any. */
  readonly cause?: unknown
}

/** One connection, at its opening or its end. */
export interface ConnectionRecord {
  /** `c12` toward a client, `u7` toward an upstream. */
  readonly id: string
  readonly side: 'client' | 'upstream'
  /** A client's address and port, or an upstream's origin. */
  readonly peer: string
  /** Requests that it carried so far. */
  readonly requests: number
  readonly ageMs: number
  /** Why it ended. */
  readonly reason?: CloseReason
  readonly detail?: string
}

/** How an exchange ended. */
export type Outcome =
  /** The response was passed on whole. */
  | 'complete'
  /** We answered by ourselves, by rule: an error of the client's, a refusal, TRACE or OPTIONS for us. */
  | 'refused'
  /** No response could be had; the client got a 5xx of ours, or a broken end. */
  | 'failed'
  | 'client-aborted'
  /** The upstream ended in mid-response, and so did ours. */
  | 'upstream-aborted'
  | 'timeout'
  /** CONNECT or an upgrade, ended. */
  | 'tunnel'

/** One exchange, told once, at its end. */
export interface ExchangeRecord {
  readonly id: string
  /** Milliseconds since 1970 at the first octet of the request. */
  readonly startedAt: number
  readonly mode: 'reverse' | 'forward'
  readonly method: string
  /** As received. */
  readonly target: string
  readonly host: string
  /** What the client spoke. */
  readonly version: '1.0' | '1.1'
  /** The final status that was sent, 0 for none. */
  readonly status: number
  /** `nth`: how many requests the connection had carried by then, this one included. */
  readonly client: { readonly id: string; readonly nth: number; readonly address: string }
  readonly upstream?: { readonly id: string; readonly nth: number; readonly origin: string; readonly address: string }
  /** Octets of heads as received, and of content without its framing. In a tunnel: octets relayed. */
  readonly bytes: {
    readonly requestHead: number
    readonly requestContent: number
    readonly responseHead: number
    readonly responseContent: number
  }
  /** Milliseconds: to the end of the head, waiting for a connection, from the request's sending to the first octet of the response (-1: none), and in all. */
  readonly ms: { readonly head: number; readonly wait: number; readonly firstByte: number; readonly total: number }
  readonly retries: number
  readonly outcome: Outcome
  readonly error?: {
    readonly type: ProxyStatusError
    readonly message: string
    readonly stage: Stage
    readonly side: Side
    readonly deadline?: DeadlineName
  }
  /** Who ended it. */
  readonly endedBy: 'client' | 'upstream' | 'proxy'
  /** What became of the two connections: two verdicts, independent of each other. */
  readonly clientVerdict: 'keep' | CloseReason
  readonly upstreamVerdict?: 'keep' | CloseReason
  /** End-to-end fields that were removed because Connection named them. */
  readonly nominated?: number
  /** A protocol that the client offered to upgrade to and that was not passed on. */
  readonly refusedUpgrade?: string
  /** The value of X-Request-Id that was sent on. */
  readonly requestId?: string
  /** Of the route that was taken. */
  readonly route?: string
  /** Where the client came in over TLS. */
  readonly scheme?: 'https'
  /** Where the client showed a certificate, which is good. */
  readonly clientCertificate?: ClientCertificate
  /** With the option `recordFields`: as received, '' for none. */
  readonly referer?: string
  readonly userAgent?: string
  /** Who asked, where that was asked. */
  readonly user?: string
  /** Faults of the response that were repaired on its way (bare LF, obs-fold, space before a colon, …). */
  readonly repairs?: number
}

/** A look at both pools. Every number is counted anyway; asking costs only the asking. */
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
    /** Idle ones that are for one client connection each, which has logged in on it (NTLM, Negotiate). */
    readonly reserved: number
    readonly dialing: number
    readonly waiting: number
    readonly dialed: number
    readonly reused: number
    readonly closes: Partial<Record<CloseReason, number>>
    readonly origins: readonly OriginStats[]
  }
  /** Names that are turned into addresses when a connection is made (those of groups are watched instead). */
  readonly lookups: {
    readonly pending: number
    readonly asked: number
    /** By the limit that was reached. */
    readonly refused: Readonly<Record<'lookupsMax' | 'lookupsPerAddressMax', number>>
  }
  readonly exchanges: {
    readonly active: number
    readonly total: number
    readonly retries: number
    /** By `Proxy-Status` error type. */
    readonly failures: Partial<Record<ProxyStatusError, number>>
    /** Those that a deadline ended, by its name. */
    readonly deadlines: Partial<Record<DeadlineName, number>>
  }
}

export interface OriginStats {
  readonly origin: string
  readonly open: number
  readonly idle: number
  readonly busy: number
  readonly reserved: number
  readonly dialing: number
  readonly waiting: number
  /** The idle limit that the upstream's FINs have taught, in ms. */
  readonly learnedIdleMs?: number
}
