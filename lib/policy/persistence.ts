import type { Lines } from '../wire/lines.js'
import { membersOf } from '../wire/list.js'
import { ID } from '../wire/names.js'
import type { ContentFraming } from '../wire/request-head.js'
import type { CloseReason } from './close-reason.js'
import type { ConnectionOptions } from './connection-options.js'

/** What decides whether a client's connection outlives an exchange. */
export interface ClientSide {
  mode: 'reverse' | 'forward'
  /** A forward proxy may keep an HTTP/1.0 client all the same: an option, to show what happens. */
  forwardHttp10KeepAlive: boolean
  /** The version of the request. */
  minor: 0 | 1
  /** The client's options in this request. */
  close: boolean
  keepAlive: boolean
  /** How the response ends toward the client. */
  framing: ContentFraming
  /** The content of the request was read to its end, or will be. */
  contentRead: boolean
  /** This was a CONNECT, and it was refused. */
  connectRefused: boolean
  /** Requests on this connection, this one included, and how many it may have. */
  requests: number
  requestsMax: number
  draining: boolean
}

/** RFC 9112 9.3, from the last request: 'keep', or why the client's connection ends after this response. */
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

/** What decides whether an upstream's connection goes back to the pool. */
export interface UpstreamSide {
  /** The version of the response. */
  minor: 0 | 1
  /** The upstream's options in this response. */
  close: boolean
  keepAlive: boolean
  /** How the response ended. */
  framing: ContentFraming
  /** The framing leaves in doubt where the response ends (`ResponseHead.lastOnConnection`). */
  inDoubt: boolean
  /** The request was sent to its end. */
  requestSent: boolean
  /** There are bytes after the response. */
  surplus: boolean
  /** How many more requests the upstream's Keep-Alive admits, -1 for no hint. */
  hintMax: number
}

/**
 * RFC 9112 9.3 and 9.6, from a response that was read to its end: 'keep', or why nothing more is sent on this connection. What it is kept
 * for, `judgePooled` says, and how long the pool's book.
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

/** What its pool decides about a connection that could be kept. */
export interface PooledSide {
  /** It belongs to one client connection (RFC 4559 6). */
  reserved: boolean
  /** The pool drains; it is no server of its group any more. */
  draining: boolean
  retired: boolean
  /** It began with the address of one client (PROXY protocol). */
  described: boolean
}

/** May a connection that could be kept go back to its pool? One that is a client's own has spoken for that client only, and ends with it. */
export function judgePooled({ reserved, draining, retired, described }: PooledSide): 'keep' | CloseReason {
  if (!reserved && draining) return 'draining'
  if (!reserved && described) return 'upstream-proxy-protocol'
  return retired ? 'reconfigured' : 'keep'
}

/**
 * The option that our response carries: `close` whenever we are going to close (RFC 9112 9.6), `keep-alive` where an
 * HTTP/1.0 client has to be told, or where everybody is to be told how long.
 */
export function persistOption(verdict: 'keep' | CloseReason, minor: 0 | 1, announce: 'http10' | 'always') {
  if (verdict !== 'keep') return 'close'
  return minor === 0 || announce === 'always' ? 'keep-alive' : ''
}

/**
 * Our Keep-Alive value: whole seconds, and how many more requests may follow this one (RFC 2068 19.7.1.1). It cannot say
 * "no limit" (0 ms; requests that are negative or infinite): then that member is left out.
 */
export function keepAliveValue(idleMs: number, requestsLeft: number): string {
  const members = idleMs === 0 ? [] : [`timeout=${Math.floor(idleMs / 1000)}`]
  if (requestsLeft >= 0 && requestsLeft !== Number.POSITIVE_INFINITY) members.push(`max=${requestsLeft}`)
  return members.join(', ')
}

/** What an upstream said in Keep-Alive; -1 for what it did not say. */
export interface KeepAliveHint {
  readonly timeoutS: number
  readonly max: number
}

const NO_HINT: KeepAliveHint = { timeoutS: -1, max: -1 }

/** The hint of a response, which counts only together with its option (RFC 9110 7.6.1). */
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
 * Does Proxy-Connection ask to keep the connection? It decides nothing but this, for an HTTP/1.0 client, where an
 * option admits it (RFC 9112 C.2.2); it names no fields.
 */
export function proxyConnectionKeeps(lines: Lines): boolean {
  for (let i = lines.find(ID['proxy-connection']); i >= 0; i = lines.find(ID['proxy-connection'], i)) {
    if (membersOf(lines.value(i)).some(member => member.toLowerCase() === 'keep-alive')) return true
  }
  return false
}
