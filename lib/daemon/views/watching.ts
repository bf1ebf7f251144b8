import type { ClosedView, ExchangeView, Ledger, Shown, Snapshot } from '../../admin/source.js'
import { BoundedMap } from '../../link/bounded-map.js'
import type { ClientConnection } from '../../net/client/client-connection.js'
import { type Clock, systemClock } from '../../net/clock.js'
import type { UpstreamConnection } from '../../net/upstream/upstream-connection.js'
import type { ExchangeWatcher } from '../../proxy/engine.js'
import type { ConnectionRecord, Outcome } from '../../proxy/events.js'
import { Exchange } from '../../proxy/forward.js'
import { connectionRecord, type HopwiseProxy } from '../../proxy/proxy.js'
import type { Upstreams } from '../../proxy/upstreams.js'
import { busiest } from './busiest.js'
import { clientView, closedView, exchangeId, exchangeView, type Prefixes, upstreamView } from './connection-views.js'
import { type KeptHeads, keptHeads, ledgerOf } from './exchange-ledger.js'

/** A listener, as far as the live page is concerned. */
export interface WatchedListener {
  readonly plan: { readonly name: string }
  readonly proxy: HopwiseProxy
}

const CLOSED_MAX = 50
const ENDED_MAX = 200
const HEADS_MAX = 200
/** How long an ended exchange is still shown: from one look to the next. */
const ENDED_MS = 1_000

/**
 * The data of the live page: a snapshot of connections and exchanges, why the last connections ended, and what became of the
 * fields of the last exchanges. While no page is open nothing is kept, and an exchange costs two comparisons with null.
 */
