import type { ClientView, ClosedView, ExchangeStage, ExchangeView, UpstreamView } from '../../admin/source.js'
import type { ClientConnection } from '../../net/client/client-connection.js'
import type { UpstreamConnection } from '../../net/upstream/upstream-connection.js'
import type { CloseReason } from '../../policy/close-reason.js'
import type { ConnectionRecord, Outcome } from '../../proxy/events.js'
import type { ExchangeView as ProxyExchange } from '../../proxy/exchange-view.js'
import { connectionRecord } from '../../proxy/proxy.js'

/** Prefixes for ids that are unique in one listener only: '' or `l2.`. */
export interface Prefixes {
  /** Of clients and of exchanges. */
  readonly client: string
  readonly upstream: string
}

export function clientView(client: ClientConnection, listener: string, prefix: string, now: number): ClientView {
  const { id, peer, requests, ageMs } = connectionRecord(client, now)
  const view = { id: prefix + id, peer, listener, state: client.state, requests, ageMs }
  const { deadline, isIdle, http10, pool } = client
  if (!isIdle || !deadline.armed) return view
  const { name } = deadline
  const limitMs = pool.deadlines[name === 'clientIdleMs' && http10 ? 'clientIdleHttp10Ms' : name]
  // The limit may have changed since.
  const leftMs = Math.round(Math.max(0, deadline.at - now))
  const reason = name === 'clientIdleMs' ? 'client-idle' : 'client-head-timeout'
  return { ...view, idle: { leftMs, limitMs: Math.max(limitMs, leftMs), reason } }
}

export function upstreamView(upstream: UpstreamConnection, prefix: string, now: number): UpstreamView {
  const { id, peer: origin, requests, ageMs } = connectionRecord(upstream, now)
  const { pool, address } = upstream
  const view = { id: prefix + id, origin, address, group: pool.place.group, requests, ageMs, state: stateOf(upstream) }
  const end = pool.book.idleEnd(upstream, now)
  return end === null ? view : { ...view, idle: { ...end, leftMs: Math.round(end.leftMs) } }
}

function stateOf({ connecting, detached, entry }: UpstreamConnection): UpstreamView['state'] {
  if (connecting) return 'dialing'
  if (detached) return 'tunnelling'
  return entry.state === 'idle' || entry.state === 'reserved' ? entry.state : 'busy'
}

/** @param outcome when it is over */
export function exchangeView(
  exchange: ProxyExchange,
  prefixes: Prefixes,
  now: number,
  outcome?: Outcome,
): ExchangeView {
  const { asked, client, pool, status, startedAt, tries } = exchange
  const stage = outcome === undefined ? stageOf(exchange) : 'over'
  // An exchange that is over no longer has a connection, and is shown with the one it had.
  const upstream = stage === 'over' || stage === 'tunnelling' ? tries.carriedBy : (exchange.upstream?.peer ?? null)
  const view = {
    id: exchangeId(exchange, prefixes),
    client: prefixes.client + client.peer.id,
    upstream: upstream === null ? '' : prefixes.upstream + upstream.id,
    origin: pool === null ? exchange.tunnelled : pool.origin.key,
    method: asked.method,
    target: asked.target,
    host: asked.host,
    status,
    stage,
    ageMs: Math.round(now - startedAt),
    retries: tries.retries,
  }
  return outcome === undefined ? view : { ...view, outcome }
}

export const exchangeId = ({ number }: ProxyExchange, prefixes: Prefixes): string => `${prefixes.client}x${number}`

function stageOf(exchange: ProxyExchange): ExchangeStage {
  if (exchange.isTunnel) return 'tunnelling'
  if (exchange.response !== 'none') return 'responding'
  if (exchange.upstream !== null) return 'sent'
  return exchange.request === 'none' || exchange.upload?.isGathered ? 'reading' : 'waiting'
}

/** @param at milliseconds since 1970 */
export function closedView(record: ConnectionRecord, prefix: string, at: number): ClosedView {
  const { id, side, peer, requests, ageMs, detail } = record
  const reason: CloseReason = record.reason ?? (side === 'client' ? 'client-fin' : 'upstream-fin')
  const view = { id: prefix + id, side, peer, requests, ageMs, reason, at }
  return detail === undefined ? view : { ...view, detail }
}
