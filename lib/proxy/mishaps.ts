import type { DeadlineName } from '../link/deadlines.js'
import { actOn, type Mishap, stageOf } from '../link/mishap.js'
import { ProxyError } from '../link/proxy-error.js'
import { type Timeout, timeoutOf } from '../link/timeouts.js'
import { CONTINUE } from '../policy/answer.js'
import type { CloseReason } from '../policy/close-reason.js'
import type { ProtocolError } from '../wire/protocol-error.js'
import type { ExchangeSteps } from './exchange-steps.js'
import { brokenRequest, brokenResponse } from './failures.js'
import { lostBeforeResponse, retry, tryAnother } from './retry.js'

// What can go wrong in an exchange. link/mishap.ts decides what to do, by how far the exchange has come; it is done here.

/** What happened, as it is reported. */
interface Details {
  /** null: nothing that counts as an error in the log. */
  readonly error: ProxyError | null
  /** Why the upstream's connection ends, if there is one. */
  readonly upstreamReason: CloseReason
  /** Why the client's connection ends; undefined: it may be kept after an answer. */
  readonly clientReason?: CloseReason | undefined
  /** The client's connection is reset. */
  readonly reset?: boolean
  /** The upstream's only response was a 408 about its idle limit. */
  readonly stale?: boolean
  /** The deadline that may be extended by the same time again. */
  readonly deadline?: DeadlineName
}

function meet(exchange: ExchangeSteps, mishap: Mishap, details: Details): void {
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
  else if (act === 'retry') retry(exchange, error!, upstreamReason, details.stale === true)
  else if (act === 'another') tryAnother(exchange, error!)
  else if (act === 'patience') client.deadline.set('halfClosedMs', settings.deadlines.halfClosedMs)
  else if (act === 'continue') sendContinue(exchange)
  else if (act === 'extend') exchange.upstream!.deadline.set(details.deadline!, settings.deadlines[details.deadline!])
}

// The client ----------------------------------------------------------------------------------------------------------

export function clientBroke(exchange: ExchangeSteps, error: ProtocolError): void {
  const failure = brokenRequest(error, exchange.request === 'none')
  const clientReason = 'client-protocol-error'
  meet(exchange, 'client-broke', { error: failure, upstreamReason: 'client-gone', clientReason })
}

export function clientFinished(exchange: ExchangeSteps): void {
  meet(exchange, 'client-fin', { error: null, upstreamReason: 'client-gone', clientReason: 'client-fin' })
}

/** A deadline of the client's side. */
export function clientTimedOut(exchange: ExchangeSteps, name: DeadlineName): void {
  const { deadlines } = exchange.settings
  if (name === 'continueMs') meet(exchange, 'continue-late', { error: null, upstreamReason: 'client-gone' })
  else if (name === 'clientWriteMs')
    meet(exchange, 'client-stalled', { ...timeoutOf('client', name, deadlines), reset: true })
  else if (name === 'halfClosedMs') {
    const stage = exchange.response === 'begun' ? 'response-body' : 'response-head'
    meet(exchange, 'client-left', timeoutOf('client', name, deadlines, stage))
  } else meet(exchange, 'client-late', timeoutOf('client', name, deadlines))
}

/** Sends a 100: the upstream has not answered `Expect: 100-continue` in time, or cannot be asked (RFC 9110 10.1.1). */
export function sendContinue(exchange: ExchangeSteps): void {
  if (exchange.continued) return
  exchange.continued = true
  const { client, settings } = exchange
  exchange.watched?.keepInterim({ text: CONTINUE, repairs: 0 }, 'own')
  client.write(CONTINUE)
  client.flush()
  client.deadline.set('requestBodyMs', settings.deadlines.requestBodyMs)
}

// The upstream --------------------------------------------------------------------------------------------------------

export function noUpstream(exchange: ExchangeSteps, error: ProxyError): void {
  meet(exchange, 'no-upstream', { error, upstreamReason: 'client-gone' })
}

/** A deadline of the upstream's side. */
export function upstreamTimedOut(exchange: ExchangeSteps, name: DeadlineName): void {
  const timeout: Timeout = timeoutOf('upstream', name, exchange.settings.deadlines)
  const taking = name === 'requestBodyMs' || (name === 'responseHeadMs' && exchange.upstream?.pressured === true)
  if (taking) meet(exchange, 'upstream-slow', { ...timeout, deadline: name })
  else meet(exchange, 'upstream-late', timeout)
}

/** The upstream's bytes are not acceptable HTTP, or end in the middle of a message. */
export function upstreamBroke(exchange: ExchangeSteps, error: ProtocolError): void {
  const { upstream } = exchange
  if (upstream === null) return
  if (exchange.tries.stale) {
    meet(exchange, 'upstream-fin', { error: lostBeforeResponse(error.message), upstreamReason: 'stale', stale: true })
    return
  }
  const inContent = upstream.inContent || exchange.response === 'begun'
  const upstreamReason = upstream.hasEnded ? 'upstream-incomplete' : 'upstream-protocol-error'
  meet(exchange, 'upstream-broke', { error: brokenResponse(error, inContent), upstreamReason })
}

export function upstreamFinished(exchange: ExchangeSteps): void {
  const error = lostBeforeResponse('the upstream closed the connection before the response began')
  meet(exchange, 'upstream-fin', { error, upstreamReason: 'upstream-fin' })
}

/** The upstream connection is closed or broken. */
export function upstreamGone(exchange: ExchangeSteps, error: NodeJS.ErrnoException | null): void {
  const what =
    error === null
      ? 'the upstream closed the connection'
      : `the connection to the upstream failed (${error.code ?? error.message})`
  const failure =
    exchange.response === 'none'
      ? lostBeforeResponse(`${what} before the response began`)
      : new ProxyError('http_response_incomplete', `${what} in the middle of the response`, {
          stage: 'response-body',
          side: 'upstream',
        })
  meet(exchange, 'upstream-gone', { error: failure, upstreamReason: 'upstream-reset' })
}
