import type { ClientConnection } from '../net/client-connection.js'
import type { OriginPool } from '../net/upstream-pool.js'
import { AboutClient } from '../policy/about-client.js'
import type { CloseReason } from '../policy/close-reason.js'
import { type ClientSide, judgeClient, judgeUpstream, persistOption, type UpstreamSide } from '../policy/persistence.js'
import type { RequestContext } from '../policy/rewrite-request.js'
import type { ResponseContext } from '../policy/rewrite-response.js'
import type { ContentFraming, RequestHead } from '../wire/request-head.js'
import { keepAliveOf } from './answer.js'
import type { Engine } from './engine.js'
import type { Exchange } from './forward.js'
import type { Settings } from './options.js'

// What the policies ask, filled from the exchange: scratch objects, valid until the next call. What depends on the settings alone is
// filled in when another proxy's exchange comes.
let preparedFor: Settings | null = null

function prepare({ settings, date }: Engine): void {
  preparedFor = settings
  requestContext.mode = clientSide.mode = settings.mode
  requestContext.via = settings.name
  requestContext.viaRequest = settings.viaRequest
  requestContext.xForwarded = settings.xForwarded
  requestContext.forwarded = settings.forwarded
  requestContext.upgrades = settings.upgrades
  requestContext.nominatedEndToEnd = settings.nominatedEndToEnd
  responseContext.via = settings.viaResponse ? settings.name : ''
  responseContext.now = date
  clientSide.forwardHttp10KeepAlive = settings.keepsHttp10
  clientSide.requestsMax = unlimited(settings.limits.clientRequestsMax)
}

const NOTHING_ALLOWED: ReadonlySet<string> = new Set()

const requestContext: RequestContext = {
  mode: 'reverse',
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
  about: null,
  upgrades: NOTHING_ALLOWED,
  passTrailers: true,
  nominatedEndToEnd: 'remove',
  framing: 'none',
}

/** What `rewriteRequest` needs to know besides the head. */
export function fillRequestContext(
  engine: Engine,
  client: ClientConnection,
  pool: OriginPool,
  head: RequestHead,
  framing: RequestContext['framing'],
): RequestContext {
  const { settings } = engine
  if (preparedFor !== settings) prepare(engine)
  const context = requestContext
  // An HTTP/1.0 client may have sent no Host at all.
  context.authority = settings.hostPreserved && head.host !== '' ? head.host : pool.origin.authority
  context.target = head.path
  context.clientAddress = client.address
  context.clientPort = client.port
  context.trustedPeer = client.trusted
  if (client.requests > 1) client.about ??= new AboutClient() // a client that asks once is not worth remembering
  context.about = client.about
  context.framing = framing
  return context
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
}

/** What `rewriteResponse` needs to know besides the head. */
export function fillResponseContext(exchange: Exchange, framing: ContentFraming): ResponseContext {
  const { engine, client, clientVerdict } = exchange
  const { minor, method } = exchange.asked
  const { settings } = engine
  if (preparedFor !== settings) prepare(engine)
  const context = responseContext
  context.clientMinor = minor
  context.method = method
  context.framing = framing
  context.persist = persistOption(clientVerdict, minor, settings.keepAliveAlways ? 'always' : 'http10')
  context.keepAlive = context.persist === 'keep-alive' ? keepAliveOf(exchange, client.requests) : ''
  context.upgrade = exchange.outbound?.upgrade ?? ''
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
  const { engine, client, asked } = exchange
  if (preparedFor !== engine.settings) prepare(engine)
  const side = clientSide
  side.minor = asked.minor
  side.close = asked.closes
  side.keepAlive = asked.keeps
  side.framing = exchange.clientFraming
  side.contentRead = exchange.request === 'whole' || asked.framing === 'none'
  side.connectRefused = asked.method === 'CONNECT'
  side.requests = client.requests
  side.draining = engine.clients.draining
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
