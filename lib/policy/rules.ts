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
  noChunks: {
    verdict: 'drop',
    reason: 'the content goes on without chunks, so no trailers follow it',
    section: 'RFC 9112 7.1.2',
  },
  tunnel: { verdict: 'drop', reason: 'a tunnel passes no field of the request on', section: 'RFC 9110 9.3.6' },
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
