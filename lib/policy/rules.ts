/** What happens to a received field; `add` is for lines of this proxy. */
export type Verdict = 'keep' | 'drop' | 'replace' | 'reject' | 'add'

/** A verdict with its reason, the section that requires it, and, for `reject`, the status of the answer. */
export interface Rule {
  readonly verdict: Verdict
  readonly reason: string
  readonly section: string
  readonly status?: number
}

/**
 * The rules for fields. The fast path uses the number of a rule (its position in this table, 0 is keep), the ledger its row.
 * The rejections come last, so that one comparison detects them.
 */
export const RULES = {
  keep: { verdict: 'keep', reason: 'end to end', section: 'RFC 9110 7.6' },
  connection: { verdict: 'drop', reason: 'belongs to this connection', section: 'RFC 9110 7.6.1' },
  named: { verdict: 'drop', reason: 'named by Connection', section: 'RFC 9110 7.6.1' },
  nominated: { verdict: 'drop', reason: 'an end-to-end field, but named by Connection', section: 'RFC 9110 7.6.1' },
  oneHop: { verdict: 'drop', reason: 'known to be hop-by-hop', section: 'RFC 9110 7.6.1' },
  reserved: { verdict: 'drop', reason: 'the name is reserved for the connection option', section: 'RFC 9112 9.6' },
  proxyConnection: { verdict: 'drop', reason: 'never standard, never forwarded', section: 'RFC 9112 C.2.2' },
  http2: { verdict: 'drop', reason: 'belongs to an upgrade that is not forwarded', section: 'RFC 9113 3.1' },
  alpn: { verdict: 'drop', reason: 'meaningful only with CONNECT', section: 'RFC 7639 2' },
  te: { verdict: 'replace', reason: 'evaluated here, and sent again for this proxy', section: 'RFC 9110 10.1.4' },
  noTrailersWanted: {
    verdict: 'drop',
    reason: 'hop-by-hop, and nothing of it to offer again',
    section: 'RFC 9110 10.1.4',
  },
  upgrade: { verdict: 'replace', reason: 'an invitation to this hop only', section: 'RFC 9110 7.8' },
  noUpgrade: { verdict: 'drop', reason: 'an invitation to this hop only, not forwarded', section: 'RFC 9110 7.8' },
  framing: { verdict: 'replace', reason: 'each hop frames the content for itself', section: 'RFC 9112 6.1' },
  gathered: {
    verdict: 'drop',
    reason: 'the content was gathered and is sent with its length',
    section: 'RFC 9112 6.2',
  },
  unframed: { verdict: 'drop', reason: 'each hop frames the content for itself', section: 'RFC 9112 6.1' },
  noLength: { verdict: 'drop', reason: 'the framing of the next hop has no Content-Length', section: 'RFC 9112 6.2' },
  noTrailers: { verdict: 'drop', reason: 'announces trailers that cannot be forwarded', section: 'RFC 9110 6.6.2' },
  consumed: { verdict: 'drop', reason: 'credentials for this proxy', section: 'RFC 9110 11.7.2' },
  challenge: {
    verdict: 'drop',
    reason: 'for the next client only, which is this proxy',
    section: 'RFC 9110 11.7.1',
  },
  host: { verdict: 'replace', reason: 'routing decides the authority', section: 'RFC 9110 7.2' },
  hops: { verdict: 'replace', reason: 'decremented at each hop', section: 'RFC 9110 7.6.2' },
  oldExpect: { verdict: 'drop', reason: 'ignored in an HTTP/1.0 request', section: 'RFC 9110 10.1.1' },
  expectMet: { verdict: 'drop', reason: 'met here: the content was gathered first', section: 'RFC 9110 10.1.1' },
  untrusted: { verdict: 'drop', reason: 'not accepted from an untrusted peer', section: 'RFC 7239 8.1' },
  overwritten: { verdict: 'replace', reason: 'not accepted from an untrusted peer', section: 'RFC 7239 8.1' },
  appended: {
    verdict: 'replace',
    reason: 'sent by a trusted peer, whose address is appended',
    section: 'RFC 7239 7.4',
  },
  prefixed: {
    verdict: 'replace',
    reason: 'sent by a trusted peer; the prefix stripped here is appended',
    section: 'RFC 9110 7.6',
  },
  lookAlike: { verdict: 'drop', reason: 'CGI cannot distinguish it from another field', section: 'RFC 3875 4.1.18' },
  environment: { verdict: 'drop', reason: 'CGI would turn it into HTTP_PROXY', section: 'RFC 3875 4.1.18' },
  inTrailer: { verdict: 'drop', reason: 'not allowed in a trailer section', section: 'RFC 9110 6.5.1' },
  noChunks: {
    verdict: 'drop',
    reason: 'the content is forwarded without chunks, so no trailers follow it',
    section: 'RFC 9112 7.1.2',
  },
  tunnel: { verdict: 'drop', reason: 'a tunnel forwards no field of the request', section: 'RFC 9110 9.3.6' },
  setByRoute: { verdict: 'replace', reason: 'set by the route', section: 'RFC 9110 5.1' },
  removedByRoute: { verdict: 'drop', reason: 'removed by the route', section: 'RFC 9110 5.1' },
  locationBack: {
    verdict: 'replace',
    reason: 'points to the upstream, which the client reaches under another URL',
    section: 'RFC 9110 10.2.2',
  },
  cookieBack: {
    verdict: 'replace',
    reason: 'scoped to the upstream, which the client reaches under another path or name',
    section: 'RFC 6265 5.2',
  },
  requestId: { verdict: 'replace', reason: 'one id for the exchange on both sides', section: 'RFC 9110 5.1' },
  traced: { verdict: 'replace', reason: 'the span of this proxy is the next parent', section: 'W3C Trace Context 3.4' },
  login: {
    verdict: 'keep',
    reason: 'end to end; from now on the upstream connection serves this client alone',
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
    reason: 'Connection names a field with which a trusted peer identifies clients',
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
  hopsUnclear: {
    verdict: 'reject',
    reason: 'Max-Forwards is not a single number',
    section: 'RFC 9110 7.6.2',
    status: 400,
  },
  traceContent: { verdict: 'reject', reason: 'TRACE must not have content', section: 'RFC 9110 9.3.8', status: 400 },
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

/** The rule with a number from `judge`. */
export const ruleOf = (number: number): Rule => ROWS[number]!

/** Why this proxy added a line, by its name in lower case. The ledger reads the lines from the text that was sent. */
export const ADDITIONS: Record<string, { readonly reason: string; readonly section: string }> = {
  host: { reason: 'the authority chosen by routing', section: 'RFC 9110 7.2' },
  'x-forwarded-for': { reason: 'the address of the client', section: 'RFC 7239 7.4' },
  'x-forwarded-host': { reason: 'the authority that the client requested', section: 'RFC 7239 7.4' },
  'x-forwarded-proto': { reason: 'the scheme of the client connection', section: 'RFC 7239 7.4' },
  'x-forwarded-port': { reason: 'the port that the client requested', section: 'RFC 7239 7.4' },
  'x-forwarded-prefix': { reason: 'the prefix stripped from the path', section: 'RFC 7239 7.4' },
  'x-real-ip': { reason: 'the address of the client', section: 'RFC 7239 7.4' },
  'x-client-cert-subject': { reason: 'the subject of the client certificate', section: 'RFC 4514 2' },
  'x-client-cert-issuer': { reason: 'the issuer of the client certificate', section: 'RFC 4514 2' },
  'x-client-cert-serial': { reason: 'the serial number of the client certificate', section: 'RFC 5280 4.1.2.2' },
  'x-client-cert-fingerprint': { reason: 'the fingerprint of the client certificate', section: 'RFC 5280 4.1' },
  'client-cert': { reason: 'the certificate of the client', section: 'RFC 9440 2.2' },
  forwarded: { reason: 'what this hop knows about the client', section: 'RFC 7239 4' },
  via: { reason: 'this proxy and the protocol version that it received', section: 'RFC 9110 7.6.3' },
  'max-forwards': { reason: 'one hop less', section: 'RFC 9110 7.6.2' },
  'content-length': { reason: 'the length of the content', section: 'RFC 9110 8.6' },
  'transfer-encoding': { reason: 'the framing of this hop', section: 'RFC 9112 6.1' },
  te: { reason: 'the client accepts trailers, and this proxy forwards them', section: 'RFC 9110 10.1.4' },
  upgrade: { reason: 'the offered protocols that are allowed', section: 'RFC 9110 7.8' },
  connection: { reason: 'the options of this connection', section: 'RFC 9110 7.6.1' },
  'proxy-authorization': { reason: 'our credentials for the next proxy', section: 'RFC 9110 11.7.2' },
  'keep-alive': { reason: 'how long the connection stays open', section: 'RFC 2068 19.7.1' },
  date: { reason: 'the response had none', section: 'RFC 9110 6.6.1' },
  'x-request-id': { reason: 'the id of the exchange', section: 'RFC 9110 5.1' },
  traceparent: { reason: 'the span of this proxy', section: 'W3C Trace Context 3.2' },
  tracestate: { reason: 'belongs to traceparent', section: 'W3C Trace Context 3.3' },
  'set-cookie': { reason: 'binds the client to its server', section: 'RFC 6265 4.1' },
}

/** The same for the fields of an answer that this proxy generates, if they are different or have another reason. */
export const OWN_FIELDS: typeof ADDITIONS = {
  date: { reason: 'when the answer was made', section: 'RFC 9110 6.6.1' },
  'content-type': { reason: 'the type of its content', section: 'RFC 9110 8.3' },
  'cache-control': { reason: 'must not be stored', section: 'RFC 9111 5.2.2.5' },
  'x-content-type-options': { reason: 'must not be taken for a page', section: 'RFC 9110 8.3' },
  'proxy-status': { reason: 'how the request was handled', section: 'RFC 9209 2' },
  allow: { reason: 'the methods that are allowed here', section: 'RFC 9110 10.2.1' },
  'proxy-authenticate': { reason: 'how a client authenticates', section: 'RFC 9110 11.7.1' },
  'retry-after': { reason: 'when to try again', section: 'RFC 9110 10.2.3' },
}

/** Why a value from an upstream was forwarded with another value. */
export const ON_THE_WAY_BACK = 'as the client reaches it through the route'
