import { CLIENT_ROWS, type ClientRow, type ClientState, step } from '../../link/connection-state.js'
import type { DeadlineName } from '../../link/deadlines.js'
import type { CloseReason } from '../../policy/close-reason.js'
import type { AboutClient } from '../../policy/request-context.js'
import { ProtocolError } from '../../wire/protocol-error.js'
import type { ProxiedEnds } from '../../wire/proxy-protocol.js'
import { RequestReader, type RequestSink } from '../../wire/request-reader.js'
import { Deadline } from '../deadline-wheel.js'
import type { Transport, TransportOwner } from '../socket/transport.js'
import type { ClientPool } from './client-pool.js'
import type { ClientPeer } from './client-stream.js'
import type { ConnectionSetup } from './connection-setup.js'
import { Http1ClientStream } from './http1-client-stream.js'
import type { ClientTls } from './secure-accept.js'

/** How long a drain waits for the next request of a client that has just connected or received a response. */
const NEXT_REQUEST_MS = 1_000

/** The handling of one request: the sink of the reader, and notified of what happens to the connection meanwhile. */
export interface ClientExchange extends RequestSink {
  /** The bytes violate the grammar. Nothing more can be read on this connection. */
  onProtocolError(error: ProtocolError): void
  onClientFin(): void
  onClientFlushed(): void
  /** The client's connection is closed; `reset`: by an error. */
  onClientGone(reset: boolean): void
  onClientDeadline(name: DeadlineName): void
  /** The reader has returned: hand what was written to the kernel. */
  flush(): void
  onFault(fault: unknown): void
}

/**
 * One persistent connection to a client: reads requests one after the other, one exchange at a time, buffers what a pipelining
 * client sends meanwhile (bounded), and closes for a named reason, with a lingering close.
 *
 * One table says which events may occur in which state: `CLIENT_TABLE` in link/connection-state.ts.
 */
export class ClientConnection implements TransportOwner, ClientPeer {
  /** `c12` */
  readonly id: string
  readonly reader: RequestReader
  readonly deadline: Deadline
  transport!: Transport
  readonly stream: Http1ClientStream
  exchange: ClientExchange | null = null
  /** The exchange that became a tunnel, for monitoring. */
  tunnelled: ClientExchange | null = null
  /** Asks a tunnel to end; false: it cannot be asked and must be ended. */
  farewell: ((reason: CloseReason) => boolean) | null = null
  /** Requests whose head was complete, including the current one. */
  requests = 0
  reason: CloseReason | null = null
  detail = ''
  /** Kept open by HTTP/1.0's keep-alive, which has its own, short idle limit. */
  http10 = false
  /** The client's address: that of the peer, or the one in a PROXY protocol header. '' and 0: through a unix socket. */
  address: string
  port: number
  /** Both ends as given in the PROXY protocol header, if it gave any. */
  proxied: ProxiedEnds | null = null
  /** Null: no TLS. */
  tls: ClientTls | null = null
  /** What the connection goes through before its first request; null: nothing, or done. */
  setup: ConnectionSetup | null = null
  /** The key under which the pool counts it; '': not counted. */
  site = ''
  /** The last valid proxy credentials on this connection; '' if none. */
  vouched = ''
  /** A trusted peer: it may name its own client. */
  trusted = false
  /** What upstreams were last told about it. */
  about: AboutClient | null = null
  /** The upstream connections on which it has logged in; null: none. */
  logins: ClientPeer['logins'] = null
  /** The limit of a whole exchange. */
  exchangeDeadline: Deadline | null = null
  /** Neighbours in the pool's list of idle connections, longest idle first. */
  older: ClientConnection | null = null
  younger: ClientConnection | null = null
  isIdle = false
  /** When the bytes that are being read arrived: the clock is read once per read. */
  readAt = 0
  private held: Buffer | null = null
  private pumping = false
  private at: ClientRow = CLIENT_ROWS.idle
  /** Bytes that are still read and discarded while closing, so that no reset destroys the response. */
  private discardLeft: number

  constructor(
    readonly pool: ClientPool,
    number: number,
    /** The peer that connected to us; '' for a peer without an address. */
    readonly peerAddress: string,
    peerPort: number,
    readonly openedAt: number,
  ) {
    this.id = `c${number}`
    this.address = peerAddress
    this.port = peerPort
    this.reader = new RequestReader(pool.grammar)
    this.stream = new Http1ClientStream(this)
    this.discardLeft = pool.limits.discardBytesMax
    this.deadline = new Deadline(pool.wheel, deadline => this.onDeadline(deadline.name))
  }

  get state(): ClientState {
    return this.at.state
  }

  get scheme(): 'http' | 'https' {
    return this.tls === null ? 'http' : 'https'
  }

