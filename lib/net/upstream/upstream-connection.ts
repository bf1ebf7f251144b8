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

/** Who uses an upstream connection: the sink of its reader, and told what happens to it meanwhile. */
export interface UpstreamExchange extends ResponseSink {
  /** The response was read whole. `bytes[at, to)` came behind it: content of a tunnel, or what nobody asked for. */
  onResponseRead(bytes: Buffer, at: number, to: number): void
  /** The octets broke the grammar, or ended in mid-message. */
  onUpstreamProtocolError(error: ProtocolError): void
  /** FIN before the first octet of a response. */
  onUpstreamFin(): void
  onUpstreamFlushed(): void
  /** The connection is gone; `error` is what ended it, or null. */
  onUpstreamGone(error: NodeJS.ErrnoException | null): void
  onUpstreamDeadline(name: DeadlineName): void
  flush(): void
  onFault(fault: unknown): void
}

/**
 * One persistent connection toward an upstream: carries one exchange at a time (never pipelined), and is watched while it is
 * idle: a FIN or a single octet then ends it (RFC 9112 9.2, 9.5).
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
  /** Of the one client connection that it belongs to; null: it is anybody's. */
  logins: Logins | null = null
  /** Who gets it when it is released: the next request of that client. */
  heir: UpstreamWaiter | null = null
  /** When the octets that are being read came: one look at the clock for each read. */
  readAt = 0
  /** Dialled and not yet connected; afterwards false for good. */
  connecting = true
  securing = false
  /** Connected; nobody was told yet, while `dialed` is there. */
  private stands = false
  /** Its transport has another owner: a tunnel. */
  detached = false
  /** Nobody's yet: it may be about to end, and is looked at once more before this waiter has it. */
  heldFor: UpstreamWaiter | null = null
  reason: CloseReason | null = null
  detail = ''

  constructor(
    readonly pool: OriginPool,
    number: number,
    private readonly target: DialTarget,
    /** Told once: null when the connection stands, or what went wrong. */
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

  /** This is not its first exchange: it can have been stale. */
  get reused(): boolean {
    return this.entry.served > 1
  }

  /** Asks the kernel about a connection on which nothing is under way: has the upstream ended it, or sent what nobody asked for? */
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

  /** While nobody uses it, a FIN or an octet is its end. Before anybody did it is as good as not made: nothing was written. */
  private unused(reason: 'upstream-unsolicited' | 'upstream-fin'): void {
    const [type, what] =
      reason === 'upstream-fin'
        ? (['connection_terminated', 'closed the connection'] as const)
        : (['http_protocol_error', 'sent something'] as const)
    if (this.stands && this.dialed !== null) {
      const text = `${whereOf(this.target)} ${what} before it was asked`
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
    exchange?.onUpstreamGone(error) // first, as it knows best what this end means
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

  /** The connection stops being HTTP, or being ours to judge: the one who takes its transport over reports its end to `ended`. */
  detach(): void {
    this.detached = true
    this.exchange = null
    this.deadline.clear()
  }

  /** Closes it now, for this reason; the exchange on it, if any, is not told. */
  end(reason: CloseReason, detail = ''): void {
    this.exchange = null
    this.deadline.clear()
    this.blame(reason, detail)
    this.transport.destroy()
    this.pool.gone(this)
  }

  /** For the one who took over the transport: it is closed. */
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
