import type { CloseReason } from '../../policy/close-reason.js'
import type { ConnectionOptions } from '../../policy/connection-options.js'
import {
  type ClientSide,
  judgeClient,
  keepAliveValue,
  persistOption,
  proxyConnectionKeeps,
} from '../../policy/persistence.js'
import type { ContentFraming, RequestHead } from '../../wire/request-head.js'
import { CHUNK_END, chunkHeader, LAST_CHUNK, lastChunk } from '../../wire/writer.js'
import type { Deadline } from '../deadline-wheel.js'
import type { LeaseReader } from '../socket/read-lease.js'
import type { ClientConnection } from './client-connection.js'
import type { ClientHop, ClientStream, HopContext, TunnelStart } from './client-stream.js'

/** Filled in and judged within one call, so one object serves all. */
const side: ClientSide = {
  mode: 'reverse',
  forwardHttp10KeepAlive: false,
  minor: 1,
  close: false,
  keepAlive: false,
  framing: 'none',
  contentRead: true,
  connectRefused: false,
  requests: 0,
  requestsMax: 0,
  draining: false,
}

/**
 * HTTP/1: a connection carries one exchange at a time, so it has one stream, which serves one request after the other. Chunked
 * coding is applied here, the only place that knows whether the client understands it (RFC 9112 6, 7, 9.3).
 */
export class Http1ClientStream implements ClientStream {
  framing: ContentFraming = 'none'
  verdict: 'keep' | CloseReason = 'keep'
  private minor: 0 | 1 = 1
  /** The client said `Connection: close`, or `keep-alive`. */
  private closes = false
  private keeps = false
  private isConnect = false
  private begun = false
  /** The position of the final head in the bytes queued for the client. */
  private headAt = 0

  constructor(readonly peer: ClientConnection) {}

  /** Resets the stream for the next request. */
  next(): void {
    this.framing = 'none'
    this.verdict = 'keep'
    this.minor = 1
    this.closes = this.keeps = this.isConnect = this.begun = false
  }

  get readAt(): number {
    return this.peer.readAt
  }

  get deadline(): Deadline {
    return this.peer.deadline
  }

  // The request ------------------------------------------------------------------------------------------------------

  get version(): '1.0' | '1.1' {
    return this.minor === 0 ? '1.0' : '1.1'
  }

  understood(): void {
    this.peer.understood()
  }

  /**
   * Proxy-Connection counts only with `keepsHttp10`. A gateway ignores it: a proxy that does not understand it passed it on and
   * would then wait for us to close.
   */
  asked({ minor, method, lines }: RequestHead, options: ConnectionOptions, { keepsHttp10 }: ClientHop): void {
    this.minor = minor
    this.isConnect = method === 'CONNECT'
    this.closes = options.close
    this.keeps = options.keepAlive || (keepsHttp10 && minor === 0 && proxyConnectionKeeps(lines))
  }

  get hasEnded(): boolean {
    return this.peer.transport.finSeen
  }

  get isGone(): boolean {
    return this.peer.transport.closed
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

  // The response -----------------------------------------------------------------------------------------------------

  judge(framing: ContentFraming, isContentRead: boolean, hop: ClientHop): void {
    const { peer, minor } = this
    const isUnframed = framing === 'chunked' || framing === 'close'
    this.framing = isUnframed ? (minor === 1 ? 'chunked' : 'close') : framing
    const { clientRequestsMax } = hop.limits
    side.mode = hop.mode
    side.forwardHttp10KeepAlive = hop.keepsHttp10
    side.minor = minor
    side.close = this.closes
    side.keepAlive = this.keeps
    side.framing = this.framing
    side.contentRead = isContentRead
    side.connectRefused = this.isConnect
    side.requests = peer.requests
    side.requestsMax = clientRequestsMax === 0 ? Number.POSITIVE_INFINITY : clientRequestsMax
    side.draining = peer.pool.closesAfterResponse
    peer.http10 = minor === 0
    this.verdict = judgeClient(side)
  }

  describe(context: HopContext, framing: ContentFraming, hop: ClientHop): void {
    const { minor } = this
    context.clientMinor = minor
    context.framing = framing
    context.persist = persistOption(this.verdict, minor, hop.keepAliveAlways ? 'always' : 'http10')
    context.keepAlive = context.persist === 'keep-alive' ? this.keepAlive(hop) : ''
  }

  /** The value of `Keep-Alive` for this client: its idle limit and the number of requests left. */
  private keepAlive({ limits: { clientRequestsMax }, deadlines }: ClientHop): string {
    const left = clientRequestsMax === 0 ? Number.POSITIVE_INFINITY : clientRequestsMax - this.peer.requests
    return keepAliveValue(this.minor === 0 ? deadlines.clientIdleHttp10Ms : deadlines.clientIdleMs, left)
  }

  get takesInterim(): boolean {
    return this.minor === 1
  }

  write(text: string): void {
    this.peer.transport.write(text)
  }

  head(text: string): void {
    const { transport } = this.peer
    this.headAt = transport.queuedTo
    this.begun = true
    transport.write(text)
  }

  content(bytes: Buffer, from: number, to: number, stable: boolean, text: string): void {
    const { transport } = this.peer
    if (this.framing !== 'chunked') {
      transport.writeContent(bytes, from, to, stable, text)
      return
    }
    transport.write(chunkHeader(to - from))
    transport.writeContent(bytes, from, to, stable)
    transport.write(CHUNK_END)
  }

  get takesTrailers(): boolean {
    return this.framing === 'chunked'
  }

  end(trailers: string): void {
    if (this.framing === 'chunked') this.peer.transport.write(trailers === '' ? LAST_CHUNK : lastChunk(trailers))
  }

  takeBack(): boolean {
    if (!this.peer.transport.takeBack(this.headAt)) return false
    this.begun = false
    return true
  }

  get pressured(): boolean {
    return this.peer.transport.pressured
  }

  get taker(): LeaseReader {
    return this.peer.transport
  }

  flush(): void {
    this.peer.transport.flush()
  }

  // The end ----------------------------------------------------------------------------------------------------------

  finish(now: number): void {
    this.peer.finish(this.verdict, now)
  }

  /** Where a message ends with its connection, a FIN would mark it as complete (RFC 9112 8): so the connection is reset. */
  abort(reason: CloseReason, reset: boolean, detail = ''): void {
    this.peer.abort(reason, reset || (this.begun && this.framing === 'close'), detail)
  }

  becomeTunnel(farewell: ((reason: CloseReason) => boolean) | null): TunnelStart {
    const { peer } = this
    peer.farewell = farewell
    return { transport: peer.transport, held: peer.detach() }
  }

  tunnelEnded(reason: CloseReason): void {
    this.peer.detachedClosed(reason)
  }
}
