import type { CloseReason } from '../../policy/close-reason.js'
import type { ConnectionOptions } from '../../policy/connection-options.js'
import type { AboutClient } from '../../policy/request-context.js'
import type { ResponseContext } from '../../policy/rewrite-response.js'
import type { ProxiedEnds } from '../../wire/proxy-protocol.js'
import type { ContentFraming, RequestHead } from '../../wire/request-head.js'
import type { Deadline } from '../deadline-wheel.js'
import type { LeaseReader } from '../socket/read-lease.js'
import type { Transport } from '../socket/transport.js'
import type { Logins } from '../upstream/logins.js'
import type { ClientTls } from './secure-accept.js'

/** The peer of a client connection, for the lifetime of the connection: one for all streams that it carries. */
export interface ClientPeer {
  /** `c12` */
  readonly id: string
  /** The client's address: that of the peer, or the one in a PROXY protocol header. '' and 0: through a unix socket. */
  readonly address: string
  readonly port: number
  readonly scheme: 'http' | 'https'
  /** Null: no TLS. */
  readonly tls: ClientTls | null
  /** A trusted peer: it may name its own client. */
  readonly trusted: boolean
  /** The key that per-address limits count by; '': not counted. */
  readonly site: string
  /** Requests so far, including the current one. */
  readonly requests: number
  /** The last valid proxy credentials on this connection; '' if none. */
  vouched: string
  /** What upstreams were last told about it. */
  about: AboutClient | null
  /** The upstream connections on which it has logged in; null: none. */
  logins: Logins | null
  /** Both ends, for the PROXY protocol header to an upstream. */
  ends(): ProxiedEnds
}

/** The settings that govern the hop to the client. */
export interface ClientHop {
  readonly mode: 'reverse' | 'forward'
  /** A forward proxy keeps the connection of an HTTP/1.0 client that asks for it. */
  readonly keepsHttp10: boolean
  /** Keep-Alive is sent to all clients, not only to HTTP/1.0 clients. */
  readonly keepAliveAlways: boolean
  readonly limits: { readonly clientRequestsMax: number }
  readonly deadlines: { readonly clientIdleMs: number; readonly clientIdleHttp10Ms: number }
}

/**
 * One request of a client and its response, in whatever version of HTTP. Heads are text (latin1, as HTTP/1.1 writes them); the
 * stream decides how content is framed, which interim responses exist, and whether the connection persists.
 */
export interface ClientStream {
  readonly peer: ClientPeer
  /** When the bytes that are being read arrived. The clock is read once per read. */
  readonly readAt: number
  /** The deadline for what is awaited of the client. */
  readonly deadline: Deadline

  // The request ------------------------------------------------------------------------------------------------------

  /** As logged: `1.1`. */
  readonly version: '1.0' | '1.1'
  /** The request head is complete: the request is counted. */
  understood(): void
  /** Notes what the head says about the connection. @param options read from it */
  asked(head: RequestHead, options: ConnectionOptions, hop: ClientHop): void
  /** The client has ended its side: nothing follows what was read. */
  readonly hasEnded: boolean
  /** The connection is closed. */
  readonly isGone: boolean
  readonly isPaused: boolean
  /** Pauses reading content until `resume`. */
  pause(): void
  resume(): void
  /** These bytes stay unchanged until a write of them is finished. */
  isStable(bytes: Buffer): boolean
  /** Content is now relayed to `taker` in large reads (`relaysTo`), or has ended (`restsFor`): chooses the read buffer. */
  relaysTo(taker: LeaseReader): void
  restsFor(taker: LeaseReader): void

  // The response -----------------------------------------------------------------------------------------------------

  /** How content is framed to the client. */
  readonly framing: ContentFraming
  /** Whether the connection is kept after this exchange, or why not. */
  verdict: 'keep' | CloseReason
  /** Decides both, from the framing of the incoming content. @param isContentRead the request's content was or will be read */
  judge(framing: ContentFraming, isContentRead: boolean, hop: ClientHop): void
  /** Fills in what a response head says about this hop; `framing` of its content is 'none' for interim responses. */
  describe(context: HopContext, framing: ContentFraming, hop: ClientHop): void
  /** The client's HTTP version has interim responses. */
  readonly takesInterim: boolean
  /** Writes an interim head, or a complete response of our own. */
  write(text: string): void
  /** Writes the final head: `takeBack` takes back everything from here on. */
  head(text: string): void
  /** @param text the same bytes as text, if there is one; otherwise '' */
  content(bytes: Buffer, from: number, to: number, stable: boolean, text: string): void
  /** Trailers can be sent. */
  readonly takesTrailers: boolean
  /** The content is complete. @param trailers their lines, '' for none */
  end(trailers: string): void
  /** Takes back the final head and what follows it. False: part of it was already sent; then nothing is taken back. */
  takeBack(): boolean
  /** Not all of what was written has been taken. */
  readonly pressured: boolean
  /** The holder of what was written, until it is taken. */
  readonly taker: LeaseReader
  flush(): void

  // The end ----------------------------------------------------------------------------------------------------------

  /** The exchange is over: keeps or closes the connection by this stream's verdict. */
  finish(now: number): void
  /**
   * Ends the exchange at once. A partial response must never be taken for a complete one: so where the end of the connection
   * would mark the end of the message, the connection is reset, as with `reset`.
   */
  abort(reason: CloseReason, reset: boolean, detail?: string): void
  /** Becomes a tunnel, which ends with `tunnelEnded`. @param farewell asks the tunnel to end; null: it cannot be asked */
  becomeTunnel(farewell: ((reason: CloseReason) => boolean) | null): TunnelStart
  tunnelEnded(reason: CloseReason): void
}

/** The part of a response's context that the hop fills in. */
export type HopContext = Pick<ResponseContext, 'clientMinor' | 'framing' | 'persist' | 'keepAlive'>

/** The initial state of a tunnel. */
export interface TunnelStart {
  readonly transport: Transport
  /** Bytes that were read after the request; null: none. */
  readonly held: Buffer | null
}
