import { test } from 'tap'
import { PROXY_ERRORS, ProxyError, type ProxyStatusError } from '../../lib/link/proxy-error.js'

/** R202, word for word: each error type of RFC 9209 2.3 and the status that we send with it. */
const STATUSES: Record<ProxyStatusError, number> = {
  dns_timeout: 504,
  dns_error: 502,
  destination_not_found: 500,
  destination_unavailable: 503,
  destination_ip_prohibited: 502,
  destination_ip_unroutable: 502,
  connection_refused: 502,
  connection_terminated: 502,
  connection_timeout: 504,
  connection_read_timeout: 504,
  connection_write_timeout: 504,
  connection_limit_reached: 503,
  tls_protocol_error: 502,
  tls_certificate_error: 502,
  tls_alert_received: 502,
  http_request_error: 400,
  http_request_denied: 403,
  http_response_incomplete: 502,
  http_response_header_section_size: 502,
  http_response_header_size: 502,
  http_response_body_size: 502,
  http_response_trailer_section_size: 502,
  http_response_trailer_size: 502,
  http_response_transfer_coding: 502,
  http_response_content_coding: 502,
  http_response_timeout: 504,
  http_upgrade_failed: 502,
  http_protocol_error: 502,
  proxy_internal_response: 500,
  proxy_internal_error: 500,
  proxy_configuration_error: 500,
  proxy_loop_detected: 502,
}

for (const type of Object.keys(STATUSES) as ProxyStatusError[]) {
  test(`R202: ${type} is ${STATUSES[type]} and has a sentence`, async t => {
    t.equal(new ProxyError(type, 'text', { stage: 'connect', side: 'upstream' }).status, STATUSES[type])
    t.match(PROXY_ERRORS[type].sentence, /^[A-Z].*\.$/)
  })
}

test('R202: only the error types of RFC 9209 2.3', async t => {
  t.strictSame(Object.keys(PROXY_ERRORS).sort(), Object.keys(STATUSES).sort())
})

test('an error has a stage and a side, and by default neither a deadline nor a cause', async t => {
  const error = new ProxyError('connection_refused', 'no', { stage: 'connect', side: 'upstream' })
  t.type(error, Error)
  t.match(error, {
    name: 'ProxyError',
    message: 'no',
    stage: 'connect',
    side: 'upstream',
    type: 'connection_refused',
  })
  t.equal(error.deadline, undefined)
  t.equal(error.cause, undefined)
})

test('an error carries another status, a deadline and a cause when given', async t => {
  const cause = new Error('below')
  const facts = { stage: 'acquire', side: 'proxy', status: 500, deadline: 'queueMs', cause } as const
  const error = new ProxyError('connection_limit_reached', 'full', facts)
  t.match(error, { status: 500, deadline: 'queueMs' })
  t.equal(error.cause, cause)
})

test('an error names the setting that caused it, in each spelling', async t => {
  const error = new ProxyError('connection_limit_reached', 'all are busy', {
    stage: 'acquire',
    side: 'proxy',
    remedy: { settings: ['upstreamConnectionsMax'] },
  })
  t.equal(error.told('command-line'), 'all are busy (--upstream-connections-max)')
  t.equal(error.told('file'), 'all are busy (limits.upstreamConnectionsMax)')
  const late = new ProxyError('http_response_timeout', 'late', {
    stage: 'response-head',
    side: 'upstream',
    deadline: 'responseHeadMs',
  })
  t.equal(late.told('library'), 'late (deadlines.responseHeadMs)')
  const none = new ProxyError('dns_error', 'no name', { stage: 'resolve', side: 'upstream' })
  t.equal(none.told('file'), 'no name')
})
