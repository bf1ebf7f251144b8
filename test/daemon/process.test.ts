import { once } from 'node:events'
import * as fs from 'node:fs'
import * as http from 'node:http'
import * as net from 'node:net'
import * as path from 'node:path'
import { type Test, test } from 'tap'
import { createOrigin } from '../../lib/peers/origin.js'
import { text } from '../../lib/peers/origin-pages.js'
import type { ChildOptions } from '../support/child.js'
import { until } from '../support/conversation.js'
import { type Hopwise, runHopwise, spawnHopwise } from '../support/hopwise.js'
import { freePort } from '../support/ports.js'

/** A proxy as a process, in front of an origin; both end with the test. */
async function start(t: Test, words: string[] = [], options: ChildOptions = {}) {
  let release = () => {}
  const held = new Promise<void>(done => {
    release = done
  })
  const origin = createOrigin({
    pages: { '/never': () => new Promise(() => {}), '/held': () => held.then(() => text('at last')) },
  })
  const { port } = await origin.listen({ port: 0 })
  const upstream = `http://127.0.0.1:${port}`
  const hopwise = spawnHopwise(t, ['reverse', upstream, '--listen', '127.0.0.1:0', ...words], options)
  t.teardown(() => origin.destroy())
  return { hopwise, upstream, release }
}

interface Answer {
  status: number
  body: string
  connection: string | undefined
}

function get(url: string, options: http.RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, options, response => {
      let body = ''
      response.setEncoding('latin1').on('data', text => {
        body += text
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body, connection: response.headers.connection }),
      )
      response.on('error', reject)
    })
    request.on('error', reject)
  })
}

test('it says that it listens, logs each exchange, drains and ends with 0', async t => {
  const { hopwise, upstream } = await start(t)
  const ready = await hopwise.logged(line => line.msg === 'listening')
  t.match(ready, {
    level: 'info',
    address: '127.0.0.1',
    port: Number,
    mode: 'reverse',
    upstream,
    pid: hopwise.pid,
  })
  const url = await hopwise.ready()
  t.equal(
    (await get(`${url}/headers?token=hush`, { headers: { Cookie: 'hush', Authorization: 'Basic hush' } })).status,
    200,
  )
  const exchange = await hopwise.logged(line => line.msg === 'exchange')
  t.match(exchange, {
    method: 'GET',
    target: '/headers?token=[redacted]',
    status: 200,
    client: { id: String, nth: 1, address: String },
    upstream: { id: String, nth: 1, origin: upstream },
    bytes: { requestContent: 0, responseContent: Number },
    ms: { total: Number },
    outcome: 'complete',
    endedBy: String,
    clientVerdict: String,
    upstreamVerdict: 'keep',
  })
  hopwise.signal('SIGTERM')
  const { code, out, err } = await hopwise.ended
  t.equal(code, 0)
  t.equal(err, '')
  t.notMatch(out, 'hush', 'R198: credentials stay out of the log')
  t.match(messagesOf(hopwise), ['starting', 'listening', 'exchange', /^draining/, 'stopped'])
})

test('at log level silent the line that says "listening" is the only one', async t => {
  const { hopwise } = await start(t, ['--log-level', 'silent'])
  t.equal((await get(await hopwise.ready())).status, 200)
  hopwise.signal('SIGINT')
  const { code, out } = await hopwise.ended
  t.equal(code, 0)
  t.match(out, /^\{[^\n]*"msg":"listening"\}\n$/)
})

test('in text format, too, the line that says "listening" is JSON unless a terminal reads it', async t => {
  const { hopwise } = await start(t, ['--log-format', 'text', '--access-log', 'off'])
  t.equal((await get(await hopwise.ready())).status, 200)
  hopwise.signal('SIGTERM')
  const { code, out } = await hopwise.ended
  t.equal(code, 0)
  t.match(
    out,
    /^\S+ info {2}starting {2}.*\n\{.*"msg":"listening"\}\n\S+ info {2}draining: .*; send a second signal to exit at once {2}.*\n\S+ info {2}stopped after 1 request over 1 client connection and 1 upstream connection\n$/m,
  )
})

test('running exchanges may finish: one in progress outlives SIGTERM, and SIGHUP ends nothing', async t => {
  const { hopwise, release } = await start(t, ['--drain-ms', '120000'])
  const url = await hopwise.ready()
  const slow = get(`${url}/held`)
  await get(`${url}/`)
  hopwise.signal('SIGHUP')
  await hopwise.logged(line => String(line.msg).startsWith('SIGHUP'))
  hopwise.signal('SIGTERM')
  await hopwise.logged(line => String(line.msg).startsWith('draining'))
  await t.rejects(get(`${url}/`, { agent: false }), { code: 'ECONNREFUSED' }, 'no new connection is accepted')
  release()
  t.match(await slow, { status: 200, connection: 'close' })
  t.equal((await hopwise.ended).code, 0)
})