  /** Both ends, for the PROXY protocol header to an upstream. */
  ends(): ProxiedEnds {
    const { localAddress = '', localPort = 0 } = this.transport.socket
    const { address: source, port: sourcePort } = this
    return this.proxied ?? { source, sourcePort, destination: localAddress, destinationPort: localPort }
  }

  /** When it last became idle. */
  private restedAt = 0

  /** A fresh connection waits for its first head. */
  start(): void {
    this.pool.markIdle(this)
    const { draining, deadlines } = this.pool
    this.deadline.set('requestHeadMs', draining ? NEXT_REQUEST_MS : deadlines.requestHeadMs)
  }

  /** The pool drains, and this connection is idle. */
  retire(now: number): void {
    const leftMs = (this.requests > 0 ? this.restedAt : this.openedAt) + NEXT_REQUEST_MS - now
    if (leftMs <= 0) this.leave('draining')
    else if (this.setup !== null) this.setup.hurry(leftMs)
    else this.deadline.set('requestHeadMs', leftMs)
  }

  onBytes(bytes: Buffer, from: number, to: number): void {
    if (this.isEnding) {
      this.discardLeft -= to - from
      if (this.discardLeft <= 0) this.transport.destroy()
    } else if (this.held !== null || (this.exchange === null ? this.transport.pressured : this.reader.done)) {
      this.hold(bytes, from, to) // content of the current request never waits for its own response
    } else this.pump(bytes, from, to)
  }

  /** Incoming bytes are no longer read as requests. */
  private get isEnding(): boolean {
    const { state } = this.at
    return state === 'lingering' || state === 'closed'
  }

  private pump(bytes: Buffer, from: number, to: number): void {
    this.pumping = true
    this.readAt = this.pool.clock.now()
    let at = from
    while (at < to && !this.isEnding) {
      if (this.exchange === null && bytes[at]! <= 0x0d) {
        at = this.reader.skipEmptyLines(bytes, at, to)
        if (at === to) break
      }
      const exchange = this.exchange ?? this.begin()
      try {
        at = this.reader.consume(bytes, at, to, exchange)
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        at = to
        exchange.onProtocolError(error)
      }
      if (this.at.state === 'idle' && this.reader.started) {
        this.at = step(this.at.begun)
        this.deadline.set('requestHeadMs', this.pool.deadlines.requestHeadMs, this.readAt)
      }
      exchange.flush()
      if (this.exchange !== null || this.isEnding) break
      this.transport.flush()
      this.reader.next()
      if (this.transport.pressured) break
    }
    this.pumping = false
    if (this.isEnding) return
    if (at < to) this.hold(bytes, at, to)
    if (this.exchange === null) {
      if (!this.isIdle) this.rest(this.readAt)
    } else if (this.transport.finSeen) this.exchange.onClientFin() // the FIN arrived before this request's turn
  }

  private begin(): ClientExchange {
    this.pool.markBusy(this)
    const { exchangeMs } = this.pool.deadlines
    if (exchangeMs > 0) {
      this.exchangeDeadline ??= new Deadline(this.pool.wheel, deadline => this.onDeadline(deadline.name))
      this.exchangeDeadline.set('exchangeMs', exchangeMs, this.readAt)
    }
    this.stream.next()
    this.exchange = this.pool.handler.begin(this.stream)
    return this.exchange
  }

  /** For the stream: its request head is complete. */
  understood(): void {
    this.at = step(this.at.understood)
    this.requests++
    this.pool.requests++
  }

  /** Buffers bytes of requests whose turn has not come; pauses reading when they are too many. */
  private hold(bytes: Buffer, from: number, to: number): void {
    const more = bytes.subarray(from, to)
    this.held = this.held === null ? Buffer.from(more) : Buffer.concat([this.held, more])
    if (this.held.length >= this.pool.limits.pipelineBytesMax) this.transport.pause()
  }

  /** The exchange is over, its response written and its request read completely: keep the connection, or close it. */
  finish(verdict: 'keep' | CloseReason, now: number = this.pool.clock.now()): void {
    this.exchange = null
    this.exchangeDeadline?.clear()
    if (verdict !== 'keep' || this.transport.cannotSend) {
      this.close(verdict === 'keep' ? 'client-reset' : verdict)
      return
    }
    this.at = step(this.at.kept)
    this.transport.persist()
    if (this.pumping) return
    this.reader.next()
    this.transport.flush()
    if (this.held !== null && !this.transport.pressured) this.pumpHeld()
    else this.rest(now)
  }

  private pumpHeld(): void {
    const held = this.held!
    this.held = null
    this.transport.resume()
    this.pump(held, 0, held.length)
  }

