import type { DeadlineName } from '../link/deadlines.js'
import { type ELSEWHERE_REFUSALS, mayRetry, type RetryVerdict } from '../link/exchange-facts.js'
import { actOn, type Mishap, stageOf } from '../link/mishap.js'
import { ProxyError } from '../link/proxy-error.js'
import { type Timeout, timeoutOf } from '../link/timeouts.js'
import { CONTINUE } from '../policy/answer.js'
import type { CloseReason } from '../policy/close-reason.js'
import type { ProtocolError } from '../wire/protocol-error.js'
import { preferAnother, retriesFresh, retryElsewhere, tryAnother } from './choose.js'
import { brokenRequest, brokenResponse } from './failures.js'
import type { Exchange } from './forward.js'

// What can go wrong in an exchange. What becomes of it then is decided in link/mishap.ts, by how far it has come, and done here.

/** What happened, in the words of those who are told. */
interface Details {
  /** null: nothing that the log calls an error. */
  readonly error: ProxyError | null
  /** Why the upstream's connection ends, if there is one. */
  readonly upstreamReason: CloseReason
  /** Why the client's connection ends; undefined: it may be kept after an answer. */
  readonly clientReason?: CloseReason | undefined
  /** The client's connection is reset. */
  readonly reset?: boolean
  /** The upstream's only word was a 408 about its idle limit. */
  readonly stale?: boolean
  /** The wait that may be given the same time again. */
  readonly deadline?: DeadlineName
}

function meet(exchange: Exchange, mishap: Mishap, details: Details): void {
  const { request, response, client, settings } = exchange
  const act = actOn(mishap, stageOf(request, response), {
    answersHalfClosed: settings.answersHalfClosed,
    clientPressured: client.pressured,
    upstreamTook: details.deadline !== undefined && exchange.upstream?.tookSome() === true,
  })
  const { error, upstreamReason, clientReason } = details
  if (act === 'fail') exchange.fail(error!, upstreamReason, clientReason)
  else if (act === 'abandon') exchange.abandon(clientReason!, details.reset === true, error)
  else if (act === 'settle') exchange.settle()
  else if (act === 'retry') retry(exchange, error!, details)
  else if (act === 'another') tryAnother(exchange, error!)
  else if (act === 'patience') client.deadline.set('halfClosedMs', settings.deadlines.halfClosedMs)
  else if (act === 'continue') sendContinue(exchange)
  else if (act === 'extend') exchange.upstream!.deadline.set(details.deadline!, settings.deadlines[details.deadline!])
}

// The client ----------------------------------------------------------------------------------------------------------

export function clientBroke(exchange: Exchange, error: ProtocolError): void {
  const failure = brokenRequest(error, exchange.request === 'none')
  const clientReason = 'client-protocol-error'
  meet(exchange, 'client-broke', { error: failure, upstreamReason: 'client-gone', clientReason })
}

export function clientFinished(exchange: Exchange): void {
  meet(exchange, 'client-fin', { error: null, upstreamReason: 'client-gone', clientReason: 'client-fin' })
}

/** A deadline of the client's side. */
export function clientTimedOut(exchange: Exchange, name: DeadlineName): void {
  const { deadlines } = exchange.settings
  if (name === 'continueMs') meet(exchange, 'continue-late', { error: null, upstreamReason: 'client-gone' })
  else if (name === 'clientWriteMs')
    meet(exchange, 'client-stalled', { ...timeoutOf('client', name, deadlines), reset: true })
  else if (name === 'halfClosedMs') {
    const stage = exchange.response === 'begun' ? 'response-body' : 'response-head'
    meet(exchange, 'client-left', timeoutOf('client', name, deadlines, stage))
  } else meet(exchange, 'client-late', timeoutOf('client', name, deadlines))
}

/** The upstream has been silent about `Expect: 100-continue` for long enough, or cannot be asked (RFC 9110 10.1.1). */
export function sendContinue(exchange: Exchange): void {
  if (exchange.continued) return
  exchange.continued = true
  const { client, settings } = exchange
  exchange.watched?.keepInterim({ text: CONTINUE, repairs: 0 }, 'own')
  client.write(CONTINUE)
  client.flush()
  client.deadline.set('requestBodyMs', settings.deadlines.requestBodyMs)
}

