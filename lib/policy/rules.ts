import type { Lines } from '../wire/lines.js'
import { type KnownName, NAMES } from '../wire/names.js'
import { ProtocolError } from '../wire/protocol-error.js'
import { visibleOctets } from '../wire/visible.js'
import type { ConnectionOptions } from './connection-options.js'
import { isIdentityName, isLookAlike, suspicionOf } from './identity.js'

/** What becomes of a received field; `add` is for the lines that are our own. */
export type Verdict = 'keep' | 'drop' | 'replace' | 'reject' | 'add'

/** One reason for a verdict, with the section it comes from, and the status of the answer where the verdict is `reject`. */
export interface Rule {
  readonly verdict: Verdict
  readonly reason: string
  readonly section: string
  readonly status?: number
}

/**
 * THE rules. The fast path asks for a number (the position in this table, 0 is keep), the ledger for the row.
 * The rejections stand last, so that one comparison finds them.
 */
export const RULES = {
  keep: { verdict: 'keep', reason: 'end to end', section: 'RFC 9110 7.6' },
  connection: { verdict: 'drop', reason: 'belongs to this connection', section: 'RFC 9110 7.6.1' },
  named: { verdict: 'drop', reason: 'named by Connection', section: 'RFC 9110 7.6.1' },
  nominated: { verdict: 'drop', reason: 'an end-to-end field, but named by Connection', section: 'RFC 9110 7.6.1' },
  oneHop: { verdict: 'drop', reason: 'known to be for one hop', section: 'RFC 9110 7.6.1' },
  reserved: { verdict: 'drop', reason: 'the name is reserved for the connection option', section: 'RFC 9112 9.6' },
  proxyConnection: { verdict: 'drop', reason: 'never standard, never forwarded', section: 'RFC 9112 C.2.2' },
  http2: { verdict: 'drop', reason: 'belongs to an upgrade that does not cross us', section: 'RFC 9113 3.1' },
  alpn: { verdict: 'drop', reason: 'has a meaning with CONNECT only', section: 'RFC 7639 2' },
  te: { verdict: 'replace', reason: 'evaluated here, offered again as our own', section: 'RFC 9110 10.1.4' },
  noTrailersWanted: {
    verdict: 'drop',
    reason: 'for one hop, and nothing of it to offer again',
    section: 'RFC 9110 10.1.4',
  },
  upgrade: { verdict: 'replace', reason: 'an invitation to this hop only', section: 'RFC 9110 7.8' },
  noUpgrade: { verdict: 'drop', reason: 'an invitation to this hop only, not one to pass on', section: 'RFC 9110 7.8' },
  framing: { verdict: 'replace', reason: 'each hop frames the content for itself', section: 'RFC 9112 6.1' },
  gathered: {
    verdict: 'drop',
    reason: 'the content was gathered, and is sent with its length',
    section: 'RFC 9112 6.2',
  },
  unframed: { verdict: 'drop', reason: 'each hop frames the content for itself', section: 'RFC 9112 6.1' },
  noLength: { verdict: 'drop', reason: 'no length goes with the framing of the next hop', section: 'RFC 9112 6.2' },
  noTrailers: { verdict: 'drop', reason: 'announces trailers that cannot be passed on', section: 'RFC 9110 6.6.2' },
  consumed: { verdict: 'drop', reason: 'credentials for this proxy', section: 'RFC 9110 11.7.2' },
  challenge: {
    verdict: 'drop',
    reason: 'for the next client only, and that is this proxy',
    section: 'RFC 9110 11.7.1',
  },
  host: { verdict: 'replace', reason: 'routing decides the authority', section: 'RFC 9110 7.2' },
  hops: { verdict: 'replace', reason: 'one hop is used up', section: 'RFC 9110 7.6.2' },
  oldExpect: { verdict: 'drop', reason: 'ignored in an HTTP/1.0 request', section: 'RFC 9110 10.1.1' },
  expectMet: { verdict: 'drop', reason: 'met here: the content was gathered first', section: 'RFC 9110 10.1.1' },
  untrusted: { verdict: 'drop', reason: 'an untrusted peer may not say it', section: 'RFC 7239 8.1' },
  overwritten: { verdict: 'replace', reason: 'an untrusted peer may not say it', section: 'RFC 7239 8.1' },
  appended: { verdict: 'replace', reason: 'a trusted peer said it, its address follows', section: 'RFC 7239 7.4' },
  prefixed: {
    verdict: 'replace',
    reason: 'a trusted peer said it, and what was taken off the path here follows',
    section: 'RFC 9110 7.6',
  },
  lookAlike: { verdict: 'drop', reason: 'CGI takes it for another field', section: 'RFC 3875 4.1.18' },
  environment: { verdict: 'drop', reason: 'CGI would turn it into HTTP_PROXY', section: 'RFC 3875 4.1.18' },
  inTrailer: { verdict: 'drop', reason: 'may not stand in a trailer section', section: 'RFC 9110 6.5.1' },
  setByRoute: { verdict: 'replace', reason: 'set by the route', section: 'RFC 9110 5.1' },
  removedByRoute: { verdict: 'drop', reason: 'removed by the route', section: 'RFC 9110 5.1' },
  locationBack: {
    verdict: 'replace',
    reason: 'leads to the upstream; the client comes there in another way',
    section: 'RFC 9110 10.2.2',
  },
  cookieBack: {
    verdict: 'replace',
    reason: 'is for the upstream; the client knows it under another path or name',
    section: 'RFC 6265 5.2',
  },
  requestId: { verdict: 'replace', reason: 'one id for the exchange, on both sides', section: 'RFC 9110 5.1' },
  traced: { verdict: 'replace', reason: 'the span of this proxy is the next parent', section: 'W3C Trace Context 3.4' },
  login: {
    verdict: 'keep',
    reason: 'end to end, and the upstream connection is for this client alone from now on',
    section: 'RFC 4559 6',
  },
  framingNamed: {
    verdict: 'reject',
    reason: 'Connection names a field that frames or routes the request',
    section: 'RFC 9110 7.6.1',
    status: 400,
  },
  identityNamed: {
    verdict: 'reject',
    reason: 'Connection names a field that a trusted peer vouches with',
    section: 'RFC 9110 7.6.1',
    status: 400,
  },
  nominatedRefused: {
    verdict: 'reject',
    reason: 'Connection names an end-to-end field',
    section: 'RFC 9110 7.6.1',
    status: 400,
  },
  expectation: {
    verdict: 'reject',
    reason: 'an expectation other than 100-continue',
    section: 'RFC 9110 10.1.1',
    status: 417,
  },
  hopsUnclear: { verdict: 'reject', reason: 'Max-Forwards is not one number', section: 'RFC 9110 7.6.2', status: 400 },
  traceContent: { verdict: 'reject', reason: 'TRACE has no content', section: 'RFC 9110 9.3.8', status: 400 },
  wrongUpgrade: {
    verdict: 'reject',
    reason: 'a 101 for a protocol that was not offered',
    section: 'RFC 9110 7.8',
    status: 502,
  },
} as const satisfies Record<string, Rule>

