import type { CloseReason } from '../../policy/close-reason.js'
import type { ConnectionOptions } from '../../policy/connection-options.js'
import { judgeUpstream, keepAliveHint, type UpstreamSide } from '../../policy/persistence.js'
import type { OutboundRequest } from '../../policy/rewrite-request.js'
import type { ContentFraming } from '../../wire/request-head.js'
import type { ResponseHead } from '../../wire/response-head.js'
import { CHUNK_END, chunkHeader, LAST_CHUNK, lastChunk } from '../../wire/writer.js'
import type { Deadline } from '../deadline-wheel.js'
import type { LeaseReader } from '../socket/read-lease.js'
import type { Transport } from '../socket/transport.js'
import type { Logins } from './logins.js'
import type { UpstreamConnection, UpstreamExchange } from './upstream-connection.js'
import type { UpstreamStream } from './upstream-stream.js'

/** Filled in and judged within one call, so one object serves all. */
const side: UpstreamSide = {
  minor: 1,
  close: false,
  keepAlive: false,
  framing: 'none',
  inDoubt: false,
  requestSent: true,
  surplus: false,
  hintMax: -1,
}

/**
 * HTTP/1: a connection carries one exchange at a time, so it has one stream, which serves one request after the other. Applies
 * the chunked coding and keeps what the upstream says about its connection (RFC 9112 7, 9.3).
 */
export class Http1UpstreamStream implements UpstreamStream {
  private chunked = false
  /** Bytes that the transport had written and read before this request. */
  private bytesOutBefore = 0
  private bytesInBefore = 0
  // What the response says about the connection.
  private minor: 0 | 1 = 1
  private closes = false
  private keeps = false
  private framing: ContentFraming = 'none'
  /** The framing (of an interim response, too) leaves it uncertain what follows on the connection. */
  private inDoubt = false
  /** How many more requests its Keep-Alive permits; -1: no hint. */
  private hintMax = -1

  constructor(readonly peer: UpstreamConnection) {}

  get nth(): number {
    return this.peer.entry.served
  }

  get reused(): boolean {
    return this.peer.reused
  }

  get readAt(): number {
    return this.peer.readAt
  }

  get deadline(): Deadline {
    return this.peer.deadline
  }

  // The request ------------------------------------------------------------------------------------------------------

  send(outbound: OutboundRequest, method: string, exchange: UpstreamExchange, now: number): boolean {
    const { peer } = this
    const { transport } = peer
    this.chunked = outbound.framing === 'chunked'
    this.bytesOutBefore = transport.bytesOut
    this.bytesInBefore = transport.bytesIn
    this.inDoubt = false
    this.hintMax = -1
    peer.begin(exchange, method)
    const closes = peer.pool.isLast(peer, now)
    transport.write(outbound.text(closes))
    return closes
  }

  content(bytes: Buffer, from: number, to: number, stable: boolean): void {
    const { transport } = this.peer
    if (!this.chunked) {
      transport.writeContent(bytes, from, to, stable)
      return
    }
    transport.write(chunkHeader(to - from))
    transport.writeContent(bytes, from, to, stable)
    transport.write(CHUNK_END)
  }

  keptContent(text: string): void {
    if (text !== '') this.peer.transport.write(this.chunked ? chunkHeader(text.length) + text + CHUNK_END : text)
  }

  end(trailers: string): void {
    if (this.chunked) this.peer.transport.write(trailers === '' ? LAST_CHUNK : lastChunk(trailers))
  }

  get pressured(): boolean {
    return this.peer.transport.pressured
  }

  tookSome(): boolean {
    return this.peer.transport.tookSome()
  }

  get taker(): LeaseReader {
    return this.peer.transport
  }

  flush(): void {
    this.peer.transport.flush()
  }

  // The response -----------------------------------------------------------------------------------------------------

  answered(head: ResponseHead, options: ConnectionOptions): void {
    const { peer } = this
    const { pool } = peer
    if (head.minor === 0 || pool.version.says !== '1.1') pool.version.heard(head.minor, head.status, peer.readAt)
    this.inDoubt ||= head.lastOnConnection
    if (head.status < 200) return
    this.minor = head.minor
    this.closes = options.close
    this.keeps = options.keepAlive
    this.framing = head.framing
    if (!options.keepAlive) return
    const hint = keepAliveHint(head.lines, options)
    this.hintMax = hint.max
    pool.book.hint(peer, hint.timeoutS, hint.max)
  }

  reserveFor(logins: Logins): void {
    logins.reserve(this.peer)
  }

  get isReserved(): boolean {
    return this.peer.logins !== null
  }

  get isPaused(): boolean {
    return this.peer.transport.isPaused
  }

  pause(): void {
    this.peer.transport.pause()
  }

  resume(): void {
    this.peer.transport.resume()
  }

  isStable(bytes: Buffer): boolean {
    return this.peer.transport.isStable(bytes)
  }

  relaysTo(taker: LeaseReader): void {
    this.peer.transport.lease.suit(taker)
  }

  restsFor(taker: LeaseReader): void {
    this.peer.transport.lease.rest(taker)
  }

  // The end ----------------------------------------------------------------------------------------------------------

  get wroteNothing(): boolean {
    return this.peer.transport.bytesOut === this.bytesOutBefore
  }

  get heardNothing(): boolean {
    return this.peer.transport.bytesIn === this.bytesInBefore
  }

  get inContent(): boolean {
    return this.peer.reader.inContent
  }

  get hasEnded(): boolean {
    return this.peer.transport.finSeen
  }

  release(isSent: boolean, surplus: boolean): 'keep' | CloseReason {
    const { peer } = this
    // If the release is deferred (over TLS always), it checks then whether the request has been sent.
    const { pressured, cannotSend, filled, finSeen } = peer.transport
    side.minor = this.minor
    side.close = this.closes
    side.keepAlive = this.keeps
    side.framing = this.framing
    side.inDoubt = this.inDoubt
    side.hintMax = this.hintMax
    side.requestSent = isSent && !cannotSend && (!pressured || filled)
    side.surplus = surplus || finSeen
    const verdict = judgeUpstream(side)
    peer.pool.release(peer, verdict, peer.readAt)
    return verdict
  }

  abort(reason: CloseReason): void {
    this.peer.end(reason)
  }

  lost(sentAt: number, now: number): void {
    this.peer.pool.book.lost(this.peer, sentAt, now)
  }

  becomeTunnel(): Transport {
    this.peer.detach()
    return this.peer.transport
  }

  tunnelEnded(reason: CloseReason): void {
    this.peer.ended(reason)
  }
}