// The upstream --------------------------------------------------------------------------------------------------------

export function noUpstream(exchange: Exchange, error: ProxyError): void {
  meet(exchange, 'no-upstream', { error, upstreamReason: 'client-gone' })
}

/** A deadline of the upstream's side. */
export function upstreamTimedOut(exchange: Exchange, name: DeadlineName): void {
  const timeout: Timeout = timeoutOf('upstream', name, exchange.settings.deadlines)
  const taking = name === 'requestBodyMs' || (name === 'responseHeadMs' && exchange.upstream?.pressured === true)
  if (taking) meet(exchange, 'upstream-slow', { ...timeout, deadline: name })
  else meet(exchange, 'upstream-late', timeout)
}

/** The upstream's bytes are not HTTP that we accept, or end inside a message. */
export function upstreamBroke(exchange: Exchange, error: ProtocolError): void {
  const { upstream } = exchange
  if (upstream === null) return
  if (exchange.tries.stale) {
    meet(exchange, 'upstream-fin', { error: lostError(error.message), upstreamReason: 'stale', stale: true })
    return
  }
  const inContent = upstream.inContent || exchange.response === 'begun'
  const upstreamReason = upstream.hasEnded ? 'upstream-incomplete' : 'upstream-protocol-error'
  meet(exchange, 'upstream-broke', { error: brokenResponse(error, inContent), upstreamReason })
}

export function upstreamFinished(exchange: Exchange): void {
  const error = lostError('the upstream closed the connection before it answered')
  meet(exchange, 'upstream-fin', { error, upstreamReason: 'upstream-fin' })
}

/** The upstream's connection is gone. */
export function upstreamGone(exchange: Exchange, error: NodeJS.ErrnoException | null): void {
  const how = error === null ? 'closed the connection' : `broke the connection off (${error.code ?? error.message})`
  const failure =
    exchange.response === 'none'
      ? lostError(`the upstream ${how} before it answered`)
      : new ProxyError('http_response_incomplete', `the upstream ${how} in the middle of its response`, {
          stage: 'response-body',
          side: 'upstream',
        })
  meet(exchange, 'upstream-gone', { error: failure, upstreamReason: 'upstream-reset' })
}

/** The upstream connection ended before a response began: the request is sent once more where it may be; else it has failed. */
function retry(exchange: Exchange, lost: ProxyError, { upstreamReason, stale }: Details): void {
  const upstream = exchange.upstream!
  const { reused } = upstream
  const verdict = mayRetry({
    method: exchange.asked.method,
    clientGone: exchange.client.isGone,
    retries: exchange.tries.resent,
    wrote: !upstream.wroteNothing,
    reused,
    // Any other byte, be it of an interim response or half a head, and it has begun to answer.
    response: stale === true ? '408' : upstream.heardNothing ? 'none' : 'begun',
    goesOnWithLogin: exchange.tries.goesOnWithLogin,
    contentKept: exchange.contentKept,
    freshToo: retriesFresh(exchange),
  })
  if (reused) upstream.lost(exchange.sentAt, exchange.settings.clock.now())
  exchange.dropUpstream(reused ? 'stale' : upstreamReason)
  const failed = (why: RetryVerdict | keyof typeof ELSEWHERE_REFUSALS) =>
    lostError(`${lost.message}; not sent again: ${why}`)
  if (verdict === 'yes') {
    if (!reused) preferAnother(exchange, lost) // closing a connection that has idled for long is no failure
    exchange.sendAgain()
  } else if (verdict === 'elsewhere') retryElsewhere(exchange, lost, failed)
  else exchange.fail(failed(verdict), upstreamReason)
}

function lostError(text: string): ProxyError {
  return new ProxyError('connection_terminated', text, { stage: 'response-head', side: 'upstream' })
}
