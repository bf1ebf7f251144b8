import * as fs from 'node:fs'
import * as net from 'node:net'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { accessWriter } from '../../lib/daemon/logs/access-format.js'
import { combinedLine, commonLine, commonTime } from '../../lib/daemon/logs/common-line.js'
import type { ExchangeRecord } from '../../lib/proxy/events.js'
import { startChild } from '../support/child.js'
import { until } from '../support/conversation.js'
import { needs, pathOf } from '../support/needs.js'
import { freePort } from '../support/ports.js'
import { tempFolder } from '../support/temp-folder.js'

const RECORD: ExchangeRecord = {
  id: 'x1',
  startedAt: Date.UTC(2030, 0, 2, 3, 4, 5, 678),
  mode: 'reverse',
  method: 'GET',
  target: '/a?b=c',
  host: 'a',
  version: '1.1',
  status: 200,
  client: { id: 'c1', nth: 1, address: '127.0.0.1' },
  bytes: { requestHead: 30, requestContent: 0, responseHead: 100, responseContent: 1_234 },
  ms: { head: 0, wait: 0, firstByte: 1, total: 2 },
  retries: 0,
  outcome: 'complete',
  endedBy: 'upstream',
  clientVerdict: 'keep',
}

/** The line without its time, which depends on the time zone. */
const timeless = (line: string) => line.replace(/\[[^\]]*:[^\]]*\]/, '[]')

test('common and combined', async t => {
  t.equal(timeless(commonLine(RECORD)), '127.0.0.1 - - [] "GET /a?b=c HTTP/1.1" 200 1234\n')
  const record = { ...RECORD, referer: 'http://a/?token=hush', userAgent: 'curl/8 "x"', user: 'ann' }
  t.equal(
    timeless(combinedLine(record)),
    '127.0.0.1 - ann [] "GET /a?b=c HTTP/1.1" 200 1234 "http://a/?token=[redacted]" "curl/8 \\"x\\""\n',
  )
  t.equal(timeless(accessWriter('common')(record)), timeless(commonLine(record)))
  t.equal(accessWriter('combined')(record), combinedLine(record))
  t.match(JSON.parse(accessWriter('json', { listener: 'web' })(record)), { listener: 'web', user: 'ann' })
})

test('what is absent is a dash; secrets are removed', async t => {
  const nothing: ExchangeRecord = {
    ...RECORD,
    method: '',
    target: '',
    status: 0,
    client: { ...RECORD.client, address: '' },
    bytes: { ...RECORD.bytes, responseContent: 0 },
    user: '',
    referer: '',
  }
  t.equal(timeless(combinedLine(nothing)), '- - "" [] "-" - - "-" "-"\n')
  t.match(commonLine({ ...RECORD, target: '/?password=hush' }), '"GET /?password=[redacted] HTTP/1.1"')
  t.match(commonLine({ ...RECORD, method: 'CONNECT', target: 'me:hush@a:443' }), '"CONNECT [redacted]@a:443 HTTP/1.1"')
})

test('a text beyond latin1 is written in UTF-8', async t => {
  t.match(commonLine({ ...RECORD, user: 'Žofie \u00e9' }), ' - \\xc5\\xbdofie\\x20\\xe9 [')
})

test('the time is that of Date in the time zone of the process, in any order of times', async t => {
  for (const ms of [0, 999, 1_000, RECORD.startedAt, RECORD.startedAt - 64_000, RECORD.startedAt + 86_400_000, 1e12]) {
    const [, day, month, year, hour, minute, second, zone] =
      /^\[(\d\d)\/(\w{3})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})\]$/.exec(commonTime(ms)) ?? []
    t.equal(
      Date.parse(`${day} ${month} ${year} ${hour}:${minute}:${second} ${zone}`),
      ms - (ms % 1_000),
      commonTime(ms),
    )
  }
})