test('the drain has a limit', async t => {
  // Long enough to observe the end of idle connections.
  const { hopwise } = await start(t, ['--drain-ms', '1500'])
  const url = await hopwise.ready()
  const slow = get(`${url}/never`).catch(error => error.code)
  await get(`${url}/`, { agent: false })
  hopwise.signal('SIGTERM')
  t.equal((await hopwise.ended).code, 0)
  await slow
  t.match(
    hopwise
      .lines()
      .filter(({ msg }) => msg !== 'exchange')
      .slice(-3),
    [
      { drainMs: 1_500, connections: Number, exchanges: 1, msg: /^draining/ },
      { level: 'warn', drainMs: 1_500, connections: 1, msg: /cut off; see --drain-ms$/ },
      { msg: 'stopped', client: { closes: { shutdown: 1 } } },
    ],
    'and what it cut off is reported',
  )
})

test('a second signal ends at once', async t => {
  const { hopwise } = await start(t)
  const url = await hopwise.ready()
  const slow = get(`${url}/never`).catch(error => error.code)
  await get(`${url}/`)
  hopwise.signal('SIGTERM')
  await hopwise.logged(line => String(line.msg).startsWith('draining'))
  hopwise.signal('SIGTERM')
  const { out, ...ended } = await hopwise.ended
  t.match(ended, { code: 143, signal: null })
  t.equal(await slow, 'ECONNRESET')
  t.notMatch(out, /drainMs expired/, 'no limit was reached')
  t.notMatch(out, /"msg":"stopped"/)
})

test('a listen error is one sentence and exit code 1', async t => {
  const taken = net.createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const { port } = taken.address() as net.AddressInfo
  const { code, err } = await runHopwise(t, ['forward', '--listen', `127.0.0.1:${port}`])
  t.equal(code, 1)
  t.match(
    err,
    /^hopwise: Cannot listen on 127\.0\.0\.1:\d+: another process already listens there; .*\(EADDRINUSE\)\.\n$/,
  )
  const nowhere = await runHopwise(t, ['forward', '--listen', '203.0.113.7:1'])
  t.equal(nowhere.code, 1)
  t.match(nowhere.err, /^hopwise: Cannot listen on 203\.0\.113\.7:1: this machine has no such address.*\n$/)
})

test('options from the environment', async t => {
  const env = { HOPWISE_LOG_LEVEL: 'warn', HOPWISE_NAME: 'edge-7', HOPWISE_VIA: 'request', HOPWISE_LISEN: ':1' }
  const { hopwise } = await start(t, [], { env })
  const { body } = await get(`${await hopwise.ready()}/headers`)
  t.match(body, 'Via: 1.1 edge-7')
  t.match(messagesOf(hopwise), [/did you mean HOPWISE_LISTEN/, 'listening'])
  hopwise.signal('SIGTERM')
  t.equal((await hopwise.ended).code, 0)
})

test('an access log on a full disk stops nothing', { skip: !fs.existsSync('/dev/full') && 'no /dev/full' }, async t => {
  const { hopwise } = await start(t, ['--access-log', '/dev/full'])
  const url = await hopwise.ready()
  for (let i = 0; i < 3; i++) t.equal((await get(url)).status, 200)
  hopwise.signal('SIGTERM')
  t.equal((await hopwise.ended).code, 0, 'nor does it delay the end')
})

test('a full disk behind standard output stops nothing', {
  skip: !fs.existsSync('/dev/full') && 'no /dev/full',
}, async t => {
  const full = fs.openSync('/dev/full', 'w')
  t.teardown(() => fs.closeSync(full))
  const url = `http://127.0.0.1:${await freePort()}`
  const hopwise = spawnHopwise(t, ['demo', '--listen', new URL(url).host], { stdout: full })
  t.equal(await statusSoon(url, hopwise), 200)
  hopwise.signal('SIGTERM')
  t.equal((await hopwise.ended).code, 0)
})

test('a reader that stops, or goes away, stops nothing', async t => {
  const long = `/?${'x'.repeat(7_000)}`
  for (const how of ['stops', 'goes away']) {
    const { hopwise } = await start(t)
    const url = await hopwise.ready()
    if (how === 'stops') hopwise.process.stdout?.pause()
    else hopwise.process.stdout?.destroy()
    // More than fits into the pipe and the megabyte of waiting lines.
    const agent = new http.Agent({ keepAlive: true, maxSockets: 4 })
    const answers = await Promise.all(Array.from({ length: 250 }, () => get(url + long, { agent })))
    t.ok(
      answers.every(({ status }) => status === 200),
      `served although its reader ${how}`,
    )
    agent.destroy()
    hopwise.signal('SIGTERM')
    const [code] = await once(hopwise.process, 'exit')
    t.equal(code, 0, how)
    hopwise.process.stdout?.resume()
  }
})

