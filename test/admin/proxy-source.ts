import type {
  AdminSource,
  ClientView,
  ClosedView,
  ExchangeView,
  GroupTotals,
  IdleClock,
  Ledger,
  LedgerSide,
  MemberTotals,
  Snapshot,
  Totals,
  UpstreamView,
} from '../../lib/admin/source.js'
import { type Explanation, explainRequestHead, explainResponseHead } from '../../lib/cli/explain.js'
import { Histogram } from '../../lib/link/histogram.js'
import type { ClientConnection } from '../../lib/net/client/client-connection.js'
import type { OriginPool } from '../../lib/net/upstream/origin-pool.js'
import type { UpstreamConnection } from '../../lib/net/upstream/upstream-connection.js'
import type { UpstreamGroup } from '../../lib/net/upstream/upstream-group.js'
import type { CloseReason } from '../../lib/policy/close-reason.js'
import { Answered } from '../../lib/proxy/answered.js'
import type { ConnectionRecord, ExchangeRecord } from '../../lib/proxy/events.js'
import { Exchange } from '../../lib/proxy/forward.js'
import type { createProxy, HopwiseProxy } from '../../lib/proxy/proxy.js'
import { NO_LEDGER } from './some-ledger.js'

/** How long an ended exchange is still shown. */
const SHOWN_MS = 1_000

/** What the admin listener shows of one real proxy of this process, with the heads of its exchanges kept for the ledger. */
export class ProxySource implements AdminSource {
  private readonly proxy: HopwiseProxy
  private readonly startedAt = Date.now()
  private readonly ended: { at: number; record: ExchangeRecord }[] = []
  private readonly closed: ClosedView[] = []
  private readonly heads = new Map<string, { request: string; answered: Answered; method: string }>()
  private readonly total = new Histogram()
  private readonly none = new Histogram()
  private readonly statuses = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, other: 0 }

  constructor(proxy: ReturnType<typeof createProxy>) {
    this.proxy = proxy as HopwiseProxy
    keepHeads(this.heads)
    proxy.on('exchange', record => this.note(record))
    proxy.on('client-close', record => this.noteClosed(record)).on('upstream-close', record => this.noteClosed(record))
  }

  private note(record: ExchangeRecord): void {
    this.ended.push({ at: Date.now(), record })
    this.total.note(record.ms.total)
    const name = `${Math.trunc(record.status / 100)}xx`
    if (name in this.statuses) this.statuses[name as keyof typeof this.statuses]++
  }

  private noteClosed({ id, side, peer, requests, ageMs, reason = 'client-fin', detail }: ConnectionRecord): void {
    const more = detail === undefined ? {} : { detail }
    this.closed.unshift({ id, side, peer, requests, ageMs, reason, ...more, at: Date.now() })
    this.closed.length = Math.min(this.closed.length, 30)
  }

  ready(): boolean {
    return true
  }

  reasonNotReady(): string {
    return ''
  }

  advice(): readonly [] {
    return []
  }

  watched(): void {}

  stats(): Totals {
    const phases = { head: this.none, wait: this.none, firstByte: this.none, total: this.total }
    const { head, wait, firstByte, total } = phases
    return {
      ...this.proxy.stats(),
      name: this.proxy.settings.name,
      version: '0.0.0',
      startedAt: this.startedAt,
      workers: { wanted: 1, running: 1, restarts: 0 },
      reloads: { accepted: 0, refused: 0 },
      phases: {
        head: head.snapshot(),
        wait: wait.snapshot(),
        firstByte: firstByte.snapshot(),
        total: total.snapshot(),
      },
      statuses: this.statuses,
      racesLost: 0,
      guards: {},
      groups: [...this.proxy.upstreams.groups.values()].map(group => this.groupTotals(group)),
    }
  }

  private groupTotals(group: UpstreamGroup): GroupTotals {
    const members = group.states(this.now).map(({ member, weight, backup, failures, state }): MemberTotals => {
      const { idle, busy, reserved, dialing, waiting, lesson } = member.book
      const learned = lesson.limitMs(this.now)
      const counts = {
        idle,
        busy,
        reserved,
        dialing,
        waiting,
        requests: 0,
        failures,
        ejections: 0,
        queued: 0,
        compressedSeen: 0,
        plainSeen: 0,
        refused: 0,
        closes: {},
        checked: false,
        failuresInRow: 0,
      }
      const bare = { name: member.origin.key, state, weight, backup, ...counts }
      return Number.isFinite(learned) ? { ...bare, learnedIdleMs: learned } : bare
    })
    return { name: group.name, members }
  }

  /** The group of a pool; '' in forward mode. */
  private groupOf(pool: OriginPool): string {
    const has = (group: UpstreamGroup) => group.states(this.now).some(({ member }) => member === pool)
    return [...this.proxy.upstreams.groups.values()].find(has)?.name ?? ''
  }

  snapshot(max: number): Snapshot {
    while (this.ended.length > 0 && Date.now() - this.ended[0]!.at > SHOWN_MS) this.ended.shift()
    const { clients, upstreams } = this.proxy
    const busyFirst = [...clients.connections].sort((a, b) => Number(a.isIdle) - Number(b.isIdle))
    const all = [...upstreams.pools.connections, ...upstreams.pools.dials]
    const active = busyFirst.flatMap(({ exchange }) =>
      exchange instanceof Exchange ? [this.exchangeView(exchange)] : [],
    )
    const over = this.ended.map(({ record }) => overView(record))
    return {
      at: Date.now(),
      clients: { list: busyFirst.slice(0, max).map(client => this.clientView(client)), total: clients.open },
      upstreams: { list: all.slice(0, max).map(upstream => this.upstreamView(upstream)), total: all.length },
      exchanges: { list: [...over, ...active], total: over.length + active.length },
      closed: this.closed,
    }
  }

  private get now(): number {
    return this.proxy.settings.clock.now()
  }

  private clientView(client: ClientConnection): ClientView {
    const { id, address, port, requests, openedAt, isIdle, exchange, deadline } = client
    const bare = { id, peer: `${address}:${port}`, listener: 'web', requests, ageMs: this.now - openedAt }
    if (exchange !== null) return { ...bare, state: 'exchanging' }
    if (!isIdle || deadline.at < 0) return { ...bare, state: 'lingering' }
    const { clientIdleMs } = this.proxy.settings.deadlines
    return { ...bare, state: 'idle', idle: clockOf(deadline.at - this.now, clientIdleMs, 'client-idle') }
  }

  private upstreamView({ id, pool, entry, address, openedAt, connecting }: UpstreamConnection): UpstreamView {
    const bare = {
      id,
      origin: pool.origin.key,
      address,
      group: this.groupOf(pool),
      requests: entry.served,
      ageMs: this.now - openedAt,
    }
    if (connecting) return { ...bare, state: 'dialing' }
    if (entry.state !== 'idle') return { ...bare, state: 'busy' }
    const limitMs = Math.min(pool.shared.deadlines.upstreamIdleMs, entry.hintMs, pool.book.lesson.limitMs(this.now))
    const leftMs = limitMs - (this.now - entry.idleSince)
    return { ...bare, state: 'idle', idle: clockOf(leftMs, limitMs, 'upstream-idle') }
  }

  private exchangeView(exchange: Exchange): ExchangeView {
    const { number, client, upstream, pool, asked, status, response, startedAt, tries } = exchange
    const stage =
      upstream === null ? (pool === null ? 'reading' : 'waiting') : response === 'none' ? 'sent' : 'responding'
    return {
      id: `x${number}`,
      client: client.peer.id,
      upstream: upstream?.peer.id ?? '',
      origin: pool?.origin.key ?? '',
      method: asked.method,
      target: asked.target,
      host: asked.host,
      status,
      stage,
      ageMs: this.now - startedAt,
      retries: tries.retries,
    }
  }

  ledger(exchange: string): Ledger | null {
    const kept = this.heads.get(exchange)
    if (kept === undefined) return null
    const clientMinor = kept.request.includes('HTTP/1.0\r\n') ? 0 : 1
    const { settings } = this.proxy
    const scene = { settings, trusted: false, clientAddress: '127.0.0.1', method: kept.method, clientMinor } as const
    const response = RESPONSES.get(kept.answered)
    return {
      ...NO_LEDGER,
      exchange,
      request: sideOf(explainRequestHead(Buffer.from(kept.request, 'latin1'), scene)),
      response: response === undefined ? null : sideOf(explainResponseHead(Buffer.from(response, 'latin1'), scene)),
    }
  }
}

