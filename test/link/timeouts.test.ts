import { test } from 'tap'
import { DEADLINES, type DeadlineName } from '../../lib/link/deadlines.js'
import { timeoutOf } from '../../lib/link/timeouts.js'

const MS = { ...DEADLINES, responseHeadMs: 7 }

test('a deadline that passed: the answer, the side at fault, and why each side closes', async t => {
  const rows: [side: 'client' | 'upstream', name: DeadlineName, type: string, status: number, ends: string[]][] = [
    ['client', 'requestHeadMs', 'http_request_error', 408, ['client-gone', 'client-head-timeout']],
    ['client', 'requestBodyMs', 'http_request_error', 408, ['client-gone', 'client-body-timeout']],
    ['client', 'clientWriteMs', 'connection_write_timeout', 504, ['client-gone', 'client-write-timeout']],
    ['client', 'halfClosedMs', 'connection_terminated', 502, ['client-gone', 'client-fin']],
    ['upstream', 'responseHeadMs', 'http_response_timeout', 504, ['upstream-timeout']],
    ['upstream', 'responseBodyMs', 'connection_read_timeout', 504, ['upstream-timeout']],
    ['upstream', 'requestBodyMs', 'connection_write_timeout', 504, ['upstream-timeout']],
    ['client', 'exchangeMs', 'proxy_internal_response', 504, ['exchange-timeout', 'exchange-timeout']],
  ]
  for (const [side, name, type, status, ends] of rows) {
    const { error, upstreamReason, clientReason } = timeoutOf(side, name, MS)
    t.match(error, { type, status, deadline: name })
    t.same([upstreamReason, clientReason].filter(Boolean), ends, name)
  }
  t.match(timeoutOf('upstream', 'responseHeadMs', MS).error.message, 'waited 7 ms for the head of the response')
  t.equal(timeoutOf('client', 'halfClosedMs', MS, 'response-body').error.stage, 'response-body', 'at another stage')
})
