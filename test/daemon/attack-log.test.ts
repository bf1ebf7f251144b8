import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { accessLine } from '../../lib/daemon/logs/access-line.js'
import { combinedLine, commonLine } from '../../lib/daemon/logs/common-line.js'
import { readable } from '../../lib/daemon/logs/readable.js'
import { writePidFile } from '../../lib/daemon/pid-file.js'
import type { ExchangeRecord } from '../../lib/proxy/events.js'
import { tempFolder } from '../support/temp-folder.js'

// What clients and servers send ends up in logs, which terminals show and programs read.

const EVIL = 'x\r\n"\\ \x1b[31m \x07 \x7f \x9b31m \x85 \u2028 \u2029 \u00e9 \u{1f600} \ud800'
const record: ExchangeRecord = {
  id: 'x1',
  startedAt: 0,
  mode: 'forward',
  method: EVIL,
  target: `/${EVIL}`,
  host: EVIL,
  version: '1.1',
  status: 407,
  client: { id: 'c1', nth: 1, address: EVIL },
  upstream: { id: 'u1', nth: 1, origin: EVIL, address: EVIL },
  bytes: { requestHead: 1, requestContent: 0, responseHead: 0, responseContent: 0 },
  ms: { head: 0, wait: 0, firstByte: 0, total: 1 },
  retries: 0,
  outcome: 'failed',
  endedBy: 'client',
  clientVerdict: 'keep',
  requestId: EVIL,
  route: EVIL,
  referer: EVIL,
  userAgent: EVIL,
  refusedUpgrade: EVIL,
  user: EVIL,
  error: {
    type: 'dns_error',
    message: `${EVIL}\n12:00:00.000 info  a line of its own`,
    stage: 'send',
    side: 'upstream',
  },
}
/** Characters that a terminal acts on, and every line end but the last. */
const OBEYED = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/

for (const [name, write] of Object.entries({
  json: (it: ExchangeRecord) => accessLine(it, 'now'),
  common: commonLine,
  combined: combinedLine,
  text: (it: ExchangeRecord) => readable(accessLine(it, 'now'), false),
}))
  test(`access log format ${name}: one line, and nothing in it that a terminal acts on`, async t => {
    const line = write(record)
    t.ok(line.endsWith('\n'))
    t.notMatch(line.slice(0, -1), OBEYED)
  })

test('json: the original text can be read back exactly', async t => {
  t.match(JSON.parse(accessLine(record, 'now')), { target: `/${EVIL}`, user: EVIL, error: { message: /own$/ } })
})

test('common: a user name that looks like the fields that follow is still one field', async t => {
  const user = 'ann [01/Jan/2030:00:00:00 +0000] "GET /forged HTTP/1.1" 200 1'
  const line = commonLine({
    ...record,
    client: { id: 'c1', nth: 1, address: '192.0.2.1' },
    method: 'GET',
    target: '/',
    user,
  })
  const fields = line.split(' ')
  t.equal(fields[0], '192.0.2.1')
  t.match(fields[3], /^\[\d\d\/\w{3}\/(?:1970|1969):/, 'the time is where it must be')
  t.match(line, / "GET \/ HTTP\/1\.1" 407 -\n$/)
})

test('credentials in a target, in a referer, in a host appear in no format', async t => {
  const it: ExchangeRecord = {
    ...record,
    target: 'http://u:s3cr3t@h/;jsessionid=s3cr3t?access_token=s3cr3t&x=1&sig=s3cr3t',
    host: 'u:s3cr3t@h',
    referer: 'https://u:s3cr3t@h/?code=s3cr3t',
  }
  for (const line of [accessLine(it, 'now'), commonLine(it), combinedLine(it), readable(accessLine(it, 'now'), true)])
    t.notMatch(line, /s3cr3t/)
})

test('the pid file is not written through a link that was planted there', async t => {
  const folder = tempFolder(t)
  const file = join(folder, 'hopwise.pid')
  const victim = join(folder, 'victim')
  writeFileSync(victim, 'precious')
  symlinkSync(victim, `${file}.4711`)
  const remove = writePidFile(file, 4711)
  t.equal(readFileSync(victim, 'utf8'), 'precious')
  t.equal(readFileSync(file, 'utf8'), '4711\n')
  remove()
  t.notOk(existsSync(file))
})