function overView({
  id,
  client,
  upstream,
  method,
  target,
  host,
  status,
  ms,
  retries,
  outcome,
}: ExchangeRecord): ExchangeView {
  const where = { client: client.id, upstream: upstream?.id ?? '', origin: upstream?.origin ?? '' }
  return { id, ...where, method, target, host, status, stage: 'over', ageMs: ms.total, retries, outcome }
}

const clockOf = (leftMs: number, limitMs: number, reason: CloseReason): IdleClock => ({ leftMs, limitMs, reason })

function sideOf({ startLine, outbound = '', rows, notes }: Explanation): LedgerSide {
  return { startLine, sentLine: outbound.slice(0, Math.max(0, outbound.indexOf('\r\n'))), rows, notes }
}

const RESPONSES = new WeakMap<Answered, string>()

/** The engine discards heads as soon as it can; here those of the last few hundred exchanges are kept. */
function keepHeads(heads: Map<string, { request: string; answered: Answered; method: string }>): void {
  const { note } = Answered.prototype
  Answered.prototype.note = function (...words) {
    note.apply(this, words)
    RESPONSES.set(this, words[0].lines.text)
  }
  const { onRequestHead } = Exchange.prototype
  Exchange.prototype.onRequestHead = function (head) {
    heads.set(`x${this.number}`, { request: head.lines.text, answered: this.answered, method: head.method })
    for (const id of heads.keys()) {
      if (heads.size <= 400) break
      heads.delete(id)
    }
    onRequestHead.call(this, head)
  }
}
