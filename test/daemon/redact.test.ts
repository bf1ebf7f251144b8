import { test } from 'tap'
import { accessLine } from '../../lib/daemon/logs/access-line.js'
import { redactAuthority, redactTarget } from '../../lib/daemon/logs/redact.js'
import type { ExchangeRecord } from '../../lib/proxy/events.js'

test('R198: targets keep everything but what is usually a secret', t => {
  for (const [target, shown] of [
    ['/', '/'],
    ['/a?b=c&d', '/a?b=c&d'],
    ['http://me:hush@a/b?c', 'http://[redacted]@a/b?c'],
    ['http://a/@b', 'http://a/@b'],
    ['/b?u=me@a', '/b?u=me@a'],
    ['//me@a/b', '//[redacted]@a/b'],
    ['/cb?code=hush&state=1', '/cb?code=[redacted]&state=1'],
    ['/?a=1&access_token=hush&b=2', '/?a=1&access_token=[redacted]&b=2'],
    ['/?API_KEY=hush', '/?API_KEY=[redacted]'],
    ['/?X-Amz-Signature=hush&x=1;token=hush', '/?X-Amz-Signature=[redacted]&x=1;token=[redacted]'],
    ['/?monkey=1&tokens=2', '/?monkey=1&tokens=2'],
    ['*', '*'],
  ] as const)
    t.equal(redactTarget(target), shown, target)
  t.equal(redactAuthority('me:hush@a:443'), '[redacted]@a:443')
  t.equal(redactAuthority('[::1]:443'), '[::1]:443')
  t.end()
})

const RECORD: ExchangeRecord = {
  id: 'x1',
  startedAt: 1,
  mode: 'forward',
  method: 'GET',
  target: 'http://me:hush@a/?token=hush',
  host: 'me:hush@a',
  version: '1.1',
  status: 200,
  client: { id: 'c1', nth: 2, address: '127.0.0.1' },
  bytes: { requestHead: 1, requestContent: 2, responseHead: 3, responseContent: 4 },
  ms: { head: 1, wait: 2, firstByte: 3, total: 4 },
  retries: 0,
  outcome: 'complete',
  endedBy: 'client',
  clientVerdict: 'keep',
}

test('R198: an access log line has the whole record, without the secrets', t => {
  const line = accessLine(RECORD, '2030-01-02T03:04:05.678Z')
  t.ok(line.endsWith('"msg":"exchange"}\n'))
  const { startedAt, ...rest } = RECORD
  t.strictSame(JSON.parse(line), {
    level: 'info',
    time: '2030-01-02T03:04:05.678Z',
    ...rest,
    target: 'http://[redacted]@a/?token=[redacted]',
    host: '[redacted]@a',
    msg: 'exchange',
  })
  t.match(JSON.parse(accessLine({ ...RECORD, method: 'CONNECT', target: 'me:hush@a:443' }, '')), {
    target: '[redacted]@a:443',
  })
  t.notMatch(line, 'hush')
  t.end()
})
