import type { AboutClient } from '../../policy/about-client.js'
import type { CloseReason } from '../../policy/close-reason.js'
import type { ConnectionOptions } from '../../policy/connection-options.js'
import type { ResponseContext } from '../../policy/rewrite-response.js'
import type { ProxiedEnds } from '../../wire/proxy-protocol.js'
import type { ContentFraming, RequestHead } from '../../wire/request-head.js'
import type { Deadline } from '../deadline-wheel.js'
import type { LeaseReader } from '../socket/read-lease.js'
import type { Transport } from '../socket/transport.js'
import type { Logins } from '../upstream/logins.js'
import type { ClientTls } from './secure-accept.js'

/** The other end of a client's connection, for as long as it lasts: one for all the streams that it carries. */
export interface ClientPeer {
  /** `c12` */
  readonly id: string
  /** Of the client, or of the one whom a PROXY protocol preface names. '' and 0: through a unix socket. */
  readonly address: string
  readonly port: number
  readonly scheme: 'http' | 'https'
  /** Null: in the clear. */
  readonly tls: ClientTls | null
  /** May say who its own client is. */
  readonly trusted: boolean
  /** What limits for each address count it by; '': nothing. */
  readonly site: string
  /** Requests so far, the current one included. */
  readonly requests: number
  /** The last credentials for the proxy itself that were right here; ''. */
  vouched: string
  /** What upstreams were told of it last. */
  about: AboutClient | null
  /** The upstream connections that it has logged in on; null: none. */
  logins: Logins | null
  /** Both ends, for a PROXY protocol preface toward an upstream. */
  ends(): ProxiedEnds
}

/** What of the settings decides about the hop to the client. */
export interface ClientHop {
  readonly mode: 'reverse' | 'forward'
  /** A forward proxy keeps an HTTP/1.0 client that asks for it. */
  readonly keepsHttp10: boolean
  /** Keep-Alive is told to everybody, not to HTTP/1.0 alone. */
  readonly keepAliveAlways: boolean
  readonly limits: { readonly clientRequestsMax: number }
  readonly deadlines: { readonly clientIdleMs: number; readonly clientIdleHttp10Ms: number }
}

/**
 * One request of a client and the answer to it, whatever version of HTTP carries them. Heads are text (latin1, as HTTP/1.1 writes them);
 * how content is framed, which interim responses there are, and whether the connection persists is the stream's.
 */
export interface ClientStream {
  readonly peer: ClientPeer
  /** When the bytes that are being read came. One look at the clock for each read. */
  readonly readAt: number
  /** What the client is given time for. */
  readonly deadline: Deadline

  // The request ------------------------------------------------------------------------------------------------------

  /** As a log writes it: `1.1`. */
  readonly version: '1.0' | '1.1'
  /** The head of the request is whole: it counts as one. */
  understood(): void
  /** What its head says of the connection. @param options read from it */
  asked(head: RequestHead, options: ConnectionOptions, hop: ClientHop): void
  /** The client has ended its side: nothing follows what has been read. */
  readonly hasEnded: boolean
  /** Its connection is gone. */
  readonly isGone: boolean
  readonly isPaused: boolean
  /** Reads no more content until `resume`. */
  pause(): void
  resume(): void
  /** These bytes stay as they are until a write of them is over. */
  isStable(bytes: Buffer): boolean
  /** Content goes on to `taker` in large reads, or has come to its end: where it is read to. */
  relaysTo(taker: LeaseReader): void
  restsFor(taker: LeaseReader): void

  // The answer -------------------------------------------------------------------------------------------------------

  /** How content reaches the client. */
  readonly framing: ContentFraming
  /** Whether its connection is kept after this exchange, or why not. */
  verdict: 'keep' | CloseReason
  /** Decides both, from the framing in which content comes. @param isContentRead the request's was, or will be */
  judge(framing: ContentFraming, isContentRead: boolean, hop: ClientHop): void
  /** What the head of a response says of this hop: `framing` for its content, which is 'none' for interim ones. */
  describe(context: HopContext, framing: ContentFraming, hop: ClientHop): void
  /** Its version has interim responses. */
  readonly takesInterim: boolean
  /** An interim head, or all of an answer of our own. */
  write(text: string): void
  /** The final head: from here on `takeBack` takes back. */
  head(text: string): void
  /** @param text the same bytes, where text was made of them; '' */
  content(bytes: Buffer, from: number, to: number, stable: boolean, text: string): void
  /** Trailers can be sent. */
  readonly takesTrailers: boolean
  /** The content is whole. @param trailers their lines, '' for none */
  end(trailers: string): void
  /** Takes back the final head and what follows it. False: some of it has been handed on; then nothing is. */
  takeBack(): boolean
  /** What was written has not all been taken. */
  readonly pressured: boolean
  /** Who holds what is written until it has been taken. */
  readonly taker: LeaseReader
  flush(): void

  // The end ----------------------------------------------------------------------------------------------------------

  /** The exchange is over, by this stream's verdict. */
  finish(now: number): void
  /**
   * Ends it at once. What was sent of a response is never to be taken for the whole of it, so where only the end would say so the
   * connection is reset, as with `reset`.
   */
  abort(reason: CloseReason, reset: boolean, detail?: string): void
  /** It becomes a tunnel, which ends with `tunnelEnded`. @param isWebSocket `farewell` can tell it to end */
  becomeTunnel(farewell: ((reason: CloseReason) => boolean) | null): TunnelStart
  tunnelEnded(reason: CloseReason): void
}

/** The part of a response's context that a hop fills in. */
export type HopContext = Pick<ResponseContext, 'clientMinor' | 'framing' | 'persist' | 'keepAlive'>

/** What a tunnel begins with. */
export interface TunnelStart {
  readonly transport: Transport
  /** What was read behind the request; null: nothing. */
  readonly held: Buffer | null
}
