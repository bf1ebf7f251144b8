import { ID } from '../wire/names.js'
import { ProtocolError } from '../wire/protocol-error.js'
import type { ContentFraming } from '../wire/request-head.js'
import type { ResponseHead } from '../wire/response-head.js'
import type { ConnectionOptions } from './connection-options.js'
import { type FieldEdits, NO_EDITS, SENT } from './field-edits.js'
import { copyKept } from './judge.js'
import { RESPONSE, type Rules, responseRules } from './message-rules.js'
import { requestIdLine } from './request-id.js'
import { RULES } from './rules.js'
import { agrees, upgradesOf } from './upgrade.js'
import { viaMember } from './via.js'
import { copyBack, type WayBack } from './way-back.js'

/** What the rewrite needs to know beyond the response head. */
export interface ResponseContext {
  clientMinor: 0 | 1
  /** The method of the request. */
  method: string
  /** The framing of the content toward the client: 'length' keeps the received length. */
  framing: ContentFraming
  /** The pseudonym of this proxy, or '' for no Via in responses. */
  via: string
  /** The current time as an IMF-fixdate; called only when Date is missing. */
  now: () => string
  /** The option to send in Connection. */
  persist: '' | 'close' | 'keep-alive'
  /** The value of Keep-Alive, sent only with `persist: 'keep-alive'`. */
  keepAlive: string
  /** The protocols that our request offered in Upgrade, '' for none. */
  upgrade: string
  /** The trailer section will be forwarded. */
  trailers: boolean
  /** The edits of the route, null for none. In interim responses other than 101 they only remove fields, and set none. */
  edits: FieldEdits | null
  /** How to rewrite fields that refer to the upstream for the client; null: they stay. In interim responses only for a 101. */
  way: WayBack | null
  /** The value of our X-Request-Id, '' for none. */
  requestId: string
  /** Further complete lines of our own: `setCookieLine`. */
  extra: string
}

/** Like `RequestPlan`, for a response. */
export interface ResponsePlan {
  rules: Rules
  last: string
  set: string
  way: WayBack | null
  /** A 101 to a protocol that was not offered: refused, whether or not it has an Upgrade line. */
  wrongUpgrade: boolean
}

/**
 * The head to send to the client, for interim responses, a 101 and final ones: fields of the upstream connection are removed
 * first, our own lines added after that. '' for an interim response to an HTTP/1.0 client, which must not get any (RFC 9110
 * 15.2).
 * @param options read from this head with status 502
 * @throws ProtocolError 502 for a 101 to a protocol that was not offered
 */
export function rewriteResponse(head: ResponseHead, options: ConnectionOptions, context: ResponseContext): string {
  const { rules, last, way, wrongUpgrade } = planResponse(head, options, context)
  if (wrongUpgrade) {
    const { reason, section } = RULES.wrongUpgrade
    throw new ProtocolError(502, reason, section)
  }
  if (head.status < 200 && context.clientMinor === 0) return ''
  const { lines, status } = head
  // A status line that equals ours is copied together with the lines after it.
  const start = head.isHttp11 ? '' : `HTTP/1.1 ${status} ${head.reason}\r\n`
  const from = head.isHttp11 ? 0 : lines.fieldsAt
  const kept =
    way === null ? copyKept(lines, rules, options, start, from) : copyBack(lines, rules, options, start, from, way)
  return `${kept + last}\r\n`
}

/** Never throws. The returned object is reused: it is valid until the next call. */
export function planResponse(head: ResponseHead, options: ConnectionOptions, context: ResponseContext): ResponsePlan {
  const { lines, status } = head
  const final = status >= 200
  const framing = framingOf(head, context)
  const switches = status === 101
  // In a 426, Upgrade names the required protocol for a next request (RFC 9110 15.5.22); in any other response it is an offer to
  // this hop.
  const protocols = (switches || status === 426) && options.upgrade ? upgradesOf(lines) : NO_PROTOCOLS
  const wrongUpgrade = switches && !agrees(protocols, context.upgrade)
  const upgrade = context.clientMinor === 0 || protocols.length === 0 ? '' : protocols.join(', ')

  let traits = framing === 'length' ? RESPONSE.length : 0
  if (framing === 'chunked') traits |= context.trailers ? RESPONSE.chunked | RESPONSE.trailers : RESPONSE.chunked
  if (upgrade !== '') traits |= RESPONSE.upgrades
  if (wrongUpgrade) traits |= RESPONSE.wrongUpgrade

  let last = ''
  if (final && !hasDate(head, options)) last = `Date: ${context.now()}\r\n`
  if (context.via !== '') last += `Via: ${viaMember(head.minor, context.via)}\r\n`
  if (framing === 'chunked') last += 'Transfer-Encoding: chunked\r\n'
  if (upgrade !== '') last += `Upgrade: ${upgrade}\r\n`
  const persist = final ? context.persist : ''
  if (persist !== '') last += `Connection: ${persist}${upgrade === '' ? '' : ', upgrade'}\r\n`
  else if (upgrade !== '') last += 'Connection: upgrade\r\n'
  if (persist === 'keep-alive' && context.keepAlive !== '') last += `Keep-Alive: ${context.keepAlive}\r\n`
  const { edits, requestId } = context
  plan.rules = responseRules(traits)
  plan.set = ''
  plan.way = null
  const sent = requestId === '' ? 0 : SENT.requestId
  if (edits !== null || sent !== 0) plan.rules = (edits ?? NO_EDITS).over(plan.rules, sent)
  if (final || switches) {
    if (requestId !== '') last += requestIdLine(requestId, edits)
    last += context.extra
    plan.way = context.way
    if (edits !== null) last += plan.set = edits.lines
  }
  plan.last = last
  plan.wrongUpgrade = wrongUpgrade
  return plan
}

const plan: ResponsePlan = { rules: responseRules(0), last: '', set: '', way: null, wrongUpgrade: false }

/** The framing field that the client gets: 'length' for the received Content-Length, 'chunked' for our Transfer-Encoding. */
function framingOf({ status, lengthDropped }: ResponseHead, context: ResponseContext): 'length' | 'chunked' | 'none' {
  const { method, framing, clientMinor } = context
  // Neither field is allowed in 1xx, 204 and a 2xx to CONNECT (RFC 9110 8.6, RFC 9112 6.1).
  if (status < 200 || status === 204 || (method === 'CONNECT' && status < 300)) return 'none'
  // The length of the response to a GET, or of the unmodified representation: forwarded unchanged (RFC 9110 8.6).
  if (method === 'HEAD' || status === 304) return lengthDropped ? 'none' : 'length'
  if (framing === 'chunked') return clientMinor === 1 ? 'chunked' : 'none'
  return framing === 'length' && !lengthDropped ? 'length' : 'none'
}

/** Whether the response has a Date that is forwarded: one that Connection names is not. */
function hasDate({ lines }: ResponseHead, options: ConnectionOptions): boolean {
  const i = lines.find(ID.date)
  return i >= 0 && !(options.any && options.has(lines, i))
}

const NO_PROTOCOLS: readonly string[] = []
