import { EventEmitter } from 'node:events'
import { BlockList } from 'node:net'
import { networkInterfaces } from 'node:os'
import { originOf } from '../link/origin.js'
import { ProxyError } from '../link/proxy-error.js'
import type { ClientConnection } from '../net/client-connection.js'
import { ClientPool, type ClientStory } from '../net/client-pool.js'
import { imfDate } from '../net/date.js'
import { DeadlineWheel } from '../net/deadline-wheel.js'
import type { DialSettings } from '../net/dial.js'
import { type Address, Resolver } from '../net/resolver.js'
import type { UpstreamConnection } from '../net/upstream-connection.js'
import { type OriginPool, UpstreamPool, type UpstreamStory } from '../net/upstream-pool.js'
import { answerProblem } from '../policy/answer.js'
import type { CloseReason } from '../policy/close-reason.js'
import { readAuthority } from '../wire/authority.js'
import type { RequestHead } from '../wire/request-head.js'
import type { Engine, ExchangeCounts } from './engine.js'
import type { ConnectionRecord, ProxyEvents, ProxyStats } from './events.js'
import { Exchange } from './forward.js'
import { nameAt, type ProxyOptions, type Settings, settingsOf } from './options.js'

export interface Proxy {
  /**
   * Starts to accept connections; port 0 lets the system choose.
   * @throws Node's listen errors: `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`
   */
  listen(where: { host?: string; port: number }): Promise<{ address: string; port: number }>
  /**
   * Drains: accepts no more, ends idle connections, lets what is under way finish with `Connection: close`, and after
   * `graceMs` (default: the deadline `drainMs`; 0: no limit) ends the rest. Resolves when every connection is gone.
   */
  close(how?: { graceMs?: number }): Promise<void>
  /** Ends everything at once. */
  destroy(): void
  stats(): ProxyStats
  on<E extends keyof ProxyEvents>(event: E, listener: (what: ProxyEvents[E]) => void): this
  off<E extends keyof ProxyEvents>(event: E, listener: (what: ProxyEvents[E]) => void): this
}

/**
 * Makes a forward or reverse proxy; nothing happens before `listen`.
 * @throws TypeError that names the option that is wrong and what would be right
 */
export function createProxy(options: ProxyOptions): Proxy {
  return new HopwiseProxy(settingsOf(options), options.name === undefined)
}

class HopwiseProxy implements Proxy, Engine, ClientStory, UpstreamStory {
  readonly clients: ClientPool
  readonly upstreams: UpstreamPool
  readonly resolver: Resolver
  readonly wheel: DeadlineWheel
  readonly dial: DialSettings
  readonly reversePool: OriginPool | null
  readonly counts: ExchangeCounts = { active: 0, total: 0, retries: 0, failures: new Map() }
  recorded = false
  readonly date: () => string
  private readonly events = new EventEmitter()
  private closing: Promise<void> | null = null

  constructor(
    public settings: Settings,
    /** Nobody named this deployment: it gets a name of its own when it is known where it listens. */
    private readonly unnamed: boolean,
  ) {
    const { clock, limits, deadlines, grammar, readMode, noDelay, tcpKeepAliveMs } = settings
    this.date = () => imfDate(clock)
    this.wheel = new DeadlineWheel(clock, { onError: fault => this.fault(fault) })
    this.resolver = new Resolver({ clock, resolveMs: deadlines.resolveMs, namesMax: limits.originsMax })
    this.dial = { readMode, noDelay, tcpKeepAliveMs, tls: settings.upstreamTls }
    this.clients = new ClientPool(
      this,
      { readMode, noDelay, tcpKeepAliveMs },
      limits,
      deadlines,
      grammar,
      this.wheel,
      clock,
    )
    this.upstreams = new UpstreamPool({
      story: this,
      dial: this.dial,
      limits,
      deadlines,
      grammar,
      strict: settings.strictUpstream,
      wheel: this.wheel,
      clock,
    })
    this.reversePool = settings.origin === null ? null : this.upstreams.of(settings.origin)
  }

  async listen(where: { host?: string; port: number }): Promise<{ address: string; port: number }> {
    const at = await this.clients.listen(where)
    if (this.unnamed) this.settings = { ...this.settings, name: nameAt(at.port) }
    return at
  }

  close(how: { graceMs?: number } = {}): Promise<void> {
    this.closing ??= this.drain(how.graceMs ?? this.settings.deadlines.drainMs)
    return this.closing
  }

  private async drain(graceMs: number): Promise<void> {
    const emptied = this.clients.drain()
    this.upstreams.drain()
    const timer = graceMs === 0 ? null : this.settings.clock.after(graceMs, () => this.destroy())
    await emptied
    timer?.cancel()
    this.upstreams.destroy('draining')
  }

  destroy(): void {
    this.clients.destroy('shutdown')
    this.upstreams.destroy('shutdown')
  }

  on<E extends keyof ProxyEvents>(event: E, listener: (what: ProxyEvents[E]) => void): this {
    this.events.on(event, listener)
    this.recorded = this.events.listenerCount('exchange') > 0
    return this
  }

  off<E extends keyof ProxyEvents>(event: E, listener: (what: ProxyEvents[E]) => void): this {
    this.events.off(event, listener)
    this.recorded = this.events.listenerCount('exchange') > 0
    return this
  }

  emit<E extends keyof ProxyEvents>(event: E, what: ProxyEvents[E]): void {
    try {
      this.events.emit(event, what)
    } catch (fault) {
      if (event !== 'warning') this.fault(fault) // a listener's fault must not end an exchange
    }
  }

  // ---- Engine ----

