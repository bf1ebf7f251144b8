import { ProxyError } from '../link/proxy-error.js'
import type { Address } from '../net/address.js'
import { Deadline } from '../net/deadline-wheel.js'
import type { Transport } from '../net/socket/transport.js'
import { type DialSettings, type DialTarget, dial, dialError } from '../net/upstream/dial.js'
import { dialThrough, type TunnelOwner } from '../net/upstream/parent-tunnel.js'
import { answerConnect } from '../policy/answer.js'
import { readAuthority } from '../wire/authority.js'
import type { RequestHead } from '../wire/request-head.js'
import { whenAdmitted } from './admission.js'
import type { ExchangeSteps } from './exchange-steps.js'
import { parentAt, viaLine } from './parent.js'
import { startTunnel } from './start-tunnel.js'

/**
 * CONNECT (RFC 9110 9.3.6): resolves and checks the destination, dials it, answers the client, then relays bytes both ways. Such a
 * connection never belongs to a pool. Ports and credentials have been checked before.
 */
export function connect(exchange: ExchangeSteps, head: RequestHead): void {
  const { settings, engine } = exchange
  const { parent } = settings
  const authority = readAuthority(head.host)
  const host = authority?.host ?? ''
  const port = authority?.port ?? -1
  const via = parent === null ? '' : viaLine(head, settings)
  const to = parent === null ? { host, port } : parent.origin
  whenAdmitted(exchange, () => {
    const located = (error: ProxyError | null, addresses: readonly Address[]): void => {
      exchange.onAbandoned = null
      if (exchange.isOver) return
      if (error !== null) exchange.fail(error, 'client-gone', 'refused')
      else if (parent === null) begin(exchange, { host, port, secure: false, addresses }, dial)
      else {
        const through = parentAt(parent, addresses)
        begin(exchange, { host, port, secure: false, addresses: [] }, (target, dialSettings, owner) =>
          dialThrough(through, target, dialSettings, owner, via),
        )
      }
    }
    const endLookup = engine.upstreams.locate(to.host, to.port, located, exchange.client.peer.address)
    if (endLookup !== null) exchange.onAbandoned = endLookup
  })
}

type Dialing = (target: DialTarget, settings: DialSettings, owner: TunnelOwner) => Transport

function begin(exchange: ExchangeSteps, target: DialTarget, dialing: Dialing): void {
  new TunnelDial(exchange, target, dialing)
}

/** The dialling of one destination; ends with a tunnel or a 5xx. */
class TunnelDial implements TunnelOwner {
  private readonly transport: Transport
  private readonly deadline: Deadline
  private timedOut = false

  constructor(
    private readonly exchange: ExchangeSteps,
    private readonly target: DialTarget,
    dialing: Dialing,
  ) {
    const { settings, engine } = exchange
    const { wheel } = engine
    this.deadline = new Deadline(wheel, () => {
      this.timedOut = true
      this.transport.destroy()
    })
    this.deadline.set('connectMs', settings.deadlines.connectMs)
    this.transport = dialing(target, settings.dial, this)
    exchange.onAbandoned = () => this.transport.destroy()
  }

  onSecuring(): void {}

  onAsked(head: string): void {
    this.exchange.watched?.keepConnect(head)
  }

  onConnected(): void {
    this.deadline.end()
    const { exchange, transport } = this
    const { client, engine, settings } = exchange
    exchange.onAbandoned = null
    exchange.status = 200
    exchange.tunnelled = `${this.target.host}:${this.target.port}`
    const { requestId } = exchange
    const text = answerConnect({ name: settings.name, date: engine.date(), persist: '', keepAlive: '', requestId })
    exchange.watched?.keepOwn(text)
    client.write(text)
    client.flush()
    startTunnel(exchange, transport, null, end => end.reason)
  }

  onClosed(error: NodeJS.ErrnoException | null): void {
    this.deadline.end()
    const { exchange, target } = this
    exchange.onAbandoned = null
    if (exchange.isOver) return
    const { connectMs } = exchange.settings.deadlines
    const text = `no connection to ${target.host}:${target.port} within ${connectMs} ms`
    const failure = this.timedOut
      ? new ProxyError('connection_timeout', text, { stage: 'connect', side: 'upstream', deadline: 'connectMs' })
      : dialError(error, target, false)
    exchange.fail(failure, 'client-gone', 'refused')
  }

  onBytes(): void {}
  onFin(): void {}
  onFlushed(): void {}
  onFault(fault: unknown): void {
    this.exchange.engine.fault(fault)
    this.transport.destroy()
  }
}
