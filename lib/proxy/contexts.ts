import type { ClientStream } from '../net/client/client-stream.js'
import { isStripped, rewritePath } from '../policy/path-prefixes.js'
import type { RequestContext } from '../policy/request-context.js'
import { AboutClient } from '../policy/request-context.js'
import type { ResponseContext } from '../policy/rewrite-response.js'
import { hostToSend } from '../policy/send-host.js'
import type { ContentFraming, RequestHead } from '../wire/request-head.js'
import type { ExchangeView } from './exchange-view.js'
import type { RouteSpec } from './options/route-options.js'
import type { Settings } from './options/settings.js'
import { authorizationFor } from './parent.js'
import { wayBackOf } from './way-back.js'

// The contexts that the policies read, filled from the exchange: scratch objects, valid until the next call. What depends on the
// settings alone is filled in only when an exchange with other settings comes.
let preparedFor: Settings | null = null

function prepare(settings: Settings): void {
  preparedFor = settings
  requestContext.generation = settings.generation
  requestContext.mode = settings.mode
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

/** What `rewriteRequest` needs besides the head. @param gatheredLength the length of gathered content; -1: none was gathered */
export function fillRequestContext(
  exchange: ExchangeView,
  head: RequestHead,
  framing: RequestContext['framing'],
  gatheredLength = -1,
): RequestContext {
  const { settings, routed } = exchange
  const client = exchange.client.peer
  if (preparedFor !== settings) prepare(settings)
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
  if (client.requests > 1) client.about ??= new AboutClient() // not worth remembering for a single request
  context.about = client.about
  if (context.more !== null) {
    context.prefix = prefixTaken(head.path, settings, routed)
    context.certificate = client.tls === null ? null : client.tls.certificate
  }
  context.framing = framing
  context.gatheredLength = gatheredLength
  context.expectMet = exchange.upload?.expectMet === true
  return context
}

/** The prefix that the route strips from this path, for X-Forwarded-Prefix; '' for none. */
export function prefixTaken(path: string, { clientFields }: Settings, route: RouteSpec | null): string {
  if (clientFields?.forwardedPrefix !== true || route === null || route.prefixes === null) return ''
  return isStripped(path, route.prefixes) ? route.prefixes.stripPrefix : ''
}

/** The request-target to send: a path, or the absolute form to another proxy (RFC 9112 3.2.2). */
function targetFor({ path, scheme, host }: RequestHead, { routed, settings }: ExchangeView): string {
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

/**
 * What `rewriteResponse` needs besides the head.
 * @param client supplies what the response says about its hop
 * @param now returns the current IMF-fixdate; called only where needed
 */
export function fillResponseContext(
  exchange: ExchangeView,
  client: ClientStream,
  framing: ContentFraming,
  now: () => string,
): ResponseContext {
  const { settings, asked, routed, tries } = exchange
  if (preparedFor !== settings) prepare(settings)
  const context = responseContext
  context.now = now
  context.method = asked.method
  client.describe(context, framing, settings)
  context.upgrade = exchange.outbound?.upgrade ?? ''
  context.edits = routed === null ? null : routed.responseEdits
  context.way = routed === null || routed.wayBack === null ? null : wayBackOf(exchange)
  context.requestId = exchange.requestId
  context.extra = tries.choice === null ? '' : tries.choice.stickyLine
  return context
}