  /** Between two exchanges. */
  private rest(now: number): void {
    if (this.transport.pressured) {
      this.deadline.set('clientWriteMs', this.pool.deadlines.clientWriteMs, now)
      return
    }
    if (this.held !== null) return
    if (this.transport.finSeen) this.close('client-fin')
    else {
      this.restedAt = now
      this.pool.markIdle(this)
      const { clientIdleMs, clientIdleHttp10Ms } = this.pool.deadlines
      if (this.pool.draining) this.retire(now)
      else this.deadline.set('clientIdleMs', this.http10 ? clientIdleHttp10Ms : clientIdleMs, now)
    }
  }

  /**
   * Ends our side, then reads and discards what still arrives, for a while: a reset in reply to unread bytes would destroy the
   * response in flight (RFC 9112 9.6).
   */
  close(reason: CloseReason, detail = ''): void {
    if (this.isEnding) return
    this.at = step(this.at.ended)
    this.blame(reason, detail)
    this.abandon()
    this.held = null
    this.transport.end()
    this.transport.resume()
    this.linger()
  }

  /** Ends a connection that is owed no response; during its setup it is aborted, since there is nothing to close gracefully. */
  leave(reason: CloseReason): void {
    if (this.setup === null) this.close(reason)
    else this.abort(reason, false)
  }

  private linger(): void {
    if (this.transport.pressured) this.deadline.set('clientWriteMs', this.pool.deadlines.clientWriteMs)
    else {
      const { discardMs, lingerMs } = this.pool.deadlines
      this.deadline.set('lingerMs', this.reason === 'content-unread' ? discardMs : lingerMs)
    }
  }

  /** Ends the connection at once; with `reset`, so that the peer cannot take a partial response for a complete one. */
  abort(reason: CloseReason, reset: boolean, detail = ''): void {
    this.at = step(this.at.dropped)
    this.blame(reason, detail)
    this.abandon()
    if (reset) this.transport.reset()
    else this.transport.destroy()
  }

  /** Tells an unfinished exchange that its client is gone. */
  private abandon(): void {
    const { exchange } = this
    this.exchange = null
    exchange?.onClientGone(false)
  }

  private blame(reason: CloseReason, detail: string): void {
    if (this.reason !== null) return
    this.reason = reason
    this.detail = detail
    this.pool.markBusy(this)
    this.logins?.end()
  }

  /** The connection stops being HTTP: its transport gets another owner. Returns what was read but not consumed. */
  detach(): Buffer | null {
    this.at = step(this.at.switched)
    const held = this.held
    this.held = null
    this.tunnelled = this.exchange
    this.exchange = null
    this.deadline.clear()
    this.exchangeDeadline?.clear()
    this.logins?.end()
    return held
  }

  private endDeadlines(): void {
    this.deadline.end()
    this.exchangeDeadline?.end()
  }

  /** For the new owner of the transport: the transport is closed. */
  detachedClosed(reason: CloseReason, detail = ''): void {
    this.at = step(this.at.dropped)
    this.blame(reason, detail)
    this.endDeadlines()
    this.pool.removed(this)
  }

  onFin(): void {
    if (this.exchange === null && this.held !== null) return // earlier requests are answered first; `rest` sees the FIN
    this.at = step(this.at['half-closed'])
    if (!this.isEnding) {
      this.exchange?.onClientFin()
      return
    }
    // No response is owed: answer the FIN with a FIN.
    this.blame('client-fin', '')
    this.abandon()
    this.transport.end()
  }

  onFlushed(): void {
    if (this.isEnding) this.linger()
    else if (this.exchange !== null) this.exchange.onClientFlushed()
    else if (this.held !== null) this.pumpHeld()
    else this.rest(this.pool.clock.now())
  }

  /** From a client that takes no more responses, the content that is being read is still useful, but no further request is. */
  readsOn(): boolean {
    return this.at.state === 'exchanging' && !this.reader.done && !this.transport.isPaused
  }

  onClosed(error: NodeJS.ErrnoException | null): void {
    this.endDeadlines()
    this.at = step(this.at.dropped)
    const exchange = this.exchange
    this.exchange = null
    this.blame(error === null ? 'client-fin' : 'client-reset', error?.code ?? '')
    exchange?.onClientGone(error !== null)
    this.pool.removed(this)
  }

  onFault(fault: unknown): void {
    this.pool.handler.fault(fault)
    this.exchange?.onFault(fault)
    this.abort('internal-error', true)
  }

  private onDeadline(name: DeadlineName): void {
    if (name === 'clientWriteMs' && this.transport.tookSome())
      this.deadline.set(name, this.pool.deadlines.clientWriteMs)
    else if (this.isEnding) this.abort('client-write-timeout', name === 'clientWriteMs')
    else if (this.exchange !== null && this.at.state !== 'idle') this.exchange.onClientDeadline(name)
    else if (name === 'clientWriteMs') this.abort('client-write-timeout', true)
    else if (this.pool.draining) this.close('draining')
    else this.close(name === 'clientIdleMs' ? 'client-idle' : 'client-head-timeout')
  }
}
