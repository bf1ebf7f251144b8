import type { Lines } from '../wire/lines.js'
import { type KnownName, NAMES } from '../wire/names.js'
import { isIdentityName, isLookAlike } from './identity.js'
import { RULE, type RuleName } from './rules.js'

/** The rules of one kind of message, as numbers by known name: for the field itself, and for when Connection names it. */
export interface Rules {
  readonly own: Uint8Array
  readonly named: Uint8Array
  /**
   * Whether unknown names are checked, too: names that CGI does not distinguish from identity or framing fields (from every
   * peer), and names that only a trusted peer may send (`strangers`).
   */
  readonly guard: 'none' | 'look-alikes' | 'strangers'
  /** The fields that are exempt from the guard, null for none. */
  readonly kept: LineSet | null
  /** The rules that apply after the rules of the hop, null for none. */
  readonly edits: NamedRules | null
}

/** Rules for fields with certain names, as the number of a rule; KEEP for every other field. */
export interface NamedRules {
  ruleFor(lines: Lines, i: number): number
}

/** A set of field lines. */
export interface LineSet {
  has(lines: Lines, i: number): boolean
}

type Rows = Partial<Record<KnownName, RuleName>>

/** The traits of a request on which its rules depend, as bits: the rules of each combination are compiled once. */
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

  // A forward proxy forwards identity fields unless it sends fields of that kind itself.
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

  // Trailer was hop-by-hop in RFC 2616 13.5.1, so old software names it in good faith.
  return compile(own, { trailer: 'named' }, is(REQUEST.rejectsNominated) ? 'nominatedRefused' : 'nominated', guard)
}

/** Like `REQUEST`, for responses. */
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
  // Naming framing fields in a response is common, and harmless because the reader has framed it already: ignored.
  return compile(own, { trailer: 'named', host: 'keep', 'content-length': 'keep' }, 'nominated', 'none')
}

function compile(own: Rows, whenNamed: Rows, otherwise: RuleName, guard: Rules['guard']): Rules {
  return {
    own: Uint8Array.from(NAMES, name => RULE[own[name] ?? 'keep']),
    // Naming unknown fields is the purpose of Connection; a known field without a rule is end to end.
    named: Uint8Array.from(NAMES, name => RULE[name === '' ? 'named' : (whenNamed[name] ?? otherwise)]),
    guard,
    kept: null,
    edits: null,
  }
}