export type RuleName = keyof typeof RULES

const ROWS: readonly Rule[] = Object.values(RULES)
/** The number of each rule. */
export const RULE = Object.fromEntries(Object.keys(RULES).map((name, at) => [name, at])) as Record<RuleName, number>
export const KEEP = RULE.keep
const FIRST_REJECT = RULE.framingNamed
const { appended, lookAlike, nominated, untrusted } = RULE

/** The row behind a number that `judge` gave. */
export const ruleOf = (number: number): Rule => ROWS[number]!

/** Why a line of our own is there, by its name in lower case. Read by the ledger from the very text that was added. */
export const ADDITIONS: Record<string, { readonly reason: string; readonly section: string }> = {
  host: { reason: 'the authority that routing decided', section: 'RFC 9110 7.2' },
  'x-forwarded-for': { reason: 'the address of the client', section: 'RFC 7239 7.4' },
  'x-forwarded-host': { reason: 'the authority that the client asked for', section: 'RFC 7239 7.4' },
  'x-forwarded-proto': { reason: 'the scheme of the connection to the client', section: 'RFC 7239 7.4' },
  'x-forwarded-port': { reason: 'the port that the client asked', section: 'RFC 7239 7.4' },
  'x-forwarded-prefix': { reason: 'what was taken off the path', section: 'RFC 7239 7.4' },
  'x-real-ip': { reason: 'the address of the client', section: 'RFC 7239 7.4' },
  'x-client-cert-subject': { reason: 'whom the certificate of the client is for', section: 'RFC 4514 2' },
  'x-client-cert-issuer': { reason: 'who signed the certificate of the client', section: 'RFC 4514 2' },
  'x-client-cert-serial': { reason: 'the number of the certificate of the client', section: 'RFC 5280 4.1.2.2' },
  'x-client-cert-fingerprint': { reason: 'which certificate the client showed', section: 'RFC 5280 4.1' },
  'client-cert': { reason: 'the certificate of the client', section: 'RFC 9440 2.2' },
  forwarded: { reason: 'what this hop knows about the client', section: 'RFC 7239 4' },
  via: { reason: 'this proxy and the version that it received', section: 'RFC 9110 7.6.3' },
  'max-forwards': { reason: 'one hop less', section: 'RFC 9110 7.6.2' },
  'content-length': { reason: 'the length of the content', section: 'RFC 9110 8.6' },
  'transfer-encoding': { reason: 'the framing of this hop', section: 'RFC 9112 6.1' },
  te: { reason: 'the client takes trailers, and we pass them on', section: 'RFC 9110 10.1.4' },
  upgrade: { reason: 'the protocols allowed, of those offered', section: 'RFC 9110 7.8' },
  connection: { reason: 'what we use for this connection', section: 'RFC 9110 7.6.1' },
  'proxy-authorization': { reason: 'what the proxy behind this one knows us by', section: 'RFC 9110 11.7.2' },
  'keep-alive': { reason: 'how long the connection stays', section: 'RFC 2068 19.7.1' },
  date: { reason: 'the response came without', section: 'RFC 9110 6.6.1' },
  'x-request-id': { reason: 'the id of the exchange', section: 'RFC 9110 5.1' },
  traceparent: { reason: 'the span of this proxy', section: 'W3C Trace Context 3.2' },
  tracestate: { reason: 'goes with traceparent', section: 'W3C Trace Context 3.3' },
  'set-cookie': { reason: 'holds the client to its server', section: 'RFC 6265 4.1' },
}

