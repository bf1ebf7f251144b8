import { membersOf } from '../wire/list.js'
import { ID } from '../wire/names.js'
import type { RequestHead } from '../wire/request-head.js'
import { requestLine } from '../wire/writer.js'
import { linesAbout } from './about-client.js'
import type { ConnectionOptions } from './connection-options.js'
import { readExpect } from './expect.js'
import { NO_EDITS, SENT } from './field-edits.js'
import { copyKept } from './judge.js'
import { MAX_FORWARDS_MAX, readMaxForwards, UNCLEAR } from './max-forwards.js'
import { REQUEST, type Rules, requestRules } from './message-rules.js'
import type { ClientFields, RequestContext } from './request-context.js'
import { requestIdLine } from './request-id.js'
import { upgradesOf } from './upgrade.js'

/**
 * The head to send. The Connection line is known only when the connection is, so it is joined then. If anything else changes, the
 * head is rewritten; a finished head is never edited.
 */
export class OutboundRequest {
  constructor(
    /** The start line and the fields, each with its CRLF, as latin1: everything before Connection. */
    private readonly front: string,
    /** The lines that the route sets, which come last. */
    private readonly set: string,
    /** The request-target. */
    readonly target: string,
    readonly authority: string,
    readonly framing: RequestContext['framing'],
    /** The length of gathered content; -1: the length that the client sent, if any. */
    readonly gatheredLength: number,
    /** This proxy already sent 100 (Continue). */
    readonly expectMet: boolean,
    /** The client waits for a 100 before it sends its content. */
    readonly expectContinue: boolean,
    /** The protocols offered to the upstream, '' for none. */
    readonly upgrade: string,
    /** The protocols offered by the client that are not forwarded, '' for none. */
    readonly refusedUpgrade: string,
    private readonly trailers: boolean,
    /** The number of end-to-end fields that were removed because Connection names them. */
    readonly nominated: number,
  ) {}

  /** The whole head with its empty line, as latin1. @param closes this is the last request on its connection (RFC 9112 9.6) */
  text(closes = false): string {
    return `${this.front}${connectionLine(closes, this.upgrade !== '', this.trailers)}${this.set}\r\n`
  }
}

/** Everything about the outbound head except the lines that are kept. The rewrite joins it; the ledger explains it. */
export interface RequestPlan {
  rules: Rules
  /** Our lines before those that are kept: Host, unless the received one is kept. */
  first: string
  /** Our lines after those that are kept. Connection and the lines that the route sets follow them. */
  last: string
  /** The lines that the route sets. */
  set: string
  /** TE is sent. */
  trailers: boolean
  upgrade: string
  refusedUpgrade: string
  expectContinue: boolean
}

/**
 * The head to send for a received head. The fields of the client connection are removed first and our own lines added after that,
 * so that a client cannot remove ours by naming them in Connection. The inbound head is never changed.
 * @param options read from this head with status 400
 * @throws ProtocolError 400 or 417 if a rule rejects the request
 */
export function rewriteRequest(
  head: RequestHead,
  options: ConnectionOptions,
  context: RequestContext,
): OutboundRequest {
  const { rules, first, last, set, trailers, upgrade, refusedUpgrade, expectContinue } = planRequest(
    head,
    options,
    context,
  )
  const { lines } = head
  // A start line that equals ours is copied together with the lines after it.
  const kept =
    head.isHttp11 && context.target === head.target && first === ''
      ? copyKept(lines, rules, options, '', 0)
      : copyKept(lines, rules, options, startLine(head, context.target) + first, lines.fieldsAt)
  return new OutboundRequest(
    kept + last,
    set,
    context.target,
    context.authority,
    context.framing,
    context.gatheredLength ?? -1,
    context.expectMet === true,
    expectContinue,
    upgrade,
    refusedUpgrade,
    trailers,
    options.nominated,
  )
}

/** What the reader has validated is not validated again; a target that routing made is. */
function startLine({ method, path, target }: RequestHead, to: string): string {
  return to === path || to === target ? `${method} ${to} HTTP/1.1\r\n` : requestLine(method, to)
}

/**
 * Evaluates the fields for this hop before they are removed (RFC 9110 7.6.1). Never throws. The returned object is reused: it is
 * valid until the next call.
 */
