import type { ExchangeRecord } from '../../proxy/events.js'
import type { TracedRequest } from '../../proxy/tracer.js'
import { readAuthority } from '../../wire/authority.js'
import { METHODS } from '../../wire/method.js'
import { redactTarget } from '../logs/redact.js'

/** The attributes of a span: the stable semantic conventions for HTTP servers, and what only hopwise knows, under `hopwise.`. */
export type Attributes = Record<string, string | number | boolean>

/** Unknown methods are `HTTP` here and `_OTHER` in the attribute: a client can make up as many as it likes. */
export function spanName(method: string): string {
  return METHODS.includes(method) ? method : 'HTTP'
}

/** The attributes that samplers see. */
export function attributesAtStart(asked: TracedRequest): Attributes {
  const { method, target, host, version, scheme, clientAddress } = asked
  const known = METHODS.includes(method)
  const attributes: Attributes = {
    'http.request.method': known ? method : '_OTHER',
    'url.scheme': scheme,
    'network.protocol.version': version,
  }
  if (!known && method !== '') attributes['http.request.method_original'] = method
  if (clientAddress !== '') attributes['client.address'] = attributes['network.peer.address'] = clientAddress
  const authority = readAuthority(host)
  if (authority !== undefined) {
    attributes['server.address'] = authority.host
    if (authority.port > 0) attributes['server.port'] = authority.port
  }
  return method === 'CONNECT' ? attributes : Object.assign(attributes, pathAndQuery(target))
}

/** Without secrets, as in the log. */
function pathAndQuery(target: string): Attributes {
  const [, , path = '', query] =
    /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?]*)(?:\?(.*))?$/is.exec(redactTarget(target)) ?? []
  const attributes: Attributes = {}
  if (target !== '') attributes['url.path'] = path === '' ? '/' : path
  if (query !== undefined) attributes['url.query'] = query
  return attributes
}

export function attributesAtEnd(record: ExchangeRecord): Attributes {
  const { id, mode, status, outcome, endedBy, retries, client, upstream, clientVerdict, upstreamVerdict } = record
  const { requestId, route, error } = record
  const attributes: Attributes = {
    'hopwise.exchange': id,
    'hopwise.mode': mode,
    'hopwise.outcome': outcome,
    'hopwise.ended_by': endedBy,
    'hopwise.retries': retries,
    'hopwise.client.connection': client.id,
    'hopwise.client.request': client.nth,
    'hopwise.client.verdict': clientVerdict,
  }
  if (status !== 0) attributes['http.response.status_code'] = status
  if (upstream !== undefined) {
    attributes['hopwise.upstream.connection'] = upstream.id
    attributes['hopwise.upstream.request'] = upstream.nth
    attributes['hopwise.upstream.origin'] = upstream.origin
    attributes['hopwise.upstream.address'] = upstream.address
  }
  if (upstreamVerdict !== undefined) attributes['hopwise.upstream.verdict'] = upstreamVerdict
  if (requestId !== undefined) attributes['hopwise.request_id'] = requestId
  if (route !== undefined) attributes['hopwise.route'] = route
  if (error !== undefined) {
    attributes['hopwise.error.stage'] = error.stage
    attributes['hopwise.error.side'] = error.side
    if (error.deadline !== undefined) attributes['hopwise.deadline'] = error.deadline
  }
  if (failureOf(record) !== null) attributes['error.type'] = error?.type ?? (status >= 500 ? String(status) : outcome)
  return attributes
}

/**
 * Why this counts as an error of the service, '' where nothing more is known; null: it does not. A fault of the client is not an
 * error of the server (the conventions' rule about 4xx).
 */
export function failureOf({ status, outcome, error }: ExchangeRecord): string | null {
  const byClient = status >= 400 && status < 500
  const failed = outcome === 'failed' || outcome === 'upstream-aborted' || outcome === 'timeout'
  return status >= 500 || (failed && !byClient) ? (error?.message ?? '') : null
}
