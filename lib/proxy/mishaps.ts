import type { DeadlineName } from '../link/deadlines.js'
import { type ELSEWHERE_REFUSALS, mayRetry, type RetryVerdict } from '../link/exchange-facts.js'
import { ProxyError } from '../link/proxy-error.js'
import { CONTINUE } from '../policy/answer.js'
import type { CloseReason } from '../policy/close-reason.js'
import type { ProtocolError } from '../wire/protocol-error.js'
import { preferAnother, retriesFresh, retryElsewhere } from './choose.js'
import { brokenRequest, brokenResponse } from './failures.js'
import type { Exchange } from './forward.js'
import { timeoutOf } from './timeouts.js'

// What can go wrong in an exchange, and what becomes of it then: one function for each thing that happens.

/** The client's octets are not HTTP that we accept. */
export function clientBroke(exchange: Exchange, error: ProtocolError): void {
  if (exchange.response === 'begun') exchange.abandon('client-protocol-error', exchange.clientFraming === 'close')
  else if (exchange.response === 'whole') exchange.settle()
  else exchange.fail(brokenRequest(error, exchange.request === 'none'), 'client-gone', 'client-protocol-error')
}

/**
 * The client's FIN: inside its content it is an abort; behind its request it is half a second's patience with a response that does not
 * begin, or does not go on. While the client has yet to take what is there, that has a limit of its own.
 */
export function clientFinished(exchange: Exchange): void {
  const { settings, client, response } = exchange
  if (exchange.request !== 'whole') exchange.abandon('client-fin', false)
  else if (settings.answersHalfClosed || response === 'whole') return
  else if (response === 'none' || !client.transport.pressured)
    client.deadline.set('halfClosedMs', settings.deadlines.halfClosedMs)
}

/** A deadline of the client's side. */
export function clientTimedOut(exchange: Exchange, name: DeadlineName): void {
  if (name === 'continueMs') sendContinue(exchange)
  else if (name === 'clientWriteMs') exchange.abandon('client-write-timeout', true, errorOf(exchange, name))
  else if (name === 'halfClosedMs') leftWaiting(exchange)
  else timedOut(exchange, 'client', name)
}

/** Nobody seems to wait for this response. A FIN would say that what there is of it is the whole, where only the end says so (RFC 9112 8). */
function leftWaiting(exchange: Exchange): void {
  const begun = exchange.response === 'begun'
  const stage = begun ? 'response-body' : 'response-head'
  const { error } = timeoutOf('client', 'halfClosedMs', exchange.settings.deadlines, stage)
  exchange.abandon('client-fin', begun && exchange.clientFraming === 'close', error)
}

/** The upstream has been silent about `Expect: 100-continue` for long enough, or cannot be asked (RFC 9110 10.1.1). */
export function sendContinue(exchange: Exchange): void {
  if (exchange.continued || exchange.request === 'whole' || exchange.response !== 'none') return
  exchange.continued = true
  const { client, settings } = exchange
  client.transport.write(CONTINUE)
  client.transport.flush()
  client.deadline.set('requestBodyMs', settings.deadlines.requestBodyMs)
}

function errorOf(exchange: Exchange, name: DeadlineName): ProxyError {
  return timeoutOf('client', name, exchange.settings.deadlines).error
}

/** A deadline of the upstream's side. */
export function upstreamTimedOut(exchange: Exchange, name: DeadlineName): void {
  const { upstream, settings } = exchange
  const taking = name === 'requestBodyMs' || (name === 'responseHeadMs' && upstream?.transport.pressured === true)
  if (taking && upstream?.transport.tookSome()) {
    upstream.deadline.set(name, settings.deadlines[name]) // slow, but not stalled
  } else timedOut(exchange, 'upstream', name)
}

function timedOut(exchange: Exchange, side: 'client' | 'upstream', name: DeadlineName): void {
  const { error, upstreamReason, clientReason } = timeoutOf(side, name, exchange.settings.deadlines)
  exchange.fail(error, upstreamReason, clientReason)
}

/** The upstream's octets are not HTTP that we accept, or end in mid-message. */
export function upstreamBroke(exchange: Exchange, error: ProtocolError): void {
  const { reader, transport } = exchange.upstream!
  if (exchange.stale) {
    upstreamLost(exchange, 'stale', '408', error.message)
    return
  }
  const inContent = reader.inContent || exchange.response === 'begun'
  exchange.fail(brokenResponse(error, inContent), transport.finSeen ? 'upstream-incomplete' : 'upstream-protocol-error')
}

/** The upstream's connection is gone. */
export function upstreamGone(exchange: Exchange, error: NodeJS.ErrnoException | null): void {
  const how = error === null ? 'closed the connection' : `broke the connection off (${error.code ?? error.message})`
  if (exchange.response === 'none') {
    upstreamLost(exchange, 'upstream-reset', 'none', `the upstream ${how} before it answered`)
    return
  }
  const what = `the upstream ${how} in the middle of its response`
  const failure = new ProxyError('http_response_incomplete', what, { stage: 'response-body', side: 'upstream' })
  exchange.fail(failure, 'upstream-reset')
}

/** The upstream connection ended before a response began: stale, then the request is sent once more; or a failure. */
export function upstreamLost(exchange: Exchange, reason: CloseReason, response: 'none' | '408', what: string): void {
  const upstream = exchange.upstream!
  const verdict = mayRetry({
    method: exchange.asked.method,
    clientGone: exchange.client.transport.closed,
    retries: exchange.resent,
    octetsWritten: upstream.transport.bytesOut - exchange.bytesOutBefore,
    reused: upstream.reused,
    // Any other octet, be it of an interim response or half a head, and it has begun to answer.
    response: response === 'none' && upstream.transport.bytesIn > exchange.bytesInBefore ? 'begun' : response,
    goesOnWithLogin: exchange.goesOnWithLogin,
    contentKept: exchange.contentKept,
    freshToo: retriesFresh(exchange),
  })
  const { reused } = upstream
  if (reused) exchange.pool!.book.lost(upstream, exchange.sentAt, exchange.settings.clock.now())
  exchange.dropUpstream(reused ? 'stale' : reason)
  const lost = lostError(what)
  const failed = (why: RetryVerdict | keyof typeof ELSEWHERE_REFUSALS) => lostError(`${what}; not sent again: ${why}`)
  if (verdict === 'yes') {
    if (!reused) preferAnother(exchange, lost) // closing a connection that has idled for long is no failure
    exchange.sendAgain()
  } else if (verdict === 'elsewhere') retryElsewhere(exchange, lost, failed)
  else exchange.fail(failed(verdict), reason)
}

function lostError(text: string): ProxyError {
  return new ProxyError('connection_terminated', text, { stage: 'response-head', side: 'upstream' })
}