/** The same for the fields of an answer of our own, where they are other ones or have another reason. */
export const OWN_FIELDS: typeof ADDITIONS = {
  date: { reason: 'when the answer was made', section: 'RFC 9110 6.6.1' },
  'content-type': { reason: 'what its content is', section: 'RFC 9110 8.3' },
  'cache-control': { reason: 'nobody may keep it', section: 'RFC 9111 5.2.2.5' },
  'x-content-type-options': { reason: 'nobody may take it for a page', section: 'RFC 9110 8.3' },
  'proxy-status': { reason: 'what became of the request', section: 'RFC 9209 2' },
  allow: { reason: 'the methods that go through here', section: 'RFC 9110 10.2.1' },
  'proxy-authenticate': { reason: 'how a client says who it is', section: 'RFC 9110 11.7.1' },
  'retry-after': { reason: 'when to try again', section: 'RFC 9110 10.2.3' },
}

/** Why a value of an upstream's went on as another one. */
export const ON_THE_WAY_BACK = 'as the client comes there, through the route'

/** The rules of one kind of message, as numbers by known name: what a field gets by itself, and what when it is named. */
export interface Rules {
  readonly own: Uint8Array
  readonly named: Uint8Array
  /**
   * Whether unknown names are looked at, too: those that CGI takes for what identifies or frames (from everybody), and those that only a
   * trusted peer may say (`strangers`).
   */
  readonly guard: 'none' | 'look-alikes' | 'strangers'
  /** What is kept from the guard, null for nothing. */
  readonly kept: LineSet | null
  /** What comes after the rules of the hop, null for nothing. */
  readonly edits: NamedRules | null
}

