import type { DeadlineName } from '../../link/deadlines.js'
import { PoolEntry } from '../../link/pool-entry.js'
import { ProxyError } from '../../link/proxy-error.js'
import type { CloseReason } from '../../policy/close-reason.js'
import { ProtocolError } from '../../wire/protocol-error.js'
import { ResponseReader, type ResponseSink } from '../../wire/response-reader.js'
import { Deadline } from '../deadline-wheel.js'
import { unreadOf } from '../socket/handle.js'
import type { Transport } from '../socket/transport.js'
import { type DialOwner, type DialTarget, dial, whereOf } from './dial.js'
import { Http1UpstreamStream } from './http1-upstream-stream.js'
import type { Logins } from './logins.js'
import type { OriginPool } from './origin-pool.js'
import { whenRead } from './unasked.js'
import type { UpstreamWaiter } from './upstream-waiter.js'

/** The user of an upstream connection: the sink of its reader, and notified of what happens to the connection meanwhile. */
export interface UpstreamExchange extends ResponseSink {
  /** The response was read completely. `bytes[at, to)` came after it: the content of a tunnel, or unsolicited data. */
  onResponseRead(bytes: Buffer, at: number, to: number): void
  /** The bytes violate the grammar, or ended in the middle of a message. */
  onUpstreamProtocolError(error: ProtocolError): void
  /** A FIN before the first byte of a response. */
  onUpstreamFin(): void
  onUpstreamFlushed(): void
  /** The connection is closed; `error` is what ended it, or null. */
  onUpstreamGone(error: NodeJS.ErrnoException | null): void
  onUpstreamDeadline(name: DeadlineName): void
  flush(): void
  onFault(fault: unknown): void
}

/**
 * One persistent connection to an upstream: carries one exchange at a time (never pipelined) and is watched while it is idle: a
 * FIN or a single byte then ends it (RFC 9112 9.2, 9.5).
 */
export class UpstreamConnection implements DialOwner {
  readonly entry: PoolEntry<UpstreamConnection> = new PoolEntry<UpstreamConnection>(this)
  /** `u7` */
  readonly id: string
  /** The address that answered, '' until then. */
  address = ''
  readonly reader: ResponseReader
  readonly deadline: Deadline
  readonly transport: Transport
  readonly stream: Http1UpstreamStream
  readonly openedAt: number
  exchange: UpstreamExchange | null = null
  /** The logins of the client connection that it is reserved for; null: not reserved. */
  logins: Logins | null = null
  /** The next request of that client, which gets the connection when it is released. */
  heir: UpstreamWaiter | null = null
  /** When the bytes that are being read arrived: the clock is read once per read. */
  readAt = 0
  /** Dialled but not yet connected; false from then on. */
  connecting = true
  securing = false
  /** Connected; not yet reported as long as `dialed` is set. */
  private stands = false
  /** Its transport belongs to a tunnel. */
  detached = false
  /** The waiter that gets it after one more check: the connection may be about to end. */
  heldFor: UpstreamWaiter | null = null
  reason: CloseReason | null = null
  detail = ''

  constructor(
    readonly pool: OriginPool,
    number: number,
    private readonly target: DialTarget,
    /** Called once: with null when the connection is established, or with what went wrong. */
    private dialed: ((error: NodeJS.ErrnoException | 'connectMs' | 'tlsMs' | null | undefined) => void) | null,
  ) {
    const { shared } = pool
    this.id = `u${number}`
    this.openedAt = shared.clock.now()
    this.reader = new ResponseReader(shared.grammar, shared.strict)
    this.deadline = new Deadline(shared.wheel, deadline => this.onDeadline(deadline.name))
    this.deadline.set('connectMs', shared.deadlines.connectMs)
    this.transport = dial(target, shared.dial, this)
    this.stream = new Http1UpstreamStream(this)
  }

  /** This is not its first exchange: the connection may have been stale. */
  get reused(): boolean {
    return this.entry.served > 1
  }

  /** Asks the kernel about a connection without an exchange: has the upstream closed it, or sent unsolicited data? */
  ending(): 'none' | 'unknown' | 'upstream-fin' | 'upstream-reset' | 'upstream-unsolicited' {
    return ENDINGS[unreadOf(this.transport.socket)]
  }

  onSecuring(): void {
    this.securing = true
    this.deadline.set('tlsMs', this.pool.shared.deadlines.tlsMs)
  }