  /** The pool of the origin that an absolute-form target names. */
  poolFor(head: RequestHead): OriginPool {
    const { host, port } = readAuthority(head.host)!
    return this.upstreams.of(originOf(head.scheme === 'https' ? 'https' : 'http', host, port))
  }

  fault(fault: unknown): void {
    const message = fault instanceof Error ? fault.message : String(fault)
    this.emit('warning', {
      code: 'fault',
      message: `a fault of this proxy ended one connection: ${message}`,
      cause: fault,
    })
  }

  warn(code: string, message: string): void {
    this.emit('warning', { code, message })
  }

  locate(host: string, port: number, done: (error: ProxyError | null, addresses: readonly Address[]) => void): void {
    const forward = this.settings.mode === 'forward'
    const refused = forward ? this.settings.destinations.refuseHost(host) : null
    if (refused !== null) {
      done(refused, [])
      return
    }
    this.resolver.resolve(host, (error, addresses) => {
      const allowed = error ?? (forward ? this.settings.destinations.check(host, addresses) : addresses)
      try {
        if (allowed instanceof ProxyError) done(allowed, [])
        else if (allowed.some(({ address }) => this.isSelf(address, port))) {
          const what = `${host}:${port} is this very proxy`
          done(new ProxyError('proxy_loop_detected', what, { stage: 'route', side: 'proxy' }), [])
        } else done(null, allowed)
      } catch (fault) {
        this.fault(fault)
      }
    })
  }

  /** Is this where this very proxy listens? However the address is written. */
  private isSelf(address: string, port: number): boolean {
    const own = this.clients.address
    if (own === null || own.port !== port) return false
    const bare = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
    const family = bare.includes(':') ? 'ipv6' : 'ipv4'
    if (UNSPECIFIED.check(bare, family)) return true // the kernel takes it for loopback
    const everywhere = own.address === '0.0.0.0' || own.address === '::'
    if (everywhere && LOOPBACK.check(bare, family)) return true
    const mine = everywhere ? Object.values(networkInterfaces()).flatMap(list => list ?? []) : [own]
    const list = new BlockList()
    for (const one of mine) list.addAddress(one.address, one.address.includes(':') ? 'ipv6' : 'ipv4')
    return list.check(bare, family)
  }

  // ---- ClientStory, UpstreamStory ----

  begin(client: ClientConnection): Exchange {
    return new Exchange(this, client)
  }

  refusal(why: string): string {
    const problem = {
      status: 503,
      error: 'connection_limit_reached',
      what: why,
      where: '',
      todo: 'Try again later.',
      method: '',
      accept: '',
    }
    return answerProblem(problem, { name: this.settings.name, date: this.date(), persist: 'close', keepAlive: '' })
  }

  opened(connection: ClientConnection | UpstreamConnection): void {
    const toClient = !('pool' in connection && 'seat' in connection)
    if (toClient)
      (connection as ClientConnection).trusted = this.settings.trusted.has((connection as ClientConnection).address)
    const event = toClient ? 'client-open' : 'upstream-open'
    if (this.events.listenerCount(event) > 0) this.emit(event, this.connectionRecord(connection))
  }

  closed(connection: ClientConnection | UpstreamConnection): void {
    const event = 'seat' in connection ? 'upstream-close' : 'client-close'
    if (this.events.listenerCount(event) > 0) this.emit(event, this.connectionRecord(connection))
  }

  private connectionRecord(connection: ClientConnection | UpstreamConnection): ConnectionRecord {
    const upstream = 'seat' in connection
    return {
      id: connection.id,
      side: upstream ? 'upstream' : 'client',
      peer: upstream ? connection.pool.origin.key : `${connection.address}:${connection.port}`,
      requests: upstream ? connection.seat.served : connection.requests,
      ageMs: Math.round(this.settings.clock.now() - connection.openedAt),
      ...(connection.reason === null ? {} : { reason: connection.reason }),
      ...(connection.detail === '' ? {} : { detail: connection.detail }),
    }
  }

  stats(): ProxyStats {
    const { clients, upstreams, counts } = this
    const now = this.settings.clock.now()
    const origins = [...upstreams.origins.values()].map(({ origin, book }) => {
      const learned = book.lesson.limitMs(now)
      const { open, idle, busy, dialing, waiting } = book
      return {
        origin: origin.key,
        open,
        idle,
        busy,
        dialing,
        waiting,
        ...(Number.isFinite(learned) ? { learnedIdleMs: learned } : {}),
      }
    })
    const sum = (of: 'open' | 'idle' | 'busy' | 'dialing' | 'waiting'): number =>
      origins.reduce((total, origin) => total + origin[of], 0)
    return {
      client: {
        open: clients.open,
        idle: clients.idle,
        active: clients.open - clients.idle,
        accepted: clients.accepted,
        refused: clients.refused,
        requests: clients.requests,
        closes: Object.fromEntries(clients.closes) as Partial<Record<CloseReason, number>>,
      },
      upstream: {
        open: sum('open'),
        idle: sum('idle'),
        busy: sum('busy'),
        dialing: sum('dialing'),
        waiting: sum('waiting'),
        dialed: upstreams.dialed,
        reused: upstreams.reused,
        closes: Object.fromEntries(upstreams.closes) as Partial<Record<CloseReason, number>>,
        origins,
      },
      exchanges: {
        active: counts.active,
        total: counts.total,
        retries: counts.retries,
        failures: Object.fromEntries(counts.failures),
      },
    }
  }
}

const UNSPECIFIED = new BlockList()
UNSPECIFIED.addAddress('0.0.0.0', 'ipv4')
UNSPECIFIED.addAddress('::', 'ipv6')
const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')