/** Rules for fields of certain names, by the number of a rule; KEEP for every other field. */
export interface NamedRules {
  ruleFor(lines: Lines, i: number): number
}

/** Some of the fields. */
export interface LineSet {
  has(lines: Lines, i: number): boolean
}

type Rows = Partial<Record<KnownName, RuleName>>

/** Which of the answers to `judge` apply: bits, so that the rules of a combination are made once. */
export const REQUEST = {
  forward: 1,
  trusted: 2,
  xForwarded: 4,
  forwarded: 8,
  length: 16,
  chunked: 32,
  http10: 64,
  hostKept: 128,
  countsHops: 256,
  connect: 512,
  traceContent: 1024,
  unknownExpectation: 2048,
  framingNamed: 4096,
  identityNamed: 8192,
  rejectsNominated: 16384,
  trailersWanted: 32768,
  upgrades: 65536,
  lengthRewritten: 131072,
  hopsUnclear: 262144,
  gathered: 524288,
  expectMet: 1048576,
  forwardedPort: 2097152,
  forwardedPrefix: 4194304,
  realIp: 8388608,
} as const

const requests = new Map<number, Rules>()

/** The rules for a request with these traits (bits of `REQUEST`). */
export function requestRules(traits: number): Rules {
  let rules = requests.get(traits)
  if (rules === undefined) {
    rules = compileRequest(bit => (traits & bit) !== 0)
    requests.set(traits, rules)
  }
  return rules
}

function compileRequest(is: (bit: number) => boolean): Rules {
  const own: Rows = {
    connection: 'connection',
    'keep-alive': 'oneHop',
    close: 'reserved',
    'proxy-connection': 'proxyConnection',
    'http2-settings': 'http2',
    'proxy-authorization': 'consumed',
    'proxy-authenticate': 'challenge',
    'proxy-authentication-info': 'challenge',
    te: is(REQUEST.trailersWanted) ? 'te' : 'noTrailersWanted',
    upgrade: is(REQUEST.upgrades) ? 'upgrade' : 'noUpgrade',
    'transfer-encoding': is(REQUEST.gathered) ? 'gathered' : 'framing',
  }
  if (!is(REQUEST.length)) own['content-length'] = 'noLength'
  else if (is(REQUEST.lengthRewritten)) own['content-length'] = 'framing'
  if (!is(REQUEST.chunked)) own.trailer = 'noTrailers'
  if (!is(REQUEST.connect)) own.alpn = 'alpn'
  if (!is(REQUEST.hostKept)) own.host = 'host'
  if (is(REQUEST.countsHops)) own['max-forwards'] = 'hops'
  else if (is(REQUEST.hopsUnclear)) own['max-forwards'] = 'hopsUnclear'
  if (is(REQUEST.http10)) own.expect = 'oldExpect'
  else if (is(REQUEST.unknownExpectation)) own.expect = 'expectation'
  else if (is(REQUEST.expectMet)) own.expect = 'expectMet'
  if (is(REQUEST.traceContent)) own['content-length'] = own['transfer-encoding'] = 'traceContent'
  if (is(REQUEST.framingNamed)) own.connection = 'framingNamed'
  else if (is(REQUEST.identityNamed)) own.connection = 'identityNamed'

  // A forward proxy passes on what it does not know, as long as it says nothing of that kind itself.
  const { xForwarded, forwarded, forwardedPort, forwardedPrefix, realIp } = REQUEST
  const isGuard = !is(REQUEST.forward) || is(xForwarded) || is(forwarded) || is(forwardedPort) || is(realIp)
  const guard = !isGuard ? 'none' : is(REQUEST.forward) || is(REQUEST.trusted) ? 'look-alikes' : 'strangers'
  if (isGuard) for (const name of NAMES) if (isLookAlike(name)) own[name] = 'lookAlike'
  if (!is(REQUEST.forward)) own.proxy = 'environment'
  if (guard === 'strangers') for (const name of NAMES) if (isIdentityName(name)) own[name] = 'untrusted'
  if (!is(REQUEST.trusted)) {
    if (is(xForwarded)) own['x-forwarded-for'] = own['x-forwarded-host'] = own['x-forwarded-proto'] = 'overwritten'
    if (is(forwarded)) own.forwarded = 'overwritten'
    if (is(forwardedPort)) own['x-forwarded-port'] = 'overwritten'
    if (is(forwardedPrefix)) own['x-forwarded-prefix'] = 'overwritten'
    if (is(realIp)) own['x-real-ip'] = 'overwritten'
  } else {
    if (is(xForwarded)) own['x-forwarded-for'] = 'appended'
    if (is(forwardedPrefix)) own['x-forwarded-prefix'] = 'prefixed'
  }

  // Trailer was for one hop in RFC 2616 13.5.1, so old software names it in good faith.
  return compile(own, { trailer: 'named' }, is(REQUEST.rejectsNominated) ? 'nominatedRefused' : 'nominated', guard)
}

