import { type ELSEWHERE_REFUSALS, mayRetry, type RetryVerdict } from '../link/exchange-facts.js'
import { ProxyError } from '../link/proxy-error.js'
import type { OriginPool } from '../net/upstream/origin-pool.js'
import type { CloseReason } from '../policy/close-reason.js'
import type { ExchangeSteps } from './exchange-steps.js'
import type { ExchangeView } from './exchange-view.js'
import { rewriteAgain } from './rewrite-again.js'

// After a failure: whether the request is sent again, and where.

/**
 * The upstream connection ended before a response began: the request is sent again if that is permitted; otherwise it has failed.
 * @param lost what happened @param stale the upstream's only response was a 408 about its idle limit
 */
export function retry(exchange: ExchangeSteps, lost: ProxyError, upstreamReason: CloseReason, stale: boolean): void {
  const upstream = exchange.upstream!
  const { reused } = upstream
  const verdict = mayRetry({
    method: exchange.asked.method,
    clientGone: exchange.client.isGone,
    retries: exchange.tries.resent,
    wrote: !upstream.wroteNothing,
    reused,
    // With any other byte, even of an interim response or of half a head, the response has begun.
    response: stale ? '408' : upstream.heardNothing ? 'none' : 'begun',
    goesOnWithLogin: exchange.tries.goesOnWithLogin,
    contentKept: exchange.upload === null || exchange.upload.kept.isKept,
    freshToo: retriesFresh(exchange),
  })
  if (reused) upstream.lost(exchange.sentAt, exchange.settings.clock.now())
  exchange.dropUpstream(reused ? 'stale' : upstreamReason)
  const failed = (why: RetryVerdict | keyof typeof ELSEWHERE_REFUSALS) =>
    lostBeforeResponse(`${lost.message}; not sent again: ${why}`)
  if (verdict === 'yes') {
    if (!reused) moveOn(exchange, lost) // closing a connection that has idled for long is not a failure
    exchange.sendAgain()
  } else if (verdict === 'elsewhere') retryElsewhere(exchange, lost, failed)
  else exchange.fail(failed(verdict), upstreamReason)
}

/** No byte of the request was written: it may go to another server, whatever its method. */
export function tryAnother(exchange: ExchangeSteps, error: ProxyError): void {
  if (!moveOn(exchange, error)) {
    exchange.fail(error)
    return
  }
  exchange.tries.retries++
  exchange.engine.counts.retries++
  const now = exchange.settings.clock.now()
  exchange.acquire(false, now)
  exchange.goOn(now)
}

/** Whether a request that a fresh connection to one server lost may go to another server. */
export function retriesFresh({ routed, tries }: Pick<ExchangeView, 'routed' | 'tries'>): boolean {
  return routed !== null && tries.choice !== null && routed.group.spec.retryOn === 'any'
}

/**
 * Part of the request was written, and it may be sent twice: it goes to another server, if there is one that has not had it.
 * @param lost what happened
 * @param failed the same, with why the request is not sent again
 */
function retryElsewhere(
  exchange: ExchangeSteps,
  lost: ProxyError,
  failed: (why: keyof typeof ELSEWHERE_REFUSALS) => ProxyError,
): void {
  const { tries } = exchange
  const { retryBudget, load } = exchange.routed!.group
  tries.endBudget()
  if (!retryBudget.admits(load)) exchange.fail(failed('retry-budget'))
  else if (!moveOn(exchange, lost)) exchange.fail(failed('no-other-server'))
  else {
    tries.beginBudget(retryBudget)
    exchange.sendAgain()
  }
}

/** Moves the request to another server of the group, and records a failure of this one; false: there is no other. */
function moveOn(exchange: ExchangeSteps, error: ProxyError): boolean {
  const { pool: failed, outbound, tries, settings, routed } = exchange
  if (routed === null || tries.choice === null || failed === null) return false
  const next = tries.choice.next(failed, outbound?.framing === 'chunked', settings.clock.now())
  if (next === null) return false
  exchange.pool = next
  // If Host is the server's own, it changes.
  if (routed.sendHost === 'upstream' && next.origin.authority !== failed.origin.authority)
    exchange.outbound = rewriteAgain(exchange)
  noteFailure(failed, error, exchange)
  return true
}

/** Counts a failure of the upstream side against its server. */
export function noteFailure(
  pool: OriginPool | null,
  error: ProxyError,
  { settings, upstreamVerdict }: Pick<ExchangeView, 'settings' | 'upstreamVerdict'>,
): void {
  if (error.side !== 'upstream' || pool === null) return
  if (upstreamVerdict === 'stale' && error.stage === 'response-head') return // it closed an idle connection, as it may
  pool.failed(error, settings.clock.now())
}

export function lostBeforeResponse(text: string): ProxyError {
  return new ProxyError('connection_terminated', text, { stage: 'response-head', side: 'upstream' })
}
