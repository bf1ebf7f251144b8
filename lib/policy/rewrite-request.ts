import { membersOf } from '../wire/list.js'
import { ID } from '../wire/names.js'
import type { RequestHead } from '../wire/request-head.js'
import { requestLine } from '../wire/writer.js'
import { type AboutClient, linesAbout } from './about-client.js'
import type { ShownCertificate } from './client-certificate.js'
import type { ClientFields } from './client-fields.js'
import type { ConnectionOptions } from './connection-options.js'
import { readExpect } from './expect.js'
import { type FieldEdits, NO_EDITS, SENT } from './field-edits.js'
import { copyKept } from './judge.js'
import type { KeptFields } from './kept-fields.js'
import { MAX_FORWARDS_MAX, readMaxForwards, UNCLEAR } from './max-forwards.js'
import { REQUEST, type Rules, requestRules } from './message-rules.js'
import { requestIdLine } from './request-id.js'
import { upgradesOf } from './upgrade.js'

/** What a request head alone does not tell. */
export interface RequestContext {
  mode: 'reverse' | 'forward'
  /** What a stranger may say all the same, null for nothing. */
  keepFields: KeptFields | null
  /** Our pseudonym in Via, or '' for none. */
  via: string
  /** Whether requests get a Via at all. */
  viaRequest: boolean
  /** The value of Host toward the upstream, decided by routing. */
  authority: string
  /** The request-target to send. */
  target: string
  /** The client's address without brackets; '' where the transport has none. */
  clientAddress: string
  /** For `Forwarded` only; 0 leaves it out. */
  clientPort: number
  /** Of the connection to the client. */
  scheme: 'http' | 'https'
  /** The peer may say who its client is. */
  trustedPeer: boolean
  /** Add X-Forwarded-For, -Host and -Proto. */
  xForwarded: boolean
  /** Add Forwarded. */
  forwarded: boolean
  /** What else is said of the client, null for nothing. */
  more: ClientFields | null
  /** What the route takes off the path, where X-Forwarded-Prefix says it; ''. */
  prefix: string
  /** The certificate that the client showed, null for none. */
  certificate: ShownCertificate | null
  /** Where the lines about this client are kept between its requests; null: they are made anew. */
  about: AboutClient | null
  /** Which settings these are: another number for others, so that no kept line outlives the settings that it was made under. */
  generation: number
  /** What the route edits, null for nothing. */
  edits: FieldEdits | null
  /** The value of our X-Request-Id, '' for none. */
  requestId: string
  /** Our lines of the trace context (`traceLines`), '' or absent for none: then those received are fields like any other. */
  trace?: string
  /** The protocols that may be upgraded to, in lower case. */
  upgrades: ReadonlySet<string>
  /** What to do about end-to-end fields that Connection names. */
  nominatedEndToEnd: 'remove' | 'reject'
  /** How the content is framed toward the upstream. */
  framing: 'none' | 'length' | 'chunked'
  /** The length, where `framing` is 'length' and the client's was not: content that was gathered. Else -1, or absent. */
  gatheredLength?: number
  /** Our credentials for a proxy behind us, as the value of `Proxy-Authorization`; '' or absent for none. */
  proxyAuthorization?: string
  /** 100 (Continue) was said here: nobody else is asked for it (RFC 9110 10.1.1). */
  expectMet?: boolean
}

/**
 * The head to send. What is said of the connection itself is known when the connection is, so it is joined then; where anything else
 * changes, the head is rewritten once more. Nothing cuts a finished head open.
 */
export class OutboundRequest {
  constructor(
    /** Start line and fields, each with its CRLF, latin1: all but Connection and what stands behind it. */
    private readonly front: string,
    /** The lines that the route sets, which stand last. */
    private readonly set: string,
    /** The request-target. */
    readonly target: string,
    readonly authority: string,
    readonly framing: RequestContext['framing'],
    /** Of content that was gathered; -1: the client's, where there is one. */
    readonly gatheredLength: number,
    /** 100 (Continue) was said here. */
    readonly expectMet: boolean,
    /** The client waits for a 100 before it sends its content. */
    readonly expectContinue: boolean,
    /** The protocol or protocols offered to the upstream, '' for none. */
    readonly upgrade: string,
    /** The protocols offered by the client and not passed on, '' for none. */
    readonly refusedUpgrade: string,
    private readonly trailers: boolean,
    /** How many end-to-end fields were removed because Connection named them. */
    readonly nominated: number,
  ) {}

  /** The whole head with its blank line, latin1. @param closes it is the last request on its connection (RFC 9112 9.6) */
  text(closes = false): string {
    return `${this.front}${connectionLine(closes, this.upgrade !== '', this.trailers)}${this.set}\r\n`
  }
}

/** Everything about the outbound head but the lines that are kept: the ledger explains it, the rewrite joins it. */
export interface RequestPlan {
  rules: Rules
  /** Our lines in front of those that are kept: Host, where it is not the received one. */
  first: string
  /** Our lines after those that are kept. Behind them stand Connection and what the route sets. */
  last: string
  /** What the route sets. */
  set: string
  /** TE is sent on. */
  trailers: boolean
  upgrade: string
  refusedUpgrade: string
  expectContinue: boolean
}

/**
 * The head to send for a head received: what belongs to the client's connection is stripped first, our own lines are
 * added after, so that nobody can name them away. The inbound head is never changed.
 * @param options read from this head with status 400
 * @throws ProtocolError 400 or 417, where a rule rejects the request
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
  // A start line that says what ours would say is copied with the lines behind it.
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

/** What the reader has checked is not checked again; a target that routing made is. */
function startLine({ method, path, target }: RequestHead, to: string): string {
  return to === path || to === target ? `${method} ${to} HTTP/1.1\r\n` : requestLine(method, to)
}

/** Applies the meaning of what is for this hop, before it is stripped (RFC 9110 7.6.1). Never throws. A scratch, valid until the next call. */
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
  // As it was received it may be read in another way by whoever comes next: leading zeros, tabs.
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
  // 0 is answered by ourselves before anything comes here; it never becomes a negative number.
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

/** The received Host stays where it stands if it says what routing says; otherwise ours goes first (RFC 9110 7.2). */
function hostStays({ lines, host, hostDecides, tightHost }: RequestHead, authority: string): boolean {
  if (!tightHost) return false
  if (hostDecides) return host === authority
  const i = lines.find(ID.host)
  return i >= 0 && lines.value(i) === authority
}

/** Is `trailers` a member of TE (RFC 9110 10.1.4)? */
function takesTrailers({ lines }: RequestHead): boolean {
  for (let i = lines.find(ID.te); i >= 0; i = lines.find(ID.te, i)) {
    if (membersOf(lines.value(i)).some(member => member.toLowerCase() === 'trailers')) return true
  }
  return false
}

const NO_UPGRADE = { upgrade: '', refusedUpgrade: '' }

/** Only HTTP/1.1 may ask, only with `Connection: upgrade`, and only for what is allowed (RFC 9110 7.8). */
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

/** Whatever we use of this connection is named in our own Connection (RFC 9110 7.6.1); '' where that is nothing. */
export function connectionLine(close: boolean, upgrade: boolean, te: boolean): string {
  if (!(close || upgrade || te)) return ''
  const options = [upgrade ? 'upgrade' : '', te ? 'TE' : '', close ? 'close' : '']
  return `Connection: ${options.filter(option => option !== '').join(', ')}\r\n`
}
