import * as fs from 'node:fs'
import * as path from 'node:path'
import { test } from 'tap'
import type { Outlet } from '../../lib/daemon/logs/line-sink.js'
import { type LogOptions, openLog } from '../../lib/daemon/logs/log.js'
import { readable } from '../../lib/daemon/logs/readable.js'
import { until } from '../support/conversation.js'

const EXCHANGE = '{"level":"info","id":"x1","msg":"exchange"}\n'

function logTo(options: Partial<LogOptions> = {}) {
  let text = ''
  const outlet: Outlet = (bytes, done) => {
    text += bytes.toString()
    setImmediate(() => done(null, bytes.length))
  }
  const log = openLog({ level: 'info', format: 'json', accessLog: 'stdout', outlet, ...options })
  const ended = async () => {
    await log.end(60_000)
    return text
  }
  return { log, ended }
}

test('JSON lines: level as a word, time in ISO 8601, no host name and process id', async t => {
  const { log, ended } = logTo()
  log.logger.debug('not this')
  log.logger.warn({ a: 1 }, 'this')
  log.access?.(EXCHANGE)
  const lines = (await ended())
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  t.match(lines, [
    { level: 'warn', time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, a: 1, msg: 'this' },
    { level: 'info', id: 'x1', msg: 'exchange' },
  ])
  t.strictSame(Object.keys(lines[0]), ['level', 'time', 'a', 'msg'])
  t.equal(log.dropped(), 0)
})

test('JSON lines are harmless to a terminal, too, with the same content', async t => {
  const evil = '\x1b[2J\x7f\x9b31m\u2028\u202e'
  for (const level of ['info', 'silent'] as const) {
    const { log, ended } = logTo({ level })
    log.logger.warn({ err: new Error(evil) }, evil)
    log.announce({ evil }, evil)
    log.ready({ evil })
    const text = await ended()
    t.notMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/u)
    const lines = text.trim().split('\n')
    t.equal(lines.length, level === 'info' ? 3 : 2)
    t.match(JSON.parse(lines.at(-1) ?? ''), { evil })
  }
})

test('an announcement is made at every level, and is the only line at "silent"', async t => {
  const { log, ended } = logTo({ level: 'silent', accessLog: 'off' })
  log.logger.fatal('not this')
  log.announce({ address: '127.0.0.1', port: 1 }, 'listening')
  t.equal(log.access, undefined)
  t.match(JSON.parse(await ended()), { address: '127.0.0.1', port: 1, msg: 'listening' })
})

test('the line that says "listening" is text on a terminal only', async t => {
  for (const [terminal, format, json] of [
    [true, 'auto', false],
    [true, 'text', false],
    [true, 'json', true],
    [false, 'auto', true],
    [false, 'text', true],
  ] as const) {
    const { log, ended } = logTo({ level: 'silent', format, terminal })
    log.ready({ address: '127.0.0.1', port: 1 })
    const text = await ended()
    if (json) t.match(JSON.parse(text), { address: '127.0.0.1', port: 1, msg: 'listening' }, format)
    else t.match(text, 'listening on http://127.0.0.1:1', format)
  }
})

test('an access log in a file has JSON lines, whatever the terminal gets', async t => {
  const file = path.join(t.testdir({}), 'access.log')
  const { log, ended } = logTo({ format: 'text', accessLog: file })
  log.logger.info('hello')
  log.access?.(EXCHANGE)
  t.match(await ended(), /^\d\d:\d\d:\d\d\.\d{3} info {2}hello\n$/)
  t.match(JSON.parse(fs.readFileSync(file, 'utf8')), { id: 'x1', msg: 'exchange' })
  t.throws(() => openLog({ level: 'info', format: 'json', accessLog: t.testdirName }), { code: 'EISDIR' })
})

test('lines of another process are written like our own: unchanged, or as text', async t => {
  const lines = '{"level":"warn","worker":2,"msg":"hello"}\nno JSON\n'
  const json = logTo()
  json.log.pass(lines)
  t.equal(await json.ended(), lines)
  const text = logTo({ format: 'text' })
  text.log.pass(lines)
  t.match(await text.ended(), / warn {2}hello {2}worker=2\nno JSON\n$/)
})

