import { randomUUID } from 'node:crypto'
import { remedyText } from '../link/remedies.js'
import { withheldBecause } from '../policy/interim.js'
import { rewritePath } from '../policy/path-prefixes.js'
import { judgeClient } from '../policy/persistence.js'
import { chosenRequestId } from '../policy/request-id.js'
import { Routes } from '../policy/routes.js'
import { hostToSend } from '../policy/send-host.js'
import { prefixTaken } from '../proxy/contexts.js'
import {
  type Explanation,
  explainRequestBytes,
  explainResponseBytes,
  type RequestFacts,
  type ResponseFacts,
} from '../proxy/explain-head.js'
import type { RouteSpec } from '../proxy/options/route-options.js'
import type { Settings } from '../proxy/options/settings.js'
import { NO_ROUTE, ownAnswer, type Problem } from '../proxy/own-answer.js'
import type { RequestHead } from '../wire/request-head.js'
import type { ResponseHead } from '../wire/response-head.js'
import { UsageError } from './usage-error.js'

export type { Explanation } from '../proxy/explain-head.js'

/** Everything that cannot be known from a head alone. */
export interface Scene {
  settings: Settings
  /** Treat the client as a peer inside `trust`. */
  trusted: boolean
  clientAddress: string
  /** The method of the request that a response answers. */
  method: string
  clientMinor: 0 | 1
}

/** Explains what happens to a request head: the first one in `bytes`. */
export function explainRequestHead(bytes: Buffer, scene: Scene): Explanation {
  return explainTyped(bytes, whole =>
    explainRequestBytes(whole, scene.settings, (head, into) => requestFacts(head, scene, into)),
  )
}

/** Explains what happens to a response head: the first one in `bytes`, which may be interim. */
export function explainResponseHead(bytes: Buffer, scene: Scene): Explanation {
  const { settings, method } = scene
  const how = { grammar: settings.grammar, strict: settings.strictUpstream, method }
  const explanation = explainTyped(bytes, whole =>
    explainResponseBytes(whole, settings, how, head => responseFacts(head, scene)),
  )
  if (settings.routes.some(({ wayBack }) => wayBack !== null)) explanation.notes.push(WAY_UNKNOWN)
  return explanation
}

const WAY_UNKNOWN =
  'Location and Set-Cookie are shown as received: how rewriteLocation and rewriteCookies change them depends on the request.'

function explainTyped(bytes: Buffer, explain: (bytes: Buffer) => Explanation | null): Explanation {
  const notes: string[] = []
  const input = typed(bytes, notes)
  const explanation = explain(input) ?? explain(ended(input, notes))
  if (explanation === null) throw new UsageError('There is no head to explain: the input ends too early.')
  explanation.notes.unshift(...notes)
  return explanation
}

/** Typed input has lone LFs. Converts them only if there is no CRLF at all: a single lone LF is a finding, not a habit. */
function typed(bytes: Buffer, notes: string[]): Buffer {
  if (bytes.includes('\r\n') || !bytes.includes('\n')) return bytes
  notes.push('The lines end with LF alone, as typed lines do: they were read as if they ended with CRLF.')
  return Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1')
}

/** Adds the empty line that people forget. */
function ended(bytes: Buffer, notes: string[]): Buffer {
  if (/^[\r\n]*$/.test(bytes.toString('latin1', 0, 16)))
    throw new UsageError('There is no head to explain: the input is empty.')
  notes.push('The head does not end with an empty line: one was added.')
  return Buffer.concat([bytes, Buffer.from(bytes.at(-1) === 0x0a ? '\r\n' : '\r\n\r\n')])
}

function requestFacts(head: RequestHead, { settings, trusted, clientAddress }: Scene, into: Explanation): RequestFacts {
  const route = staysHere(into, head, settings) ? undefined : routeInto(into, head, settings)
  return {
    goesOn: route !== undefined,
    closes: false,
    connect: '',
    authority: route ? hostToSend(route.sendHost, head.host, ownHost(route, settings)) : head.host,
    target: route?.prefixes ? rewritePath(head.path, route.prefixes) : head.path,
    clientAddress,
    clientPort: 0,
    scheme: 'http',
    certificate: null,
    trustedPeer: trusted,
    edits: route?.requestEdits ?? null,
    prefix: prefixTaken(head.path, settings, route ?? null),
    requestId: chosenRequestId(head.lines, settings.requestId, randomUUID),
    framing: head.framing,
  }
}

/** The route that matches; null in a forward proxy, which has no routes; undefined if no route matches. */
function routeInto(into: Explanation, head: RequestHead, settings: Settings): RouteSpec | null | undefined {
  const { mode, routes } = settings
  if (mode === 'forward') return null
  const route = new Routes(routes.map(spec => ({ match: spec.match, value: spec }))).match(head)
  if (route === null) into.refused = { status: NO_ROUTE.status, message: sentencesOf(NO_ROUTE, settings), section: '' }
  else if (route.named) into.notes.push(`Route: ${route.name}.`)
  return route ?? undefined
}

/** A refusal with the setting that would change it: here the reader is the operator. */
function sentencesOf({ what, todo, remedy }: Problem, { door }: Settings): string {
  return [what + (remedy === undefined ? '' : remedyText(remedy, door)), todo].filter(text => text !== '').join('. ')
}

/** The authority of the first server of the route's group. */
function ownHost({ upstream }: RouteSpec, { groups }: Settings): string {
  return groups.find(({ name }) => name === upstream)?.servers[0]?.origin.authority ?? ''
}

/** Whether the request is answered here or opens a tunnel, so that nothing is forwarded. */
function staysHere(into: Explanation, head: RequestHead, settings: Settings): boolean {
  const { method, target, targetForm } = head
  const answer = ownAnswer(head, settings, { scheme: 'http' })
  if (answer?.kind === 'problem')
    into.refused = { status: answer.status, message: sentencesOf(answer, settings), section: '' }
  else if (answer) into.notes.push(`${method} is answered here and not forwarded (RFC 9110 7.6.2).`)
  else if (targetForm === 'authority')
    into.notes.push(`CONNECT opens a tunnel to ${target}: no head is forwarded (RFC 9110 9.3.6).`)
  else return false
  return true
}

function responseFacts(
  { lines, framing, status }: ResponseHead,
  { settings, method, clientMinor }: Scene,
): ResponseFacts {
  const { limits } = settings
  const unframed = framing === 'chunked' || framing === 'close'
  const outbound = unframed ? (clientMinor === 1 ? 'chunked' : 'close') : framing
  const verdict = judgeClient({
    mode: settings.mode,
    forwardHttp10KeepAlive: settings.keepsHttp10,
    minor: clientMinor,
    close: false,
    keepAlive: true,
    framing: outbound,
    contentRead: true,
    connectRefused: method === 'CONNECT' && status >= 300,
    requests: 1,
    requestsMax: limits.clientRequestsMax || Number.POSITIVE_INFINITY,
    draining: false,
  })
  return {
    clientMinor,
    method,
    framing: outbound,
    // As if the client had offered every allowed protocol.
    upgrade: [...settings.upgrades].join(', '),
    // The response does not show which of several routes the request took,
    edits: settings.routes.length === 1 ? (settings.routes[0]?.responseEdits ?? null) : null,
    // nor which path and host name it asked for.
    way: null,
    requestId: chosenRequestId(lines, settings.requestId, randomUUID),
    extra: '',
    now: () => new Date().toUTCString(),
    verdict,
    requests: 1,
    withheld:
      status < 200 ? withheldBecause(status, clientMinor === 1, false, settings.interim || status === 101) : null,
  }
}
