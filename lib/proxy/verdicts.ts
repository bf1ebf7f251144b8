import { AboutClient } from '../policy/about-client.js'
import type { CloseReason } from '../policy/close-reason.js'
import { isStripped, rewritePath } from '../policy/path-prefixes.js'
import { type ClientSide, judgeClient, judgeUpstream, persistOption, type UpstreamSide } from '../policy/persistence.js'
import type { RequestContext } from '../policy/rewrite-request.js'
import type { ResponseContext } from '../policy/rewrite-response.js'
import { hostToSend } from '../policy/send-host.js'
import type { ContentFraming, RequestHead } from '../wire/request-head.js'
import { keepAliveOf } from './answer.js'
import type { Engine } from './engine.js'
import type { Exchange } from './forward.js'
import type { Settings } from './options/options.js'
import type { RouteSpec } from './options/route-options.js'
import { authorizationFor } from './parent.js'
import { wayBackOf } from './way-back.js'

// What the policies ask, filled from the exchange: scratch objects, valid until the next call. What depends on the settings alone is
// filled in when another proxy's exchange comes.
let preparedFor: Settings | null = null

function prepare(settings: Settings, { date }: Engine): void {
  preparedFor = settings
  requestContext.generation = settings.generation
  requestContext.mode = clientSide.mode = settings.mode
  requestContext.via = settings.name
  requestContext.viaRequest = settings.viaRequest
  requestContext.xForwarded = settings.xForwarded
  requestContext.forwarded = settings.forwarded
  requestContext.upgrades = settings.upgrades
  requestContext.nominatedEndToEnd = settings.nominatedEndToEnd
  requestContext.keepFields = settings.keepFields
  requestContext.proxyAuthorization = settings.parent === null ? '' : authorizationFor(settings.parent)
  requestContext.more = settings.clientFields
  requestContext.prefix = ''
  requestContext.certificate = null
  responseContext.via = settings.viaResponse ? settings.name : ''
  responseContext.now = date
  clientSide.forwardHttp10KeepAlive = settings.keepsHttp10
  clientSide.requestsMax = unlimited(settings.limits.clientRequestsMax)
}

const NOTHING_ALLOWED: ReadonlySet<string> = new Set()

const requestContext: RequestContext = {
  mode: 'reverse',
  keepFields: null,
  via: '',
  viaRequest: false,
  authority: '',
  target: '',
  clientAddress: '',
  clientPort: 0,
  scheme: 'http',
  trustedPeer: false,
  xForwarded: false,
  forwarded: false,
  more: null,
  prefix: '',
  certificate: null,
  about: null,
  generation: 0,
  edits: null,
  requestId: '',
  trace: '',
  upgrades: NOTHING_ALLOWED,
  nominatedEndToEnd: 'remove',
  framing: 'none',
  gatheredLength: -1,
  expectMet: false,
  proxyAuthorization: '',
}

/** What `rewriteRequest` needs to know besides the head. @param gatheredLength of content that was gathered, -1 for none */
export function fillRequestContext(
  exchange: Exchange,
  head: RequestHead,
  framing: RequestContext['framing'],
  gatheredLength = -1,
): RequestContext {
  const { settings, client, routed } = exchange
  if (preparedFor !== settings) prepare(settings, exchange.engine)
  const context = requestContext
  // An HTTP/1.0 client may have sent no Host at all.
  context.authority = hostToSend(
    routed === null ? 'preserve' : routed.sendHost,
    head.host,
    exchange.pool!.origin.authority,
  )
  context.target = targetFor(head, exchange)
  context.edits = routed === null ? null : routed.requestEdits
  context.requestId = exchange.requestId
  context.trace = exchange.span === null ? '' : exchange.span.lines
  context.clientAddress = client.address
  context.clientPort = client.port
  context.scheme = client.scheme
  context.trustedPeer = client.trusted
  if (client.requests > 1) client.about ??= new AboutClient() // a client that asks once is not worth remembering
  context.about = client.about
  if (context.more !== null) {
    context.prefix = prefixTaken(head.path, settings, routed)
    context.certificate = client.tls === null ? null : client.tls.certificate
  }
  context.framing = framing
  context.gatheredLength = gatheredLength
  context.expectMet = exchange.expectMet
  return context
}