test('an access log in a separate file', async t => {
  const file = path.join(t.testdir({}), 'access.log')
  const { hopwise } = await start(t, ['--access-log', file, '--log-level', 'debug'])
  await get(await hopwise.ready())
  hopwise.signal('SIGTERM')
  await hopwise.ended
  t.match(JSON.parse(fs.readFileSync(file, 'utf8')), { msg: 'exchange', status: 200 })
  const messages = hopwise.lines().map(({ msg }) => String(msg))
  t.ok(messages.includes('client connection opened') && messages.includes('upstream connection closed'))
  t.notOk(messages.includes('exchange'))
  t.notOk(messages.includes('drainMs expired: connections still in use were cut off; see --drain-ms'))
  const bad = await runHopwise(t, ['forward', '--access-log', path.join(file, 'x')])
  t.equal(bad.code, 2)
  t.match(bad.err, /^hopwise: --access-log .* cannot be opened: .*\n$/)
})

test('SIGUSR2 reopens the access log, for log rotation; so does SIGHUP where there is no configuration to read', async t => {
  const file = path.join(t.testdir({}), 'access.log')
  const { hopwise } = await start(t, ['--access-log', file])
  const url = await hopwise.ready()
  await get(`${url}/?first`)
  await until('the first line is written', () => fs.readFileSync(file, 'utf8').includes('first'))
  for (const [signal, next] of [
    ['SIGUSR2', 'second'],
    ['SIGHUP', 'third'],
  ] as const) {
    fs.renameSync(file, `${file}.before-${next}`)
    hopwise.signal(signal)
    await hopwise.logged(line => line.msg === `${signal}: the access log was reopened`)
    await get(`${url}/?${next}`)
    await until('the line is written', () => fs.readFileSync(file, 'utf8').includes(next))
  }
  hopwise.signal('SIGTERM')
  t.equal((await hopwise.ended).code, 0)
  t.notMatch(fs.readFileSync(`${file}.before-second`, 'utf8'), 'second')
  t.notMatch(fs.readFileSync(`${file}.before-third`, 'utf8'), 'third')
  t.match(JSON.parse(fs.readFileSync(file, 'utf8')), { target: '/?third' })
})

test('there is a warning for an open forward proxy, and none for one with credentials', async t => {
  const file = path.join(t.testdir({ clients: '# who\nme:secret\n' }), 'clients')
  for (const [words, warned] of [
    [[], true],
    [['--auth-file', file], false],
  ] as const) {
    const hopwise = spawnHopwise(t, ['forward', '--listen', ':0', ...words])
    await hopwise.ready()
    hopwise.signal('SIGTERM')
    t.equal((await hopwise.ended).code, 0)
    t.equal(hopwise.out().includes('an open forward proxy'), warned)
    t.notMatch(hopwise.out(), 'secret')
  }
})

test('the dumb proxy warns loudly', async t => {
  const hopwise = spawnHopwise(t, ['dumb', '--listen', '127.0.0.1:0', 'http://127.0.0.1:9'])
  await hopwise.ready()
  hopwise.signal('SIGTERM')
  const { code, out, err } = await hopwise.ended
  t.equal(code, 0)
  t.match(err, 'DEMONSTRATION ONLY')
  t.notMatch(out, 'drain', 'it does not drain')
  t.match(out, 'DEMONSTRATION ONLY')
})

test('the last resort: an uncaught internal error is logged, and ends the process with its own exit code', async t => {
  const boom = 'process.on("SIGUSR2",()=>{throw new Error("boom")})'
  const { hopwise } = await start(t, [], {
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(boom)}` },
  })
  const url = await hopwise.ready()
  const slow = get(`${url}/never`).catch(error => error.code)
  await get(`${url}/`)
  hopwise.signal('SIGUSR2')
  t.match(await hopwise.ended, { code: 70, err: '' })
  t.match(hopwise.lines().at(-1), { level: 'fatal', err: { message: 'boom', stack: /boom/ } })
  t.equal(await slow, 'ECONNRESET')
})

test('one Ctrl-C under npm arrives twice, and counts once', async t => {
  const twice = async (env: NodeJS.ProcessEnv) => {
    const { hopwise, release } = await start(t, ['--drain-ms', '120000'], { env })
    const url = await hopwise.ready()
    const slow = get(`${url}/held`).catch(() => undefined)
    await get(`${url}/`)
    hopwise.signal('SIGINT')
    await hopwise.logged(line => String(line.msg).startsWith('draining'))
    hopwise.signal('SIGINT')
    release()
    await slow
    return (await hopwise.ended).code
  }
  for (const npm_lifecycle_event of ['start', 'lab']) {
    // The second one arrives too late if the machine runs neither process.
    let code = await twice({ npm_lifecycle_event })
    for (let tries = 1; tries < 10 && code === 130; tries++) code = await twice({ npm_lifecycle_event })
    t.equal(code, 0)
  }
  t.equal(await twice({}), 130)
})

/** The messages of the log, except those about this machine. */
function messagesOf(hopwise: Hopwise): unknown[] {
  return hopwise
    .lines()
    .filter(({ wanted }) => wanted === undefined)
    .map(({ msg }) => msg)
}

/** The first answer of a process that cannot report that it listens. */
async function statusSoon(url: string, { process: child }: Hopwise): Promise<number> {
  for (;;) {
    try {
      return (await get(url, { agent: false })).status
    } catch (error) {
      if (child.exitCode !== null || (error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error
    }
  }
}