/** As `REQUEST`, for responses. */
export const RESPONSE = { length: 1, chunked: 2, trailers: 4, upgrades: 8, wrongUpgrade: 16 } as const

const responses = new Map<number, Rules>()

/** The rules for a response with these traits (bits of `RESPONSE`). */
export function responseRules(traits: number): Rules {
  let rules = responses.get(traits)
  if (rules === undefined) {
    rules = compileResponse(bit => (traits & bit) !== 0)
    responses.set(traits, rules)
  }
  return rules
}

function compileResponse(is: (bit: number) => boolean): Rules {
  const own: Rows = {
    connection: 'connection',
    'keep-alive': 'oneHop',
    close: 'reserved',
    'proxy-connection': 'proxyConnection',
    'http2-settings': 'http2',
    'proxy-authenticate': 'challenge',
    'proxy-authentication-info': 'challenge',
    'proxy-authorization': 'consumed',
    te: 'oneHop',
    upgrade: is(RESPONSE.wrongUpgrade) ? 'wrongUpgrade' : is(RESPONSE.upgrades) ? 'upgrade' : 'noUpgrade',
    'transfer-encoding': is(RESPONSE.chunked) ? 'framing' : 'unframed',
  }
  if (!is(RESPONSE.length)) own['content-length'] = 'noLength'
  if (!is(RESPONSE.trailers)) own.trailer = 'noTrailers'
  // Naming what frames a response is common and harmless, because the reader has framed it already: ignored.
  return compile(own, { trailer: 'named', host: 'keep', 'content-length': 'keep' }, 'nominated', 'none')
}

/**
 * What may not stand in a trailer section that we pass on (RFC 9110 6.5.1): by name, as trailers are rare and may carry
 * any name. Everything that a head may not pass on is here as well, in both directions.
 */
