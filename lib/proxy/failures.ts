import { PROXY_ERRORS, ProxyError, type ProxyStatusError } from '../link/proxy-error.js'
import { type Remedy, remedyText } from '../link/remedies.js'
import type { Breach, ProtocolError } from '../wire/protocol-error.js'
import type { ExchangeCounts } from './engine.js'
import type { Settings } from './options/settings.js'

/** What the client sent is not HTTP that we accept: nothing more of it goes upstream. */
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

/** What the upstream sent is not HTTP that we accept, or ends in mid-message. */
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

/** The limit of the grammar that was reached, if that is what is wrong. */
function limitOf({ breach: { limits } }: ProtocolError): Remedy | undefined {
  return limits === undefined ? undefined : { settings: limits }
}

/** For the statistics. */
export function countFailure({ failures, deadlines }: ExchangeCounts, { type, deadline, status }: ProxyError): void {
  if (type === 'destination_not_found' && status === 404) return // a visitor asked for what there is not: nobody's failure
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
 * What a client is told. Whoever asks a forward proxy knows where it goes, and may ask its operator for a setting; a gateway does not tell what
 * stands behind it (RFC 9110 7.6.3, RFC 9209 2.1.5), nor how it could be set otherwise: the whole message is in the log.
 */
export function publicText(error: ProxyError, { mode, door }: Pick<Settings, 'mode' | 'door'>): string {
  if (mode === 'forward') return error.told(door)
  const text = error.side === 'client' ? error.message : PROXY_ERRORS[error.type].sentence
  return error.deadline === undefined ? text : text + remedyText({ settings: [error.deadline] }, door)
}
