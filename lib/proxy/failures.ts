import { PROXY_ERRORS, ProxyError, type ProxyStatusError } from '../link/proxy-error.js'
import { type Remedy, remedyText } from '../link/remedies.js'
import type { Breach, ProtocolError } from '../wire/protocol-error.js'
import type { ExchangeCounts } from './engine.js'
import type { Settings } from './options/settings.js'

/** The client sent something that is not acceptable HTTP: nothing more of it is sent upstream. */
export function brokenRequest(error: ProtocolError, inHead: boolean): ProxyError {
  const message = `${error.message} (${error.section})`
  return new ProxyError('http_request_error', message, {
    stage: inHead ? 'client-head' : 'request-body',
    side: 'client',
    status: error.status,
    remedy: limitOf(error),
    cause: error,
  })
}

/** The upstream sent something that is not acceptable HTTP, or that ends in the middle of a message. */
export function brokenResponse(error: ProtocolError, inContent: boolean): ProxyError {
  const { kind } = error.breach
  const message = `the response cannot be used: ${error.message} (${error.section})`
  return new ProxyError(kind === undefined ? 'http_protocol_error' : TYPES[kind], message, {
    stage: inContent ? 'response-body' : 'response-head',
    side: 'upstream',
    status: 502,
    remedy: limitOf(error),
    cause: error,
  })
}

/** The grammar limit that was exceeded, if that is the cause. */
function limitOf({ breach: { limits } }: ProtocolError): Remedy | undefined {
  return limits === undefined ? undefined : { settings: limits }
}

/** For the statistics. */
export function countFailure({ failures, deadlines }: ExchangeCounts, { type, deadline, status }: ProxyError): void {
  if (type === 'destination_not_found' && status === 404) return // a request that matches no route is not a failure
  failures.set(type, (failures.get(type) ?? 0) + 1)
  if (deadline !== undefined) deadlines.set(deadline, (deadlines.get(deadline) ?? 0) + 1)
}

const TYPES: Readonly<Record<NonNullable<Breach['kind']>, ProxyStatusError>> = {
  incomplete: 'http_response_incomplete',
  'head-size': 'http_response_header_section_size',
  'trailers-size': 'http_response_trailer_section_size',
  'transfer-coding': 'http_response_transfer_coding',
  credentials: 'proxy_configuration_error',
}

/**
 * What the client is told. The client of a forward proxy knows the destination, and may ask the operator for a setting; a
 * gateway reveals neither what is behind it (RFC 9110 7.6.3, RFC 9209 2.1.5) nor its settings: there only the log has it all.
 */
export function publicText(error: ProxyError, { mode, door }: Pick<Settings, 'mode' | 'door'>): string {
  if (mode === 'forward') return error.told(door)
  const text = error.side === 'client' ? error.message : PROXY_ERRORS[error.type].sentence
  return error.deadline === undefined ? text : text + remedyText({ settings: [error.deadline] }, door)
}