test('zones east, west and half an hour off', async t => {
  const print = `import { commonTime } from './lib/daemon/logs/common-line.ts'; console.log(commonTime(${RECORD.startedAt}))`
  const folder = tempFolder(t)
  fs.writeFileSync(join(folder, 'print.mts'), print.replace('./lib', join(process.cwd(), 'lib')))
  const zones = {
    UTC: '[02/Jan/2030:03:04:05 +0000]',
    'Asia/Kolkata': '[02/Jan/2030:08:34:05 +0530]',
    'America/New_York': '[01/Jan/2030:22:04:05 -0500]',
  }
  const args = [...process.execArgv, join(folder, 'print.mts')]
  const printed = Object.keys(zones).map(async TZ => {
    const { out } = await startChild(t, process.execPath, args, { env: { ...process.env, TZ } }).ended
    return [TZ, out.trim()]
  })
  t.strictSame(Object.fromEntries(await Promise.all(printed)), zones)
})

/** What strange clients send. Apache refuses control characters in a request line, so they are in the fields. */
const STRANGE = [
  ['http://a/b?c=d', 'Mozilla/5.0 (X11; Linux)'],
  ['', ''],
  ['"quoted"', 'back\\slash "and quote"'],
  ['tab\there', 'escape \\x1b'],
  ['latin \u00e9\u00ff\u0080', 'tilde ~ del'],
  ['-', "it's {$ok} <>|^`"],
] as const

test('Apache writes the same lines for the same requests', needs('apache2'), async t => {
  const { port, lines } = await startApache(t)
  const expected: string[] = []
  for (const [i, [referer, userAgent]] of STRANGE.entries()) {
    const target = `/page.html?n=${i}&q="x"\\`
    // An empty field is logged like a missing one, as nginx does; Apache logs an empty text.
    const fields = referer === '' ? '' : `Referer: ${referer}\r\nUser-Agent: ${userAgent}\r\n`
    const answer = await exchange(port, `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}Connection: close\r\n\r\n`)
    const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])
    const responseContent = answer.length - answer.indexOf('\r\n\r\n') - 4
    const bytes = { ...RECORD.bytes, responseContent }
    expected.push(timeless(combinedLine({ ...RECORD, target, status, bytes, referer, userAgent })))
  }
  const head = `HEAD /none HTTP/1.0\r\nAuthorization: Basic ${btoa('an"n:secret')}\r\n\r\n`
  await exchange(port, head)
  await until('all lines are written', () => lines().length === STRANGE.length + 1)
  for (const [i, line] of lines().slice(0, -1).entries()) t.equal(`${timeless(line)}\n`, expected[i])
  t.match(
    lines().at(-1),
    /^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "HEAD \/none HTTP\/1\.0" 404 - "-" "-"$/,
  )
})

async function startApache(t: Test): Promise<{ port: number; lines(): string[] }> {
  const home = tempFolder(t)
  const port = await freePort()
  const log = join(home, 'access.log')
  fs.writeFileSync(join(home, 'page.html'), 'a page\n')
  fs.writeFileSync(
    join(home, 'apache.conf'),
    `ServerRoot ${home}
ServerName a
Listen 127.0.0.1:${port}
PidFile ${home}/pid
ErrorLog ${home}/error.log
DocumentRoot ${home}
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
HttpProtocolOptions Unsafe
StartServers 1
LogFormat "%h - %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-agent}i\\"" combined
CustomLog ${log} combined
`,
  )
  const child = startChild(t, pathOf('apache2'), ['-X', '-f', join(home, 'apache.conf')])
  const text = () => (fs.existsSync(log) ? fs.readFileSync(log, 'latin1') : '')
  while (!text().includes('/ready')) {
    if (child.process.exitCode !== null) throw new Error(`Apache did not start: ${child.err()}`)
    await exchange(port, 'GET /ready HTTP/1.0\r\n\r\n').catch(() => undefined)
    await new Promise(done => setTimeout(done, 20))
  }
  const lines = () =>
    text()
      .split('\n')
      .filter(line => line !== '' && !line.includes('/ready'))
  return { port, lines }
}

/** Sends one request, byte for byte. @returns everything that comes back */
function exchange(port: number, request: string): Promise<string> {
  return new Promise((done, failed) => {
    let answer = ''
    const socket = net.connect(port, '127.0.0.1', () => socket.write(request, 'latin1'))
    socket.setEncoding('latin1').on('data', text => {
      answer += text
    })
    socket.on('error', failed).on('close', () => done(answer))
  })
}
