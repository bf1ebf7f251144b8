import type { Advice } from '../../lib/admin/adviser.js'
import type {
  AdminSource,
  ClientView,
  ClosedView,
  ExchangeView,
  Ledger,
  MemberTotals,
  Snapshot,
  Totals,
  UpstreamView,
} from '../../lib/admin/source.js'
import { Histogram } from '../../lib/link/histogram.js'
import type { CloseReason } from '../../lib/policy/close-reason.js'
import { LEDGER } from './some-ledger.js'

/** The requests that recur: method, target, group, usual milliseconds. */
const ASKED = [
  ['GET', '/', 'shop', 9],
  ['GET', '/api/items?token=s3cr3t', 'app', 40],
  ['POST', '/api/orders', 'app', 240],
  ['GET', '/assets/app.js', 'shop', 3],
  ['GET', '/api/search?q=shoes', 'app', 700],
  ['GET', '/api/report.csv', 'app', 2600],
] as const
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  app: ['http://10.1.0.11:3000', 'http://10.1.0.12:3000', 'http://10.1.0.13:3000'],
  shop: ['http://10.1.0.21:8000'],
}
const UPSTREAM_IDLE_MS = 4_000
const CLIENT_IDLE_MS = 75_000
const STEP_MS = 20

interface Client {
  id: string
  peer: string
  bornAt: number
  requests: number
  idleSince: number
  nextAt: number
  exchange: Exchange | null
}

interface Upstream {
  id: string
  group: string
  origin: string
  bornAt: number
  requests: number
  idleSince: number
  busy: boolean
}

interface Exchange {
  id: string
  method: string
  target: string
  group: string
  upstream: Upstream | null
  beganAt: number
  answersAt: number
  endsAt: number
  overAt: number
  failed: boolean
}

/**
 * A simulated proxy: clients connect, send requests, wait and leave, driven by the same sequence of numbers each time. For
 * the page and the listener, which show what a source reports, whether or not there is a proxy behind it.
 */
export class Scene implements AdminSource {
  now = Date.UTC(2026, 0, 2, 3, 4, 5)
  isReady = true
  watching = false
  advised: readonly Advice[] = []
  readonly clients = new Map<string, Client>()
  readonly upstreams = new Map<string, Upstream>()
  readonly ended: { client: string; exchange: Exchange }[] = []
  readonly closed: ClosedView[] = []
  private readonly startedAt = this.now - 93_780_000
  private readonly phases = {
    head: new Histogram(),
    wait: new Histogram(),
    firstByte: new Histogram(),
    total: new Histogram(),
  }
  private readonly count = { accepted: 0, requests: 0, dialed: 0, reused: 0, exchanges: 0, ok: 0, bad: 0, upstreams: 0 }
  private readonly closes = { client: new Map<CloseReason, number>(), upstream: new Map<CloseReason, number>() }

  constructor(
    readonly clientsMax = 24,
    private seed = 42,
  ) {}

  /** Lets this many milliseconds pass. */
  pass(ms: number): void {
    for (const until = this.now + ms; this.now < until; this.now += STEP_MS) this.step()
  }

  private step(): void {
    const { now } = this
    const arrivals = this.random() < 0.2 ? this.clientsMax / 24 : 0
    for (let i = 0; i < arrivals && this.clients.size < this.clientsMax; i++) this.arrive()
    for (const client of this.clients.values()) this.live(client)
    for (const upstream of this.upstreams.values())
      if (!upstream.busy && now - upstream.idleSince >= UPSTREAM_IDLE_MS) this.drop(upstream)
    while (this.ended.length > 0 && now - this.ended[0]!.exchange.overAt > 900) this.ended.shift()
  }

  private arrive(): void {
    const { now } = this
    const id = `c${++this.count.accepted}`
    const peer = `203.0.113.${20 + (this.count.accepted % 60)}:${40_000 + this.count.accepted * 7}`
    this.clients.set(id, { id, peer, bornAt: now, requests: 0, idleSince: now, nextAt: now, exchange: null })
  }

  private live(client: Client): void {
    const { now } = this
    const { exchange } = client
    if (exchange !== null) {
      if (now >= exchange.endsAt) this.finish(client, exchange)
    } else if (now >= client.nextAt) {
      if (client.requests > 3 && this.random() < 0.03) this.leave(client, 'client-fin')
      else this.ask(client)
    }
  }

