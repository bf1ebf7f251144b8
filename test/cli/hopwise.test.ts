import { execFile } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import * as http from 'node:http'
import * as net from 'node:net'
import * as path from 'node:path'
import { promisify } from 'node:util'
import { type Test, test } from 'tap'
import { callHopwise } from '../support/call-hopwise.js'
import { HOPWISE, runHopwise, spawnHopwise } from '../support/hopwise.js'

test('help and version go to standard output, refusals to standard error', async t => {
  t.match(await runHopwise(t, ['--help']), { code: 0, out: /^hopwise <command>/, err: '' })
  const { version } = JSON.parse(fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  t.match(await callHopwise(['--version']), { code: 0, out: `${version}\n`, err: '' })
  for (const [words, sentence] of [
    [['reverse', 'http://a', '--liste', ':1'], 'hopwise: Unknown option --liste: did you mean --listen?\n'],
    [['revers'], 'hopwise: Unknown command "revers": did you mean reverse?\n'],
    [['reverse', 'http://a/b?c'], /^hopwise: upstream "http:\/\/a\/b\?c" ends with \?c, .* write http:\/\/a\/b\.\n$/],
    [['reverse', 'http://127.0.0.1:8080'], /is the listen address of hopwise itself/],
    [['forward', '--auth', 'hush'], /^hopwise: --auth must be user:password/],
    [['health'], /^hopwise: hopwise health requires a URL/],
  ] as const)
    t.match(await callHopwise(words), { code: 2, out: '', err: sentence }, words.join(' '))
})

test('a reader that goes away is not an error', async t => {
  const { stdout, stderr } = await promisify(execFile)('sh', [
    '-c',
    '"$0" "$1" --help | head -1',
    process.execPath,
    HOPWISE,
  ])
  t.match(stdout, /^hopwise <command>.*\n$/)
  t.equal(stderr, '')
})

test('explain: a path of the upstream is put in front', async t => {
  const head = path.join(t.testdir({ head: 'GET /a?q HTTP/1.1\r\nHost: a\r\n\r\n' }), 'head')
  t.match(await callHopwise(['explain', head, '--upstream', 'http://app:3000/base/']), {
    code: 0,
    out: /^GET \/base\/a\?q HTTP\/1\.1$/m,
  })
})

test('explain: a file, standard input, JSON', async t => {
  const head = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n'
  const file = path.join(t.testdir({ head }), 'head')
  const fromFile = await callHopwise(['explain', file, '--name', 'edge'])
  t.match(fromFile, { code: 0, err: '' })
  t.match(fromFile.out, /^- drop +X-Hop +1 +.*named by Connection \(RFC 9110 7\.6\.1\)$/m)
  t.match(fromFile.out, /^Via: 1\.1 edge$/m)

  const typed = await runHopwise(t, ['explain', '--json'], { input: 'GET / HTTP/1.1\nHost: \xe4\n' })
  t.match(typed, { code: 1, err: '' }, 'the exit code reports a refusal')
  t.match(JSON.parse(typed.out), { kind: 'request', mode: 'reverse', refused: { status: 400, section: /RFC/ } })

  const raw = Buffer.from('HTTP/1.1 200 OK\r\nX: \xe4\r\nContent-Length: 0\r\n\r\n', 'latin1')
  const response = await runHopwise(t, ['explain', '--response', '-'], { input: raw })
  t.match(response, { code: 0, out: /^HTTP\/1\.1 200 OK$/m })

  t.match(await callHopwise(['explain', '/nowhere']), {
    code: 2,
    err: 'hopwise: /nowhere cannot be read: there is no such file.\n',
  })
  t.match(await runHopwise(t, ['explain'], { input: '\r\n' }), { code: 2, err: /the input is empty/ })
})

async function serverOf(t: Test, answer: http.RequestListener): Promise<string> {
  const server = http.createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.closeAllConnections())
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`
}

test('health: 2xx and 3xx in time are healthy', async t => {
  const url = await serverOf(t, (request, response) => {
    const status = Number(request.url?.slice(1))
    if (status > 0) response.writeHead(status).end()
  })
  for (const [status, code] of [
    [200, 0],
    [304, 0],
    [404, 1],
    [503, 1],
  ]) {
    const { out, err, code: ended } = await callHopwise(['health', `${url}/${status}`])
    t.equal(ended, code, `${status}`)
    t.match(code === 0 ? out : err, new RegExp(`^${url}/${status} answered ${status} after \\d+ ms\\.\n$`))
  }
  t.match(await callHopwise(['health', `${url}/`, '--timeout-ms', '50']), {
    code: 1,
    err: `${url}/ did not answer within 50 ms.\n`,
  })
  t.match(await callHopwise(['health', 'http://127.0.0.1:1/']), {
    code: 1,
    err: /could not be checked: connection refused\.\n$/,
  })
  t.match(await callHopwise(['health', 'ftp://a/']), { code: 2, err: /is not an http:\/\/ or https:\/\/ URL/ })
})

test('health of the proxy itself: healthy with a dead upstream, and found by its own environment', async t => {
  for (const words of [
    ['reverse', 'http://127.0.0.1:1'],
    ['forward', '--auth', 'me:secret'],
  ]) {
    const hopwise = spawnHopwise(t, [...words, '--listen', '127.0.0.1:0', '--log-level', 'silent'])
    const url = await hopwise.ready()
    t.match(await callHopwise(['health', '--self', url]), { code: 0 }, `${words[0]}`)
    t.match(
      await callHopwise(['health', '--self'], { HOPWISE_LISTEN: `:${new URL(url).port}` }),
      { code: 0 },
      `${words[0]}`,
    )
    hopwise.signal('SIGTERM')
    await hopwise.ended
  }
})

test('the demonstration: the next port if one is taken, and commands to try that work', async t => {
  const taken = net.createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const { port } = taken.address() as net.AddressInfo
  const hopwise = spawnHopwise(t, ['demo', '--listen', `127.0.0.1:${port}`])
  const url = await hopwise.ready()
  t.ok(Number(new URL(url).port) > port)
  await hopwise.logged(
    line => line.msg === `port ${port} is in use: listening on ${new URL(url).port}, the next free port`,
  )
  await hopwise.logged(line => String(line.msg).includes('--http1.0'))
  const tries = hopwise.lines().filter(({ msg }) => String(msg).startsWith('try: curl '))
  t.equal(tries.length, 3)
  t.ok(tries.every(({ msg }) => String(msg).includes(url)))
  const response = await fetch(`${url}/headers`)
  t.match(await response.text(), 'X-Forwarded-For: 127.0.0.1')
  hopwise.signal('SIGINT')
  t.match(await hopwise.ended, { code: 0, err: '' })
})