export class Watching {
  readonly #clock: Clock
  readonly #watches = new Map<WatchedListener, ListenerWatch>()
  /** Oldest first, as are the two below. */
  readonly #closed: ClosedView[] = []
  readonly #ended: { readonly at: number; readonly view: ExchangeView }[] = []
  readonly #heads = new BoundedMap<KeptHeads>(HEADS_MAX)
  #numbered = 0
  #on = false

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
  }

  /** Whether a live page is open. */
  get on(): boolean {
    return this.#on
  }

  set on(on: boolean) {
    if (on === this.#on) return
    this.#on = on
    for (const watch of this.#watches.values()) watch.set(on)
    if (on) return
    this.#closed.length = 0
    this.#ended.length = 0
    this.#heads.clear()
  }

  /** Watches a listener, from its creation until `remove`. */
  add(listener: WatchedListener): void {
    if (this.#watches.has(listener)) return
    const watch = new ListenerWatch(listener, ++this.#numbered, this)
    this.#watches.set(listener, watch)
    watch.set(this.#on)
  }

  /** The listener's last connection is gone. */
  remove(listener: WatchedListener): void {
    this.#watches.get(listener)?.set(false)
    this.#watches.delete(listener)
  }

  // What is reported ---------------------------------------------------------------------------------------------------------

  /** A connection of the upstream side that listeners share. */
  upstreamClosed(connection: UpstreamConnection): void {
    if (this.#on) this.noteClosed(connectionRecord(connection, this.#clock.now()), '')
  }

  noteClosed(record: ConnectionRecord, prefix: string): void {
    keep(this.#closed, closedView(record, prefix, this.#clock.wallMs()), CLOSED_MAX)
  }

  noteEnded(exchange: Exchange, prefixes: Prefixes, outcome: Outcome): void {
    const at = this.#clock.now()
    keep(this.#ended, { at, view: exchangeView(exchange, prefixes, at, outcome) }, ENDED_MAX)
    this.noteHeads(exchange, prefixes)
  }

  noteHeads(exchange: Exchange, prefixes: Prefixes): void {
    const heads = keptHeads(exchange)
    if (heads === null) return // those of a tunnel were noted when it began
    this.#heads.set(exchangeId(exchange, prefixes), heads)
  }

  // What is requested --------------------------------------------------------------------------------------------------------

  /** null: not known, or no longer. */
  ledger(id: string): Ledger | null {
    const heads = this.#heads.get(id) ?? this.#headsUnderWay(id)
    return heads === null ? null : ledgerOf(id, heads)
  }

  #headsUnderWay(id: string): KeptHeads | null {
    if (!this.#on) return null
    for (const { listener, prefixes } of this.#watches.values()) {
      for (const client of listener.proxy.clients.connections) {
        const exchange = exchangeOf(client)
        if (exchange !== null && exchangeId(exchange, prefixes) === id) return keptHeads(exchange)
      }
    }
    return null
  }

  /**
   * All connections at one moment: of each kind the `max` busiest. Costs one pass over them.
   * @param upstreams the side that listeners share; null: there is none
   */
  snapshot(listeners: readonly WatchedListener[], upstreams: Upstreams | null, max: number): Snapshot {
    const watches = listeners.flatMap(listener => this.#watches.get(listener) ?? [])
    const now = this.#clock.now()
    const clients = busiestClients(watches, max)
    const running = clients.flatMap(({ client, watch: { prefixes } }) => {
      const exchange = exchangeOf(client)
      return exchange === null ? [] : [exchangeView(exchange, prefixes, now)]
    })
    const views = clients.map(({ client, watch }) =>
      clientView(client, watch.listener.plan.name, watch.prefixes.client, now),
    )
    const ended = this.#endedSince(now - ENDED_MS)
    const active = watches.reduce((sum, { listener }) => sum + listener.proxy.counts.active, 0)
    return {
      at: this.#clock.wallMs(),
      clients: { list: views, total: watches.reduce((sum, { listener }) => sum + listener.proxy.clients.open, 0) },
      upstreams: shownUpstreams(watches, upstreams, max, now),
      exchanges: { list: [...running, ...ended.slice(0, max)], total: active + ended.length },
      closed: this.#closed.toReversed(),
    }
  }

  /** Newest first. */
  #endedSince(since: number): ExchangeView[] {
    return this.#ended
      .filter(({ at }) => at > since)
      .map(({ view }) => view)
      .reverse()
  }
}

/** One listener, and what it reports while a live page is open. Its ids are local: those of all but the first get its number. */
class ListenerWatch implements ExchangeWatcher {
  readonly prefixes: Prefixes
  readonly #watching: Watching
  readonly #clientClosed: (record: ConnectionRecord) => void
  readonly #upstreamClosed: (record: ConnectionRecord) => void

  constructor(
    readonly listener: WatchedListener,
    number: number,
    watching: Watching,
  ) {
    const own = `l${number}.`
    // The shared upstream side has no prefix, so any other needs one.
    this.prefixes = { client: number === 1 ? '' : own, upstream: listener.proxy.ownsUpstreams ? own : '' }
    this.#watching = watching
    this.#clientClosed = record => watching.noteClosed(record, this.prefixes.client)
    this.#upstreamClosed = record => watching.noteClosed(record, this.prefixes.upstream)
  }

  set(on: boolean): void {
    const { proxy } = this.listener
    proxy.off('client-close', this.#clientClosed).off('upstream-close', this.#upstreamClosed)
    proxy.watcher = on ? this : null
    if (on) proxy.on('client-close', this.#clientClosed).on('upstream-close', this.#upstreamClosed)
  }

  tunnelled(exchange: Exchange): void {
    this.#watching.noteHeads(exchange, this.prefixes)
  }

  ended(exchange: Exchange, outcome: Outcome): void {
    this.#watching.noteEnded(exchange, this.prefixes, outcome)
  }
}

/** More than any clock value: active connections come before all idle ones. */
const ACTIVE = 2 ** 50

function busiestClients(watches: readonly ListenerWatch[], max: number) {
  const weight = (client: ClientConnection): number =>
    (client.isIdle ? 0 : ACTIVE) + Math.max(client.readAt, client.openedAt)
  const all = watches.flatMap(watch =>
    busiest(watch.listener.proxy.clients.connections, max, weight).map(client => ({ client, watch })),
  )
  return busiest(all, max, ({ client }) => weight(client))
}

function shownUpstreams(
  watches: readonly ListenerWatch[],
  shared: Upstreams | null,
  max: number,
  now: number,
): Shown<ReturnType<typeof upstreamView>> {
  const sides = new Map<Upstreams, string>(
    watches.map(({ listener, prefixes }) => [listener.proxy.upstreams, prefixes.upstream]),
  )
  if (shared !== null) sides.set(shared, '')
  const weight = ({ entry, openedAt, readAt }: UpstreamConnection): number =>
    entry.state === 'idle' ? entry.idleSince : ACTIVE + Math.max(readAt, openedAt)
  let total = 0
  const all = [...sides].flatMap(([{ pools }, prefix]) => {
    const { connections, dials } = pools
    total += connections.size + dials.size
    return busiest(both(connections, dials), max, weight).map(upstream => ({ upstream, prefix }))
  })
  const list = busiest(all, max, ({ upstream }) => weight(upstream))
  return { list: list.map(({ upstream, prefix }) => upstreamView(upstream, prefix, now)), total }
}

function* both<T>(first: Iterable<T>, second: Iterable<T>): Iterable<T> {
  yield* first
  yield* second
}

function exchangeOf({ exchange, tunnelled }: ClientConnection): Exchange | null {
  if (exchange instanceof Exchange) return exchange
  return tunnelled instanceof Exchange ? tunnelled : null
}

function keep<T>(list: T[], one: T, max: number): void {
  list.push(one)
  if (list.length > max) list.shift()
}
