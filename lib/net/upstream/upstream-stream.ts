import type { CloseReason } from '../../policy/close-reason.js'
import type { ConnectionOptions } from '../../policy/connection-options.js'
import type { OutboundRequest } from '../../policy/rewrite-request.js'
import type { ResponseHead } from '../../wire/response-head.js'
import type { Deadline } from '../deadline-wheel.js'
import type { LeaseReader } from '../socket/read-lease.js'
import type { Transport } from '../socket/transport.js'
import type { Logins } from './logins.js'
import type { UpstreamExchange } from './upstream-connection.js'

/** The connection of a stream, for those who tell of it. It outlives the stream. */
export interface UpstreamPeer {
  /** `u7` */
  readonly id: string
  /** The address that answered, '' until then. */
  readonly address: string
  readonly pool: { readonly origin: { readonly key: string } }
}

/**
 * One request to an upstream and its response, whatever version of HTTP carries them: the stream frames the content, and judges whether
 * its connection can carry another exchange.
 */
export interface UpstreamStream {
  readonly peer: UpstreamPeer
  /** How many requests its connection has carried, this one included. */
  readonly nth: number
  /** Its connection has served others before: so it can be stale. */
  readonly reused: boolean
  /** When the bytes that are being read came. One look at the clock for each read. */
  readonly readAt: number
  /** What the upstream is given time for. */
  readonly deadline: Deadline

  // The request ------------------------------------------------------------------------------------------------------

  /** Sends the head. @returns its connection closes after this exchange, and the upstream was told so */
  send(outbound: OutboundRequest, method: string, exchange: UpstreamExchange, now: number): boolean
  content(bytes: Buffer, from: number, to: number, stable: boolean): void
  /** Content that was kept, latin1; '' for none. */
  keptContent(text: string): void
  /** The content is whole. @param trailers their lines, '' for none */
  end(trailers: string): void
  /** What was written has not all been taken. */
  readonly pressured: boolean
  /** It takes what was written, if slowly: some of it since this was asked last. */
  tookSome(): boolean
  /** Who holds what is written until it has been taken. */
  readonly taker: LeaseReader
  flush(): void

  // The response -----------------------------------------------------------------------------------------------------

  /** An interim or final head has come: notes what it says of its connection. @param options read from it */
  answered(head: ResponseHead, options: ConnectionOptions): void
  /** The upstream wants connections to be logged in, or its client goes on with that: from now on it is for this client alone. */
  reserveFor(logins: Logins): void
  /** It belongs to one client connection already. */
  readonly isReserved: boolean
  readonly isPaused: boolean
  pause(): void
  resume(): void
  /** These bytes stay as they are until a write of them is over. */
  isStable(bytes: Buffer): boolean
  /** Content goes on to `taker` in large reads, or has come to its end: where it is read to. */
  relaysTo(taker: LeaseReader): void
  restsFor(taker: LeaseReader): void

  // The end ----------------------------------------------------------------------------------------------------------

  /** Nothing of the request has been handed to the kernel. */
  readonly wroteNothing: boolean
  /** Nothing has come since the request was sent. */
  readonly heardNothing: boolean
  /** Content is being read. */
  readonly inContent: boolean
  /** The upstream has ended its side. */
  readonly hasEnded: boolean
  /**
   * The response is whole: the connection goes back to its pool, or ends.
   * @param isSent the whole request was handed over before the response began
   * @param surplus something stands behind the response
   */
  release(isSent: boolean, surplus: boolean): 'keep' | CloseReason
  /** The request or the response is cut off. */
  abort(reason: CloseReason): void
  /** A reused connection ended before a response: its pool learns how long such connections last. @param sentAt when the request was sent */
  lost(sentAt: number, now: number): void
  /** It becomes a tunnel, which ends with `tunnelEnded`. */
  becomeTunnel(): Transport
  tunnelEnded(reason: CloseReason): void
}