  private ask(client: Client): void {
    const { now } = this
    const [method, target, group, ms] = ASKED[Math.floor(this.random() * ASKED.length)]!
    const upstream = this.take(group)
    const tookMs = ms * (0.5 + this.random())
    const id = `x${++this.count.exchanges}`
    const exchange = { id, method, target, group, upstream, beganAt: now, overAt: 0, failed: this.random() < 0.01 }
    client.exchange = { ...exchange, answersAt: now + tookMs * 0.7, endsAt: now + tookMs }
    client.requests++
    this.count.requests++
    this.phases.head.note(0.2)
    this.phases.wait.note(this.random())
    this.phases.firstByte.note(tookMs * 0.7)
  }

  private take(group: string): Upstream {
    const origins = MEMBERS[group]!
    const origin = origins[this.count.requests % origins.length]!
    const idle = [...this.upstreams.values()].reverse().find(it => it.origin === origin && !it.busy)
    const upstream = idle ?? this.dial(group, origin)
    upstream.busy = true
    upstream.requests++
    if (idle) this.count.reused++
    return upstream
  }

  private dial(group: string, origin: string): Upstream {
    const id = `u${++this.count.dialed}`
    const upstream = { id, group, origin, bornAt: this.now, requests: 0, idleSince: this.now, busy: false }
    this.upstreams.set(id, upstream)
    return upstream
  }

  private finish(client: Client, exchange: Exchange): void {
    const { now } = this
    exchange.overAt = now
    this.ended.push({ client: client.id, exchange })
    this.phases.total.note(now - exchange.beganAt)
    if (exchange.failed) this.count.bad++
    else this.count.ok++
    const { upstream } = exchange
    if (upstream !== null) {
      upstream.busy = false
      upstream.idleSince = now
      if (exchange.failed) this.end(upstream, 'upstream', upstream.origin, 'upstream-incomplete')
    }
    client.exchange = null
    client.idleSince = now
    client.nextAt = now + this.random() ** 3 * 9_000
  }

  private leave(client: Client, reason: CloseReason): void {
    this.clients.delete(client.id)
    this.note(client, 'client', client.peer, reason)
  }

  private drop(upstream: Upstream): void {
    this.end(upstream, 'upstream', upstream.origin, upstream.group === 'shop' ? 'upstream-learned' : 'upstream-idle')
  }

  private end(upstream: Upstream, side: 'upstream', peer: string, reason: CloseReason): void {
    this.upstreams.delete(upstream.id)
    this.note(upstream, side, peer, reason)
  }

  private note(
    { id, requests, bornAt }: Client | Upstream,
    side: 'client' | 'upstream',
    peer: string,
    reason: CloseReason,
  ): void {
    this.closed.unshift({ id, side, peer, requests, ageMs: this.now - bornAt, reason, at: this.now })
    this.closed.length = Math.min(this.closed.length, 12)
    this.closes[side].set(reason, (this.closes[side].get(reason) ?? 0) + 1)
  }