/** What X-Forwarded-Prefix says that the route takes off this path, '' for nothing. */
export function prefixTaken(path: string, { clientFields }: Settings, route: RouteSpec | null): string {
  if (clientFields?.forwardedPrefix !== true || route === null || route.prefixes === null) return ''
  return isStripped(path, route.prefixes) ? route.prefixes.stripPrefix : ''
}

/** The request-target to send: a path, or all of it to another proxy (RFC 9112 3.2.2). */
function targetFor({ path, scheme, host }: RequestHead, { routed, settings }: Exchange): string {
  if (settings.parent !== null) return `${scheme}://${host}${path === '*' ? '' : path}`
  return routed === null || routed.prefixes === null ? path : rewritePath(path, routed.prefixes)
}

const responseContext: ResponseContext = {
  clientMinor: 1,
  method: '',
  framing: 'none',
  via: '',
  now: () => '',
  persist: '',
  keepAlive: '',
  upgrade: '',
  trailers: true,
  edits: null,
  way: null,
  requestId: '',
  extra: '',
}

/** What `rewriteResponse` needs to know besides the head. */
export function fillResponseContext(exchange: Exchange, framing: ContentFraming): ResponseContext {
  const { settings, client, clientVerdict } = exchange
  const { minor, method } = exchange.asked
  if (preparedFor !== settings) prepare(settings, exchange.engine)
  const context = responseContext
  context.clientMinor = minor
  context.method = method
  context.framing = framing
  context.persist = persistOption(clientVerdict, minor, settings.keepAliveAlways ? 'always' : 'http10')
  context.keepAlive = context.persist === 'keep-alive' ? keepAliveOf(exchange, client.requests) : ''
  context.upgrade = exchange.outbound?.upgrade ?? ''
  const { routed } = exchange
  context.edits = routed === null ? null : routed.responseEdits
  context.way = routed === null || routed.wayBack === null ? null : wayBackOf(exchange)
  context.requestId = exchange.requestId
  context.extra = exchange.stickyLine
  return context
}

const clientSide: ClientSide = {
  mode: 'reverse',
  forwardHttp10KeepAlive: false,
  minor: 1,
  close: false,
  keepAlive: false,
  framing: 'none',
  contentRead: true,
  connectRefused: false,
  requests: 0,
  requestsMax: 0,
  draining: false,
}

/** Keep the client's connection, or why not: known when the final head goes out, because it says so. */
export function clientVerdict(exchange: Exchange): 'keep' | CloseReason {
  const { engine, settings, client, asked } = exchange
  if (preparedFor !== settings) prepare(settings, engine)
  const side = clientSide
  side.minor = asked.minor
  side.close = asked.closes
  side.keepAlive = asked.keeps
  side.framing = exchange.clientFraming
  side.contentRead = exchange.request === 'whole' || asked.framing === 'none'
  side.connectRefused = asked.method === 'CONNECT'
  side.requests = client.requests
  side.draining = engine.clients.closesAfterResponse
  client.http10 = asked.minor === 0
  return judgeClient(side)
}

const upstreamSide: UpstreamSide = {
  minor: 1,
  close: false,
  keepAlive: false,
  framing: 'none',
  inDoubt: false,
  responseRead: true,
  requestSent: true,
  surplus: false,
  hintMax: -1,
  // Age and requests are in the connection's book, which judges them at the release.
  requests: 0,
  requestsMax: Number.POSITIVE_INFINITY,
  ageMs: 0,
  ageMaxMs: Number.POSITIVE_INFINITY,
  draining: false,
}

/** Keep the upstream's connection, or why not. */
export function upstreamVerdict(exchange: Exchange, requestSent: boolean, surplus: boolean): 'keep' | CloseReason {
  const side = upstreamSide
  side.minor = exchange.answered.minor
  side.close = exchange.answered.closes
  side.keepAlive = exchange.answered.keeps
  side.framing = exchange.answered.framing
  side.inDoubt = exchange.answered.inDoubt
  side.hintMax = exchange.answered.hintMax
  side.requestSent = requestSent
  side.surplus = surplus
  return judgeUpstream(side)
}

const unlimited = (limit: number): number => (limit === 0 ? Number.POSITIVE_INFINITY : limit)