test('a worker names itself in each line', async t => {
  const { log, ended } = logTo({ worker: 3 })
  log.logger.info('hello')
  log.announce({}, 'there')
  const lines = (await ended()).trim().split('\n')
  t.match(
    lines.map(line => JSON.parse(line)),
    [{ worker: 3 }, { worker: 3 }],
  )
})

test('dropped lines are reported in a file of JSON lines, and on standard output for other formats', async t => {
  for (const accessFormat of ['json', 'combined'] as const) {
    const file = path.join(t.testdir({}), 'access.log')
    const { log, ended } = logTo({ accessLog: file, accessFormat })
    t.equal(log.accessFormat, accessFormat)
    for (let i = 0; i < 3; i++) log.access?.(`${'x'.repeat(700_000)}\n`)
    await until('the first is written', () => fs.statSync(file).size > 600_000)
    log.access?.('the last\n')
    const text = await ended()
    const inFile = fs.readFileSync(file, 'utf8').replaceAll(/x{9,}/g, 'x')
    const told = /"dropped":1,"msg":"log lines were dropped/
    t.match(accessFormat === 'json' ? inFile : text, told, accessFormat)
    t.notMatch(accessFormat === 'json' ? text : inFile, 'dropped')
  }
})

const line = (fields: object) => JSON.stringify({ level: 'info', time: '2030-01-02T03:04:05.678Z', ...fields })

test('lines for people', t => {
  t.equal(
    readable(line({ a: 'b', c: 'd e', n: 1, msg: 'hello' }), false),
    '03:04:05.678 info  hello  a=b  c="d e"  n=1\n',
  )
  t.equal(
    readable(line({ address: '::1', port: 80, mode: 'reverse', msg: 'listening' }), false),
    '03:04:05.678 info  listening on http://[::1]:80  mode=reverse\n',
  )
  t.equal(
    readable(line({ address: '/run/a.sock', port: 0, msg: 'listening' }), false),
    '03:04:05.678 info  listening on unix:/run/a.sock\n',
  )
  t.match(
    readable(line({ err: { message: 'no', stack: 'Error: no\n  at x' }, msg: 'fault' }), false),
    'fault  Error: no\n  at x\n',
  )
  t.match(readable(line({ msg: 'hello' }), true), '\x1b[32minfo \x1b[0m hello')
  t.equal(readable('no JSON\n', false), 'no JSON\n')
  t.end()
})

test('one line for an exchange: what, how much, over which connections, and what became of them', t => {
  const exchange = {
    method: 'GET',
    target: '/a',
    host: 'b',
    status: 200,
    client: { id: 'c4', nth: 2 },
    upstream: { id: 'u1', nth: 7, origin: 'http://o:1' },
    bytes: { requestContent: 0, responseContent: 1_234 },
    ms: { total: 3.456 },
    retries: 0,
    outcome: 'complete',
    endedBy: 'upstream',
    clientVerdict: 'keep',
    upstreamVerdict: 'upstream-close',
    msg: 'exchange',
  }
  t.equal(
    readable(line(exchange), false),
    '03:04:05.678 info  GET b/a  200  0 B up, 1.2 kB down in 3.5 ms  c4#2 -> u1#7 http://o:1  keep / upstream-close\n',
  )
  const failed = {
    ...exchange,
    target: 'http://o/',
    status: 0,
    upstream: undefined,
    upstreamVerdict: undefined,
    bytes: { requestContent: 2e6 },
    ms: { total: 60_000.4 },
    retries: 1,
    outcome: 'timeout',
    error: { type: 'http_response_timeout', message: 'no response within 60 s' },
  }
  t.equal(
    readable(line(failed), false),
    '03:04:05.678 info  GET http://o/  no answer  2.0 MB up, 0 B down in 60000 ms  c4#2  keep  timeout, ended by upstream  ' +
      'http_response_timeout: no response within 60 s  retried\n',
  )
  t.end()
})

test('what a client sends cannot control a terminal', t => {
  t.equal(
    readable(line({ msg: 'a\x1b[2J\x07\x9b\u2028b' }), false),
    '03:04:05.678 info  a\\x1b[2J\\x07\\x9b\\u{2028}b\n',
  )
  t.end()
})
