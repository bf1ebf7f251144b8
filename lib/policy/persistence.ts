import type { Lines } from '../wire/lines.js'
import { membersOf } from '../wire/list.js'
import { ID } from '../wire/names.js'
import type { ContentFraming } from '../wire/request-head.js'
import type { CloseReason } from './close-reason.js'
import type { ConnectionOptions } from './connection-options.js'

/** What determines whether a client connection persists after an exchange. */
export interface ClientSide {
  mode: 'reverse' | 'forward'
  /** A forward proxy keeps the connection of an HTTP/1.0 client, too: a setting, to show what happens. */
  forwardHttp10KeepAlive: boolean
  /** The minor version of the request. */
  minor: 0 | 1
  /** The connection options of this request. */
  close: boolean
  keepAlive: boolean
  /** The framing of the response toward the client. */
  framing: ContentFraming
  /** The content of the request was read to its end, or will be. */
  contentRead: boolean
  /** The request was a CONNECT that was refused. */
  connectRefused: boolean
  /** The number of requests on this connection, including this one, and its limit. */
  requests: number
  requestsMax: number
  draining: boolean
}

/** RFC 9112 9.3, decided for the latest request: 'keep', or why the client connection ends after this response. */
export function judgeClient(side: ClientSide): 'keep' | CloseReason {
  if (side.close) return 'client-close'
  if (side.connectRefused) return 'refused'
  if (side.minor === 0) {
    const admitted = side.mode === 'reverse' || side.forwardHttp10KeepAlive
    if (!side.keepAlive || !admitted) return 'client-http10'
    if (side.framing === 'chunked') return 'response-close-delimited' // an HTTP/1.0 client cannot read chunks
  }
  if (side.framing === 'close') return 'response-close-delimited'
  if (!side.contentRead) return 'content-unread'
  if (side.requests >= side.requestsMax) return 'client-requests-max'
  return side.draining ? 'draining' : 'keep'
}

/** What determines whether an upstream connection returns to the pool. */
export interface UpstreamSide {
  /** The minor version of the response. */
  minor: 0 | 1
  /** The connection options of this response. */
  close: boolean
  keepAlive: boolean
  /** The framing of the response. */
  framing: ContentFraming
  /** The framing makes the end of the response ambiguous (`ResponseHead.lastOnConnection`). */
  inDoubt: boolean
  /** The request was sent completely. */
  requestSent: boolean
  /** Bytes were received after the response. */
  surplus: boolean
  /** How many more requests the Keep-Alive of the upstream allows, -1 for no hint. */
  hintMax: number
}

/**
 * RFC 9112 9.3 and 9.6, decided for a response that was read completely: 'keep', or why nothing more is sent on this connection.
 * How it may be reused is decided by `judgePooled`, and for how long by the book of the pool.
 */
export function judgeUpstream(side: UpstreamSide): 'keep' | CloseReason {
  if (!side.requestSent) return 'early-response'
  if (side.framing === 'close') return 'response-close-delimited'
  if (side.inDoubt) return 'upstream-protocol-error'
  if (side.surplus) return 'upstream-unsolicited'
  if (side.close) return 'upstream-close'
  if (side.minor === 0 && !side.keepAlive) return 'upstream-http10'
  return side.hintMax === 0 ? 'upstream-hint' : 'keep'
}

/** What the pool knows about a connection that could be kept. */
export interface PooledSide {
  /** It belongs to one client connection (RFC 4559 6). */
  reserved: boolean
  /** `draining`: the pool drains. `retired`: the server is no longer part of its group. */
  draining: boolean
  retired: boolean
  /** It began with the address of one client (PROXY protocol). */
  described: boolean
}

/**
 * Whether a connection that could be kept returns to its pool: 'keep', or why it is closed. A connection that is reserved for one
 * client was used for that client only, and ends with it.
 */
export function judgePooled({ reserved, draining, retired, described }: PooledSide): 'keep' | CloseReason {
  if (!reserved && draining) return 'draining'
  if (!reserved && described) return 'upstream-proxy-protocol'
  return retired ? 'reconfigured' : 'keep'
}

/**
 * The connection option of our response: `close` whenever this proxy is going to close (RFC 9112 9.6), `keep-alive` if an
 * HTTP/1.0 client needs it, or if every client is told for how long.
 */
export function persistOption(verdict: 'keep' | CloseReason, minor: 0 | 1, announce: 'http10' | 'always') {
  if (verdict !== 'keep') return 'close'
  return minor === 0 || announce === 'always' ? 'keep-alive' : ''
}

/**
 * Our Keep-Alive value: whole seconds, and how many more requests may follow this one (RFC 2068 19.7.1.1). It cannot express "no
 * limit" (0 ms; a negative or infinite number of requests): that member is then omitted.
 */
export function keepAliveValue(idleMs: number, requestsLeft: number): string {
  const members = idleMs === 0 ? [] : [`timeout=${Math.floor(idleMs / 1000)}`]
  if (requestsLeft >= 0 && requestsLeft !== Number.POSITIVE_INFINITY) members.push(`max=${requestsLeft}`)
  return members.join(', ')
}

/** The parameters of a Keep-Alive from an upstream; -1 for those it did not send. */
export interface KeepAliveHint {
  readonly timeoutS: number
  readonly max: number
}

const NO_HINT: KeepAliveHint = { timeoutS: -1, max: -1 }

/** The hint of a response, which counts only together with the option keep-alive (RFC 9110 7.6.1). */
export function keepAliveHint(lines: Lines, options: ConnectionOptions): KeepAliveHint {
  const first = options.keepAlive ? lines.find(ID['keep-alive']) : -1
  if (first < 0) return NO_HINT
  const hint = { timeoutS: -1, max: -1 }
  for (let i = first; i >= 0; i = lines.find(ID['keep-alive'], i)) {
    for (const member of membersOf(lines.value(i))) {
      const [, name, digits] = /^(timeout|max)[ \t]*=[ \t]*"?([0-9]{1,9})"?$/i.exec(member) ?? []
      if (name === undefined) continue
      hint[name.toLowerCase() === 'max' ? 'max' : 'timeoutS'] = Number(digits)
    }
  }
  return hint
}

/**
 * Whether Proxy-Connection asks to keep the connection. It has no other effect, only for an HTTP/1.0 client, and only if a
 * setting allows it (RFC 9112 C.2.2); it names no fields.
 */
export function proxyConnectionKeeps(lines: Lines): boolean {
  for (let i = lines.find(ID['proxy-connection']); i >= 0; i = lines.find(ID['proxy-connection'], i)) {
    if (membersOf(lines.value(i)).some(member => member.toLowerCase() === 'keep-alive')) return true
  }
  return false
}
