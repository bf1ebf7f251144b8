import { ProxyError } from '../link/proxy-error.js'
import { CLOSED_PORTS, closedPortOf } from '../policy/closed-ports.js'
import { readAuthority } from '../wire/authority.js'
import type { Lines } from '../wire/lines.js'
import type { RequestHead } from '../wire/request-head.js'
import type { ExchangeSteps } from './exchange-steps.js'
import type { Settings } from './options/settings.js'
import {
  AUTH_BUSY,
  basicCredentials,
  contentTooLong,
  isAmong,
  type OwnAnswer,
  ownAnswer,
  type Problem,
  portNotOpen,
  tooManyFailures,
  tooManyRequests,
  tooManyUnderWay,
  unknownClient,
} from './own-answer.js'
import type { Proof, Users } from './users.js'

/**
 * Decides whether a request is admitted, and answers those that hopwise answers itself; null: the request goes on. Checking a
 * password may take a while: then `exchange.admission` resolves with the result, and nothing is sent upstream before.
 */
export function admit(exchange: ExchangeSteps, head: RequestHead): OwnAnswer | null {
  const answer = refusalOf(exchange, head)
  return answer === null || answer.kind !== 'problem' ? answer : noted(exchange, answer)
}

function refusalOf(exchange: ExchangeSteps, head: RequestHead): OwnAnswer | null {
  const { settings, client, engine } = exchange
  if (engine.rate !== null && client.peer.address !== '') {
    const waitMs = engine.rate.take(client.peer.site, client.readAt)
    if (waitMs > 0) {
      engine.counts.refusedByRate++
      return tooManyRequests(waitMs)
    }
  }
  const { requestContentBytesMax, requestsPerAddressMax } = settings.limits
  if (requestsPerAddressMax > 0 && client.peer.site !== '') {
    exchange.isCounted = engine.underWay.begin(client.peer.site, requestsPerAddressMax)
    if (!exchange.isCounted) {
      engine.counts.refusedAsTooMany++
      return tooManyUnderWay(requestsPerAddressMax)
    }
  }
  if (requestContentBytesMax > 0 && head.contentLength > requestContentBytesMax)
    return contentTooLong(requestContentBytesMax)
  if (settings.credentials !== null && isGuess(exchange, head.lines, settings.credentials)) return tooOften(exchange)
  const answer = ownAnswer(head, settings, client.peer)
  if (answer !== null) return answer
  const closed = settings.mode === 'forward' && head.targetForm === 'absolute' ? closedPort(exchange, head) : null
  if (closed !== null) return closed
  const unidentified = settings.users === null ? null : identify(exchange, settings.users, head.lines)
  if (unidentified !== null || settings.parent === null) return unidentified
  return refusedName(head, settings)
}

/** A port that does not belong to a web server. The parent proxy is not asked for it either. */
function closedPort(exchange: ExchangeSteps, { host }: RequestHead): OwnAnswer | null {
  const port = closedPortOf(host, exchange.settings.allowPorts)
  return port === 0 ? null : portNotOpen(port, CLOSED_PORTS.get(port)!)
}

/** Notes a refusal, so that it is logged and counted with its reason and the setting that decided it. */
export function noted(exchange: ExchangeSteps, answer: Problem): Problem {
  const { error, what, status, remedy } = answer
  exchange.error ??= new ProxyError(error, what, { stage: 'route', side: sideOf(answer), status, remedy })
  return answer
}

/** A loop, or too many password checks at once, is not the client's fault. */
function sideOf({ status }: Problem): 'client' | 'proxy' {
  return status >= 500 ? 'proxy' : 'client'
}

/** The parent proxy resolves the name, so here the name alone decides whether the destination is permitted. */
function refusedName({ host }: RequestHead, { destinations }: Settings): OwnAnswer | null {
  const refused = destinations.refuseName(readAuthority(host)?.host ?? host)
  if (refused === null) return null
  const { type, status, message, remedy } = refused
  const problem = { kind: 'problem', error: type, status, what: message, todo: '' } as const
  return remedy === undefined ? problem : { ...problem, remedy }
}

/** Whether these credentials come from an address that sent too many wrong ones. A connection may repeat right credentials. */
function isGuess({ client, engine }: ExchangeSteps, lines: Lines, known: ReadonlySet<string>): boolean {
  const given = basicCredentials(lines)
  if (given === '' || given === client.peer.vouched || engine.failedLogins === null || client.peer.site === '')
    return false
  const isRight = isAmong(given, known)
  if (engine.guesses.tooMany(given, isRight, client.peer.site, client.readAt, engine.failedLogins)) return true
  if (isRight) client.peer.vouched = given
  return false
}

/** Null: one of the users, or the check is still running. */
function identify(exchange: ExchangeSteps, users: Users, lines: Lines): OwnAnswer | null {
  const { client, engine, settings } = exchange
  const credentials = Buffer.from(basicCredentials(lines), 'base64').toString()
  const colon = credentials.indexOf(':')
  // RFC 7617 2: no control characters. A trailing zero byte would not even make a different password, since HMAC pads with zeros.
  if (colon < 1 || CONTROL.test(credentials)) return unknownClient(settings)
  exchange.user = credentials.slice(0, colon)
  const proof = users.prove(credentials, client.peer.site, client.readAt, engine.failedLogins)
  if (typeof proof === 'string') return answerTo(proof, exchange)
  exchange.admission = proof
  return null
}

/** Null: the client is admitted. */
function answerTo(proof: Proof, exchange: ExchangeSteps): Problem | null {
  if (proof === 'right') return null
  if (proof === 'wrong') return unknownClient(exchange.settings)
  if (proof === 'busy') return AUTH_BUSY
  return tooOften(exchange)
}

function tooOften(exchange: ExchangeSteps): Problem {
  const { client, engine, settings } = exchange
  engine.counts.refusedByFailures++
  const waitMs = engine.failedLogins?.waitMs(client.peer.site, settings.clock.now()) ?? 0
  return tooManyFailures(waitMs)
}

const CONTROL = /[\x00-\x1f\x7f]/

/** Continues when the client is admitted; otherwise sends the refusal. */
export function whenAdmitted(exchange: ExchangeSteps, go: () => void): void {
  const { admission, client, settings, engine } = exchange
  if (admission === null) {
    go()
    return
  }
  admission
    .then(proof => {
      exchange.admission = null
      if (exchange.isOver) return
      const answer = answerTo(proof, exchange)
      if (answer === null) {
        go()
        exchange.goOn(settings.clock.now())
      } else {
        exchange.pool = null // no upstream was involved
        exchange.respond(noted(exchange, answer))
        client.flush()
      }
    })
    .catch(fault => {
      engine.fault(fault)
      exchange.onFault(fault)
    })
}