  onConnected(): void {
    this.address = this.transport.remoteAddress
    this.deadline.clear()
    this.stands = true
    whenRead(() => this.transport.tell(() => this.settleDial(null)))
  }

  /**
   * Without an exchange, a FIN or any byte ends the connection. Before its first use this is a failed dial: nothing was
   * written.
   */
  private unused(reason: 'upstream-unsolicited' | 'upstream-fin'): void {
    const [type, what] =
      reason === 'upstream-fin'
        ? (['connection_terminated', 'closed the connection'] as const)
        : (['http_protocol_error', 'sent data'] as const)
    if (this.stands && this.dialed !== null) {
      const text = `${whereOf(this.target)} ${what} before the request`
      this.settleDial(new ProxyError(type, text, { stage: 'connect', side: 'upstream' }))
    }
    this.end(reason)
  }

  private settleDial(outcome: NodeJS.ErrnoException | 'connectMs' | 'tlsMs' | null | undefined): void {
    const dialed = this.dialed
    this.dialed = null
    this.connecting = false
    dialed?.(outcome)
  }

  /** Begins an exchange: what is written to the transport from now on is its request. */
  begin(exchange: UpstreamExchange, method: string): void {
    this.exchange = exchange
    this.reader.expect(method)
  }

  onBytes(bytes: Buffer, from: number, to: number): void {
    const exchange = this.exchange
    if (exchange === null) {
      this.unused('upstream-unsolicited')
      return
    }
    this.readAt = this.pool.shared.clock.now()
    let at: number
    try {
      at = this.reader.consume(bytes, from, to, exchange)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      if (this.exchange === exchange) exchange.onUpstreamProtocolError(error)
      return
    }
    if (this.exchange !== exchange) return
    if (this.reader.done) exchange.onResponseRead(bytes, at, to)
    else exchange.flush()
  }

  onFin(): void {
    const exchange = this.exchange
    if (exchange === null) {
      this.unused('upstream-fin')
      return
    }
    if (!this.reader.started) {
      exchange.onUpstreamFin()
      return
    }
    this.readAt = this.pool.shared.clock.now()
    try {
      this.reader.end(exchange)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      if (this.exchange === exchange) exchange.onUpstreamProtocolError(error)
      return
    }
    if (this.exchange === exchange && this.reader.done) exchange.onResponseRead(EMPTY, 0, 0)
  }

  onFlushed(): void {
    this.exchange?.onUpstreamFlushed()
  }

  readsOn(): boolean {
    return this.exchange !== null
  }

  onClosed(error: NodeJS.ErrnoException | null): void {
    this.deadline.end()
    if (this.dialed !== null) {
      this.settleDial(error ?? undefined)
      return
    }
    const exchange = this.exchange
    this.exchange = null
    exchange?.onUpstreamGone(error) // first, since it knows best what this end means
    this.blame(error === null ? 'upstream-fin' : 'upstream-reset', error?.code ?? '')
    this.pool.gone(this)
  }

  onFault(fault: unknown): void {
    this.pool.shared.handler.fault(fault)
    const exchange = this.exchange
    exchange?.onFault(fault)
    this.end('internal-error')
  }

  private onDeadline(name: DeadlineName): void {
    if (this.dialed !== null && (name === 'connectMs' || name === 'tlsMs')) {
      this.settleDial(name)
      this.transport.destroy()
    } else this.exchange?.onUpstreamDeadline(name)
  }

  /** The connection stops being HTTP: the new owner of its transport reports its end to `ended`. */
  detach(): void {
    this.detached = true
    this.exchange = null
    this.deadline.clear()
  }

  /** Closes the connection now, for this reason; its exchange, if any, is not notified. */
  end(reason: CloseReason, detail = ''): void {
    this.exchange = null
    this.deadline.clear()
    this.blame(reason, detail)
    this.transport.destroy()
    this.pool.gone(this)
  }

  /** For the new owner of the transport: the transport is closed. */
  ended(reason: CloseReason): void {
    this.blame(reason, '')
    this.deadline.end()
    this.pool.gone(this)
  }

  private blame(reason: CloseReason, detail: string): void {
    if (this.reason !== null) return
    this.reason = reason
    this.detail = detail
  }
}

const ENDINGS = {
  nothing: 'none',
  unknown: 'unknown',
  fin: 'upstream-fin',
  reset: 'upstream-reset',
  bytes: 'upstream-unsolicited',
} as const

const EMPTY = Buffer.alloc(0)