export function planRequest(head: RequestHead, options: ConnectionOptions, context: RequestContext): RequestPlan {
  const { lines, method, minor } = head
  const { framing } = context
  const expect = lines.find(ID.expect) < 0 ? 'nothing' : readExpect(lines)
  const hops = readMaxForwards(lines, method)
  const hostKept = hostStays(head, context.authority)
  const teTrailers = minor === 1 && options.te && takesTrailers(head)
  const { upgrade, refusedUpgrade } = lines.find(ID.upgrade) < 0 ? NO_UPGRADE : chooseUpgrade(head, options, context)

  let traits = context.mode === 'forward' ? REQUEST.forward : 0
  if (context.trustedPeer) traits |= options.namesIdentity ? REQUEST.trusted | REQUEST.identityNamed : REQUEST.trusted
  if (context.xForwarded) traits |= REQUEST.xForwarded
  if (context.forwarded) traits |= REQUEST.forwarded
  if (context.more !== null) traits |= traitsOf(context.more, context.prefix)
  const received = framing === 'length' && head.framing === 'length'
  // In its received form (leading zeros, tabs), the next reader may interpret it differently.
  const rewritten = received && !head.canonicalLength
  if (received) traits |= rewritten ? REQUEST.length | REQUEST.lengthRewritten : REQUEST.length
  else if (framing === 'chunked') traits |= REQUEST.chunked
  else if (framing === 'length') traits |= REQUEST.gathered
  if (context.expectMet === true) traits |= REQUEST.expectMet
  if (minor === 0) traits |= REQUEST.http10
  if (hostKept) traits |= REQUEST.hostKept
  if (hops >= 0) traits |= REQUEST.countsHops
  else if (hops === UNCLEAR) traits |= REQUEST.hopsUnclear
  if (method === 'CONNECT') traits |= REQUEST.connect
  else if (method === 'TRACE' && head.contentLength !== 0) traits |= REQUEST.traceContent
  if (expect === 'unknown') traits |= REQUEST.unknownExpectation
  if (options.namesFraming) traits |= REQUEST.framingNamed
  if (teTrailers) traits |= REQUEST.trailersWanted
  if (upgrade !== '') traits |= REQUEST.upgrades
  if (context.nominatedEndToEnd === 'reject') traits |= REQUEST.rejectsNominated

  const { edits, requestId, trace = '' } = context
  let last = linesAbout(head, context)
  if (requestId !== '') last += requestIdLine(requestId, edits)
  if (trace !== '') last += edits === null ? trace : edits.without(trace)
  // A request with 0 was answered before it gets here; the number never becomes negative.
  if (hops >= 0) last += `Max-Forwards: ${Math.min(Math.max(hops - 1, 0), MAX_FORWARDS_MAX)}\r\n`
  if (framing === 'chunked') last += 'Transfer-Encoding: chunked\r\n'
  else if (rewritten) last += `Content-Length: ${head.contentLength}\r\n`
  else if (framing === 'length' && !received) last += `Content-Length: ${Math.max(context.gatheredLength ?? 0, 0)}\r\n`
  if (teTrailers) last += 'TE: trailers\r\n'
  if (upgrade !== '') last += `Upgrade: ${upgrade}\r\n`
  if (context.proxyAuthorization) last += `Proxy-Authorization: ${context.proxyAuthorization}\r\n`

  plan.rules = requestRules(traits)
  if (context.keepFields !== null) plan.rules = context.keepFields.over(plan.rules)
  plan.set = edits === null ? '' : edits.lines
  const sent = (requestId === '' ? 0 : SENT.requestId) | (trace === '' ? 0 : SENT.trace)
  if (edits !== null || sent !== 0) plan.rules = (edits ?? NO_EDITS).over(plan.rules, sent)
  plan.first = hostKept ? '' : `Host: ${context.authority}\r\n`
  plan.last = last
  plan.trailers = teTrailers
  plan.upgrade = upgrade
  plan.refusedUpgrade = refusedUpgrade
  plan.expectContinue = expect === 'continue' && minor === 1 && framing !== 'none' && context.expectMet !== true
  return plan
}

function traitsOf({ forwardedPort, realIp }: ClientFields, prefix: string): number {
  return (
    (forwardedPort ? REQUEST.forwardedPort : 0) |
    (realIp ? REQUEST.realIp : 0) |
    (prefix === '' ? 0 : REQUEST.forwardedPrefix)
  )
}

const plan: RequestPlan = {
  rules: requestRules(0),
  first: '',
  last: '',
  set: '',
  trailers: false,
  upgrade: '',
  refusedUpgrade: '',
  expectContinue: false,
}

/**
 * Whether the received Host stays in its place, because it has the value that routing chose; else ours is sent first (RFC 9110
 * 7.2).
 */
function hostStays({ lines, host, hostDecides, tightHost }: RequestHead, authority: string): boolean {
  if (!tightHost) return false
  if (hostDecides) return host === authority
  const i = lines.find(ID.host)
  return i >= 0 && lines.value(i) === authority
}

/** Whether `trailers` is a member of TE (RFC 9110 10.1.4). */
function takesTrailers({ lines }: RequestHead): boolean {
  for (let i = lines.find(ID.te); i >= 0; i = lines.find(ID.te, i)) {
    if (membersOf(lines.value(i)).some(member => member.toLowerCase() === 'trailers')) return true
  }
  return false
}

const NO_UPGRADE = { upgrade: '', refusedUpgrade: '' }

/** Only an HTTP/1.1 request may upgrade, only with `Connection: upgrade`, and only to an allowed protocol (RFC 9110 7.8). */
function chooseUpgrade({ lines, minor }: RequestHead, options: ConnectionOptions, context: RequestContext) {
  const heard = minor === 1 && options.upgrade
  const allowed: string[] = []
  const refused: string[] = []
  for (const protocol of upgradesOf(lines)) {
    const list = heard && context.upgrades.has(protocol.toLowerCase()) ? allowed : refused
    list.push(protocol)
  }
  return { upgrade: allowed.join(', '), refusedUpgrade: refused.join(', ') }
}

/** Our own Connection line, which names all connection-specific fields of our own (RFC 9110 7.6.1); '' if it would be empty. */
export function connectionLine(close: boolean, upgrade: boolean, te: boolean): string {
  if (!(close || upgrade || te)) return ''
  const options = [upgrade ? 'upgrade' : '', te ? 'TE' : '', close ? 'close' : '']
  return `Connection: ${options.filter(option => option !== '').join(', ')}\r\n`
}