  private random(): number {
    this.seed = (this.seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return this.seed / 2_147_483_648
  }

  // ---- AdminSource ----

  stats(): Totals {
    const { count, clients, upstreams } = this
    const active = [...clients.values()].filter(({ exchange }) => exchange !== null).length
    const busy = [...upstreams.values()].filter(it => it.busy).length
    const { head, wait, firstByte, total } = this.phases
    return {
      name: 'edge-1',
      version: '1.2.3',
      startedAt: this.startedAt,
      workers: { wanted: 2, running: 2, restarts: 1 },
      reloads: { accepted: 3, refused: 1 },
      phases: {
        head: head.snapshot(),
        wait: wait.snapshot(),
        firstByte: firstByte.snapshot(),
        total: total.snapshot(),
      },
      statuses: { '1xx': 0, '2xx': count.ok, '3xx': 0, '4xx': 0, '5xx': count.bad, other: 0 },
      racesLost: 2,
      lookups: { pending: 4, asked: 90, refused: { lookupsMax: 1, lookupsPerAddressMax: 2 } },
      guards: { requestsPerSecond: 7 },
      groups: Object.keys(MEMBERS).map(name => ({ name, members: this.members(name) })),
      client: {
        open: clients.size,
        idle: clients.size - active,
        active,
        accepted: count.accepted,
        refused: 0,
        requests: count.requests,
        closes: Object.fromEntries(this.closes.client),
      },
      upstream: {
        open: upstreams.size,
        idle: upstreams.size - busy,
        busy,
        reserved: 0,
        dialing: 0,
        waiting: 0,
        dialed: count.dialed,
        reused: count.reused,
        closes: Object.fromEntries(this.closes.upstream),
        origins: [],
      },
      exchanges: {
        active,
        total: count.exchanges,
        retries: 4,
        failures: { http_response_incomplete: count.bad },
        deadlines: { responseHeadMs: 3 },
      },
    }
  }

  private members(group: string): MemberTotals[] {
    return MEMBERS[group]!.map((name, i) => {
      const own = [...this.upstreams.values()].filter(({ origin }) => origin === name)
      const busy = own.filter(it => it.busy).length
      const requests = own.reduce((sum, it) => sum + it.requests, 0)
      const counts = {
        idle: own.length - busy,
        busy,
        reserved: 0,
        dialing: 0,
        waiting: 0,
        requests,
        failures: i,
        ejections: 0,
        queued: 0,
        compressedSeen: 0,
        plainSeen: 0,
        refused: 0,
        closes: {},
      }
      const learned = group === 'shop' ? { learnedIdleMs: 4_000 } : {}
      const row = i === 2 ? 7 : 0
      const lastFailure = { at: this.now - 2_000, error: 'connection_refused', message: `${name} refuses` } as const
      const known = {
        checked: group === 'shop',
        failuresInRow: row,
        ...(requests > 0 && row === 0 ? { lastAnswerAt: this.now } : {}),
        ...(i > 0 ? { lastFailure } : {}),
      }
      const state = row > 0 ? 'failing' : 'up'
      return { name, state, weight: 1, backup: false, ...counts, ...known, ...learned }
    })
  }

  ready(): boolean {
    return this.isReady
  }

  reasonNotReady(): string {
    return this.isReady ? '' : 'It is draining.'
  }

  advice(): readonly Advice[] {
    return this.advised
  }

  snapshot(max: number): Snapshot {
    const clients = [...this.clients.values()].sort((a, b) => Number(b.exchange !== null) - Number(a.exchange !== null))
    const upstreams = [...this.upstreams.values()].sort((a, b) => Number(b.busy) - Number(a.busy))
    const shown = clients.slice(0, max)
    const running = shown.flatMap(({ id, exchange }) => (exchange === null ? [] : [this.exchangeView(id, exchange)]))
    const over = this.ended.map(({ client, exchange }) => this.exchangeView(client, exchange))
    return {
      at: this.now,
      clients: { list: shown.map(it => this.clientView(it)), total: clients.length },
      upstreams: { list: upstreams.slice(0, max).map(it => this.upstreamView(it)), total: upstreams.length },
      exchanges: { list: [...over, ...running], total: over.length + running.length },
      closed: [...this.closed],
    }
  }

  private clientView({ id, peer, requests, bornAt, idleSince, exchange }: Client): ClientView {
    const bare = { id, peer, requests, ageMs: this.now - bornAt, listener: 'web' }
    if (exchange !== null) return { ...bare, state: 'exchanging' }
    const leftMs = CLIENT_IDLE_MS - (this.now - idleSince)
    return { ...bare, state: 'idle', idle: { leftMs, limitMs: CLIENT_IDLE_MS, reason: 'client-idle' } }
  }

  private upstreamView({ id, group, origin, requests, bornAt, idleSince, busy }: Upstream): UpstreamView {
    const address = new URL(origin).hostname
    const bare = { id, group, origin, address, requests, ageMs: this.now - bornAt }
    if (busy) return { ...bare, state: 'busy' }
    const leftMs = UPSTREAM_IDLE_MS - (this.now - idleSince)
    return { ...bare, state: 'idle', idle: { leftMs, limitMs: UPSTREAM_IDLE_MS, reason: 'upstream-idle' } }
  }

  private exchangeView(client: string, exchange: Exchange): ExchangeView {
    const { id, method, target, upstream, beganAt, answersAt, overAt, failed } = exchange
    const over = overAt > 0
    const stage = over ? 'over' : this.now < answersAt ? 'sent' : 'responding'
    const bare = {
      id,
      client,
      upstream: upstream?.id ?? '',
      origin: upstream?.origin ?? '',
      method,
      target,
      host: 'shop.example',
    }
    const status = stage === 'sent' ? 0 : failed ? 502 : 200
    const outcome = over ? { outcome: failed ? ('upstream-aborted' as const) : ('complete' as const) } : {}
    return { ...bare, status, stage, ageMs: (over ? overAt : this.now) - beganAt, retries: 0, ...outcome }
  }

  ledger(exchange: string): Ledger | null {
    return exchange.startsWith('x') ? { ...LEDGER, exchange } : null
  }

  watched(on: boolean): void {
    this.watching = on
  }
}
