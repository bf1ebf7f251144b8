import type { CloseReason } from '../../policy/close-reason.js'
import type { ConnectionOptions } from '../../policy/connection-options.js'
import type { OutboundRequest } from '../../policy/rewrite-request.js'
import type { ResponseHead } from '../../wire/response-head.js'
import type { Deadline } from '../deadline-wheel.js'
import type { LeaseReader } from '../socket/read-lease.js'
import type { Transport } from '../socket/transport.js'
import type { Logins } from './logins.js'
import type { UpstreamExchange } from './upstream-connection.js'

/** The connection of a stream, for logs and monitoring. It outlives the stream. */
export interface UpstreamPeer {
  /** `u7` */
  readonly id: string
  /** The address that answered, '' until then. */
  readonly address: string
  readonly pool: { readonly origin: { readonly key: string } }
}

/**
 * One request to an upstream and its response, in whatever version of HTTP: the stream frames the content and decides whether its
 * connection can carry another exchange.
 */
export interface UpstreamStream {
  readonly peer: UpstreamPeer
  /** How many requests its connection has carried, including this one. */
  readonly nth: number
  /** Its connection has carried other requests before, so it may be stale. */
  readonly reused: boolean
  /** When the bytes that are being read arrived. The clock is read once per read. */
  readonly readAt: number
  /** The deadline for what is awaited of the upstream. */
  readonly deadline: Deadline

  // The request ------------------------------------------------------------------------------------------------------

  /** Sends the head. @returns the connection closes after this exchange, and the head says so */
  send(outbound: OutboundRequest, method: string, exchange: UpstreamExchange, now: number): boolean
  content(bytes: Buffer, from: number, to: number, stable: boolean): void
  /** Sends buffered content as latin1; '' for none. */
  keptContent(text: string): void
  /** The content is complete. @param trailers their lines, '' for none */
  end(trailers: string): void
  /** Not all of what was written has been taken. */
  readonly pressured: boolean
  /** The upstream still reads, if slowly: it has taken some of the data since the last call. */
  tookSome(): boolean
  /** The holder of what was written, until it is taken. */
  readonly taker: LeaseReader
  flush(): void

  // The response -----------------------------------------------------------------------------------------------------

  /** An interim or final head has arrived: notes what it says about the connection. @param options read from it */
  answered(head: ResponseHead, options: ConnectionOptions): void
  /** The upstream requires a login of the connection, or the client continues one: reserves the connection for this client. */
  reserveFor(logins: Logins): void
  /** The connection is already reserved for one client connection. */
  readonly isReserved: boolean
  readonly isPaused: boolean
  pause(): void
  resume(): void
  /** These bytes stay unchanged until a write of them is finished. */
  isStable(bytes: Buffer): boolean
  /** Content is now relayed to `taker` in large reads (`relaysTo`), or has ended (`restsFor`): chooses the read buffer. */
  relaysTo(taker: LeaseReader): void
  restsFor(taker: LeaseReader): void

  // The end ----------------------------------------------------------------------------------------------------------

  /** Nothing of the request has been handed to the kernel. */
  readonly wroteNothing: boolean
  /** Nothing has arrived since the request was sent. */
  readonly heardNothing: boolean
  /** Content is being read. */
  readonly inContent: boolean
  /** The upstream has ended its side. */
  readonly hasEnded: boolean
  /**
   * The response is complete: the connection returns to its pool, or ends.
   * @param isSent the whole request was handed over before the response began
   * @param surplus there are bytes after the response
   */
  release(isSent: boolean, surplus: boolean): 'keep' | CloseReason
  /** The request or the response is cut off. */
  abort(reason: CloseReason): void
  /**
   * A reused connection ended before a response: the pool learns how long idle connections live. @param sentAt when the request
   * was sent
   */
  lost(sentAt: number, now: number): void
  /** Becomes a tunnel, which ends with `tunnelEnded`. */
  becomeTunnel(): Transport
  tunnelEnded(reason: CloseReason): void
}
