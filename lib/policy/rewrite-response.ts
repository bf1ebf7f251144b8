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

/** What a response head alone does not tell. */
export interface ResponseContext {
  clientMinor: 0 | 1
  /** Of the request. */
  method: string
  /** How the content is framed toward the client: 'length' keeps the length received. */
  framing: ContentFraming
  /** Our pseudonym, or '' for no Via in responses. */
  via: string
  /** An IMF-fixdate; asked only when Date is missing. */
  now: () => string
  /** The option to send in Connection. */
  persist: '' | 'close' | 'keep-alive'
  /** The value of Keep-Alive, sent only with `persist: 'keep-alive'`. */
  keepAlive: string
  /** What our request offered in Upgrade, '' for nothing. */
  upgrade: string
  /** The trailer section will be passed on. */
  trailers: boolean
  /** What the route edits, null for nothing. Other interim responses than 101 lose fields by it and get none. */
  edits: FieldEdits | null
  /** Where fields that lead to the upstream are to lead the client, null: they stay. Of interim responses only in a 101. */
  way: WayBack | null
  /** The value of our X-Request-Id, '' for none. */
  requestId: string
  /** More lines of our own, whole: `setCookieLine`. */
  extra: string
}

/** As `RequestPlan`. */
export interface ResponsePlan {
  rules: Rules
  last: string
  set: string
  way: WayBack | null
  /** A 101 without what was offered: refused, with or without a line to blame. */
  wrongUpgrade: boolean
}

/**
 * The head to send to the client, for interim responses, a 101 and final ones: stripped first, ours added after. ''
 * for an interim response to an HTTP/1.0 client, which must not get any (RFC 9110 15.2).
 * @param options read from this head with status 502
 * @throws ProtocolError 502 for a 101 that nobody asked for
 */
export function rewriteResponse(head: ResponseHead, options: ConnectionOptions, context: ResponseContext): string {
  const { rules, last, way, wrongUpgrade } = planResponse(head, options, context)
  if (wrongUpgrade) {
    const { reason, section } = RULES.wrongUpgrade
    throw new ProtocolError(502, reason, section)
  }
  if (head.status < 200 && context.clientMinor === 0) return ''
  const { lines, status } = head
  // A status line that says what ours would say is copied with the lines behind it.
  const start = head.isHttp11 ? '' : `HTTP/1.1 ${status} ${head.reason}\r\n`
  const from = head.isHttp11 ? 0 : lines.fieldsAt
  const kept =
    way === null ? copyKept(lines, rules, options, start, from) : copyBack(lines, rules, options, start, from, way)
  return `${kept + last}\r\n`
}

/** Never throws. A scratch, valid until the next call. */
export function planResponse(head: ResponseHead, options: ConnectionOptions, context: ResponseContext): ResponsePlan {
  const { lines, status } = head
  const final = status >= 200
  const framing = framingOf(head, context)
  const switches = status === 101
  // A 426 says with Upgrade what is wanted, for a next request (RFC 9110 15.5.22); anywhere else it is an offer to us.
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

/** Which framing field the client gets: 'length' for the Content-Length received, 'chunked' for our Transfer-Encoding. */
function framingOf({ status, lengthDropped }: ResponseHead, context: ResponseContext): 'length' | 'chunked' | 'none' {
  const { method, framing, clientMinor } = context
  // Neither field in 1xx, 204 and a 2xx to CONNECT (RFC 9110 8.6, RFC 9112 6.1).
  if (status < 200 || status === 204 || (method === 'CONNECT' && status < 300)) return 'none'
  // What a GET would have got, or the unmodified representation has: passes unchanged (RFC 9110 8.6).
  if (method === 'HEAD' || status === 304) return lengthDropped ? 'none' : 'length'
  if (framing === 'chunked') return clientMinor === 1 ? 'chunked' : 'none'
  return framing === 'length' && !lengthDropped ? 'length' : 'none'
}

/** A Date that survives: one that Connection names does not. */
function hasDate({ lines }: ResponseHead, options: ConnectionOptions): boolean {
  const i = lines.find(ID.date)
  return i >= 0 && !(options.any && options.has(lines, i))
}

const NO_PROTOCOLS: readonly string[] = []
