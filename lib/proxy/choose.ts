import type { ELSEWHERE_REFUSALS } from '../link/exchange-facts.js'
import type { ProxyError } from '../link/proxy-error.js'
import type { OriginPool } from '../net/upstream/origin-pool.js'
import { readCookie, setCookieLine } from '../policy/cookie.js'
import { hashKey } from '../policy/hash-key.js'
import type { RequestHead } from '../wire/request-head.js'
import type { Exchange } from './forward.js'
import type { Route } from './options/route-options.js'
import { rewriteAgain } from './rewrite-again.js'
import type { Tries } from './tries.js'

// Which server of a group gets a request, first and after a failure.

/** What is remembered of the choice, for the next one. Only for groups in which there is something to choose. */
export interface Choice {
  /** What the request is told apart by, '' for nothing. */
  readonly key: string
  /** Those that had it already. */
  readonly tried: OriginPool[]
}

/** The server for a request, null when no server is left. Who has logged in on a connection to one of them comes back to that one. */
export function chooseUpstream(exchange: Exchange, { group }: Route, head: RequestHead): OriginPool | null {
  const { client } = exchange
  const { sticky, hash, balance } = group.spec
  const now = client.readAt
  const key = balance.balance === 'hash' ? hashKey(head.lines, hash, client.peer.address) : ''
  const choice: Choice = { key, tried: [] }
  exchange.tries.choice = choice
  const { logins } = client.peer
  const own = logins === null ? null : logins.among(group)
  if (own !== null) return own
  if (sticky === '') return group.choose(now, key, choice.tried)
  const held = group.bySticky(readCookie(head.lines, sticky), now)
  if (held !== null) return held
  const chosen = group.choose(now, key, choice.tried)
  if (chosen !== null) holdTo(exchange, chosen)
  return chosen
}

/** From now on the client comes back to this server, if it keeps cookies. */
function holdTo(exchange: Exchange, pool: OriginPool): void {
  const { group } = exchange.routed!
  const secure = exchange.client.peer.scheme === 'https'
  exchange.stickyLine = setCookieLine(group.spec.sticky, group.stickyId(pool), { path: '/', secure })
}

/**
 * After a failure that left nothing of the request anywhere: another server of the group, or null when there is none, or it must not
 * be asked: then the failure stands.
 */
function chooseAnother(exchange: Exchange): OriginPool | null {
  const { routed, pool, settings } = exchange
  const { choice } = exchange.tries
  if (routed === null || choice === null || pool === null) return null
  const { group } = routed
  choice.tried.push(pool)
  if (choice.tried.length > group.spec.retries) return null
  const next = group.choose(settings.clock.now(), choice.key, choice.tried)
  if (next === null || (exchange.outbound?.framing === 'chunked' && next.sendsChunks(false) !== 'chunked')) return null
  if (group.spec.sticky !== '') holdTo(exchange, next)
  return next
}

/** Nothing of the request was written: another server may have it, whatever it asks for. */
export function tryAnother(exchange: Exchange, error: ProxyError): void {
  const before = exchange.pool
  if (!moveOn(exchange)) {
    exchange.fail(error)
    return
  }
  noteFailureOf(before, exchange, error)
  exchange.tries.retries++
  exchange.engine.counts.retries++
  const now = exchange.settings.clock.now()
  exchange.acquire(false, now)
  exchange.goOn(now)
}

/** May another server have what a fresh connection to this one lost? */
export function retriesFresh({ routed, tries }: Exchange): boolean {
  return routed !== null && tries.choice !== null && routed.group.spec.retryOn === 'any'
}

/**
 * Something of the request was written, and may be written twice: another server may have it, where one is left that has not had it.
 * @param lost what the server did
 * @param failed the same, and why the request is not sent again
 */
export function retryElsewhere(
  exchange: Exchange,
  lost: ProxyError,
  failed: (why: keyof typeof ELSEWHERE_REFUSALS) => ProxyError,
): void {
  const { pool } = exchange
  const { retryBudget, load } = exchange.routed!.group
  endRetry(exchange.tries)
  if (!retryBudget.admits(load)) exchange.fail(failed('retry-budget'))
  else if (!moveOn(exchange)) exchange.fail(failed('no-other-server'))
  else {
    noteFailureOf(pool, exchange, lost)
    retryBudget.underWay++
    exchange.tries.budget = retryBudget
    exchange.sendAgain()
  }
}

/** The retry has its answer, or none will come: another request may be sent again in its place. */
export function endRetry(tries: Tries): void {
  if (tries.budget !== null) tries.budget.underWay--
  tries.budget = null
}

/** Nothing of the request was written, and this server may have it once more: another one, if there is one, rather. */
export function preferAnother(exchange: Exchange, error: ProxyError): void {
  const { pool } = exchange
  if (moveOn(exchange)) noteFailureOf(pool, exchange, error)
}

/** To another server, with the same request; false: there is none. */
function moveOn(exchange: Exchange): boolean {
  const next = chooseAnother(exchange)
  if (next === null) return false
  const { authority } = exchange.pool!.origin
  exchange.pool = next
  // Where Host is the server's own, it is another one.
  if (exchange.routed!.sendHost === 'upstream' && next.origin.authority !== authority) rewriteAgain(exchange)
  return true
}

/** A failure of the upstream's is counted, and noted where somebody chooses by it. */
export function noteFailure(exchange: Exchange, error: ProxyError): void {
  noteFailureOf(exchange.pool, exchange, error)
}

function noteFailureOf(pool: OriginPool | null, { settings, upstreamVerdict }: Exchange, error: ProxyError): void {
  if (error.side !== 'upstream' || pool === null) return
  if (upstreamVerdict === 'stale' && error.stage === 'response-head') return // it ended an idle connection, as it may
  pool.failed(error, settings.clock.now())
}