export const TRAILER_RULES: ReadonlyMap<string, RuleName> = new Map([
  ...Object.entries({ connection: 'connection', 'proxy-connection': 'proxyConnection' } as const),
  ...['keep-alive', 'te', 'upgrade', 'http2-settings', 'close', 'alpn'].map(name => [name, 'oneHop'] as const),
  ...[
    // framing and routing
    ...['transfer-encoding', 'content-length', 'trailer', 'host'],
    // authentication and credentials
    ...['authorization', 'authentication-info', 'www-authenticate', 'cookie', 'cookie2', 'set-cookie', 'set-cookie2'],
    ...['proxy-authorization', 'proxy-authenticate', 'proxy-authentication-info'],
    // what modifies or controls a request
    ...['cache-control', 'pragma', 'expect', 'max-forwards', 'range', 'prefer', 'priority'],
    ...['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'if-range'],
    // what controls the reading of a response
    ...['age', 'date', 'expires', 'location', 'retry-after', 'vary', 'warning', 'allow'],
    // the format of the content
    ...['content-encoding', 'content-type', 'content-range', 'content-location', 'content-language'],
    // identity, of the client and of the exchange
    ...['via', 'forwarded', 'x-real-ip', 'proxy', 'x-request-id', 'traceparent', 'tracestate'],
  ].map(name => [name, 'inTrailer'] as const),
])

function compile(own: Rows, whenNamed: Rows, otherwise: RuleName, guard: Rules['guard']): Rules {
  return {
    own: Uint8Array.from(NAMES, name => RULE[own[name] ?? 'keep']),
    // A name that nobody knows is what Connection is there for; a well-known one is end to end.
    named: Uint8Array.from(NAMES, name => RULE[name === '' ? 'named' : (whenNamed[name] ?? otherwise)]),
    guard,
    kept: null,
    edits: null,
  }
}

/**
 * What becomes of line `i`: the number of a rule. Reasons of its own come first, being named by Connection second, so
 * `Connection: te` is no nomination of an end-to-end field; last comes what a route says about fields that would be kept.
 */
export function judge(lines: Lines, i: number, rules: Rules, options: ConnectionOptions): number {
  const id = lines.id(i)
  const rule = rules.own[id]!
  if (rule === appended) return lines.find(id, i) < 0 ? appended : KEEP // only the last of these lines is appended to
  if (rule !== KEEP) return rule
  if (id === 0 && rules.guard !== 'none') {
    const suspicion = suspicionOf(lines, i)
    if (suspicion !== 'none' && !rules.kept?.has(lines, i)) {
      if (rules.guard === 'strangers' && suspicion === 'identity') return untrusted
      if (suspicion === 'look-alike' || isLookAlike(lines.name(i).toLowerCase())) return lookAlike
    }
  }
  if (options.any && options.has(lines, i)) return rules.named[id]!
  return rules.edits === null ? KEEP : rules.edits.ruleFor(lines, i)
}

/**
 * `start`, then what the rules keep of the received text from `from` on, in runs: order, case
 * and duplicates stay as received (RFC 9110 5.3). Counts what dies only for being named in `options.nominated`.
 * @throws ProtocolError where a rule rejects the message
 */
export function copyKept(lines: Lines, rules: Rules, options: ConnectionOptions, start: string, from: number): string {
  const { text, count } = lines
  let out = start
  let run = from
  for (let i = 0; i < count; i++) {
    const rule = judge(lines, i, rules, options)
    if (rule === KEEP) continue
    passOver(rule, lines, i, options)
    const lineFrom = lines.from(i)
    if (lineFrom > run) out += text.slice(run, lineFrom)
    run = lines.to(i)
  }
  return out + text.slice(run, text.length - 2)
}

/** Line `i` is not copied, for this rule. @throws ProtocolError where it rejects the message */
export function passOver(rule: number, lines: Lines, i: number, options: ConnectionOptions): void {
  if (rule >= FIRST_REJECT) throw rejection(rule, lines, i)
  if (rule === nominated) options.nominated++
}

/** The error for a line that a rule rejects. It is answered and logged: of an end-to-end field, which may be a credential, only the name. */
export function rejection(rule: number, lines: Lines, i: number): ProtocolError {
  const { reason, section, status } = ruleOf(rule)
  const value = rule === RULE.nominatedRefused ? '' : `: ${visibleOctets(lines.value(i).slice(0, 128))}`
  return new ProtocolError(status!, `${reason}: ${lines.name(i)}${value}`, section, lines.from(i))
}
