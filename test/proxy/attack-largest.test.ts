import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { type Test, test } from 'tap'
import type { ProxyOptions } from '../../lib/proxy/options.js'
import { GRAMMAR_MAXIMA } from '../../lib/wire/limits.js'
import { withProxy } from '../support/with-proxy.js'
import { head } from './conversation.js'

// Every field that somebody takes apart, as long as the largest settings let it be: a million octets. Whatever is answered, it is
// answered, and the proxy serves on. Nothing is timed: work that grows with the square of a million would not end within the limit that
// the runner has for a file, and a list that becomes the arguments of a call is a RangeError.

const SIZE = GRAMMAR_MAXIMA.headBytesMax - 1024
const LARGEST: Partial<ProxyOptions> = { grammar: GRAMMAR_MAXIMA }

// biome-ignore format: a list
const FIELDS = [
  'Connection', 'Keep-Alive', 'Proxy-Connection', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade', 'Content-Length', 'Host', 'Via', 'Max-Forwards',
  'Expect', 'Authorization', 'Proxy-Authorization', 'Cookie', 'Set-Cookie', 'Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Real-IP', 'Accept',
  'Cache-Control', 'Proxy-Status', 'Date', 'X-Request-Id', 'traceparent', 'tracestate', 'Referer', 'X-Other',
]

const repeated = (unit: string): string => unit.repeat(SIZE / unit.length)
const VALUES: readonly (readonly [what: string, value: string])[] = [
  ['commas', repeated(',')],
  ['members', repeated('a,')],
  ['parameters', repeated('a;')],
  ['blanks', `a${repeated(' ').slice(2)}b`],
  ['comments', repeated('(')],
]
/** As many lines of a name as there may be. */
const linesOf = (name: string): string[] => {
  const count = Math.min(GRAMMAR_MAXIMA.fieldsMax - 8, Math.floor(SIZE / (name.length + 5)))
  return Array.from({ length: count }, () => `${name}: a`)
}

/** What somebody who asks this on a connection of its own gets: as far as it tells what came. */
async function ask(port: number, text: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port })
  let answer = ''
  socket.on('data', (bytes: Buffer) => {
    if (answer.length < 1024) answer += bytes.toString('latin1', 0, 1024)
  })
  socket.on('error', () => {}) // a refusal may come before all of it was taken
  socket.write(text, 'latin1')
  await once(socket, 'close').catch(() => {})
  return answer
}

/** An origin that answers each request with the same, and ends the connection. */
async function origin(t: Test): Promise<{ url: string; says(text: string): void }> {
  let answer = ''
  const server = createServer(socket => {
    let end = ''
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      end = (end + bytes.toString('latin1', Math.max(0, bytes.length - 8))).slice(-8)
      if (end.includes('\r\n\r\n')) socket.end(answer, 'latin1')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    says: text => {
      answer = text
    },
  }
}

const FINE = head('HTTP/1.1 200 OK', 'Content-Length: 2', 'Connection: close')

/** A proxy that takes apart as much as can be asked of one. */
async function proxies(t: Test, url: string): Promise<{ reverse: number; forward: number }> {
  const options: Partial<ProxyOptions> = {
    ...LARGEST,
    ...{ name: 'edge', via: 'both', trust: ['127.0.0.0/8'], xForwarded: true, forwarded: true, requestId: 'keep' },
    recordFields: true,
  }
  const reverse = await withProxy(t, {
    ...options,
    mode: 'reverse',
    routes: [
      { host: '*.example', path: '/api', upstream: 'app' },
      { path: '/x', upstream: 'app' },
      { upstream: 'app', requestFields: { set: { 'X-Set': '1' }, remove: ['X-Gone'] } },
    ],
    upstreams: {
      app: {
        servers: [url, `${url.replace('127.0.0.1', 'localhost')}`],
        balance: 'hash',
        hash: { by: 'cookie', name: 'a' },
      },
    },
  })
  const forward = await withProxy(t, { ...options, mode: 'forward', credentials: [{ user: 'u', password: 'p' }] })
  for (const { proxy } of [reverse, forward])
    proxy.on('warning', ({ code, message }) => {
      if (code === 'fault') t.fail(message)
    })
  return { reverse: reverse.port, forward: forward.port }
}

test('requests: every field at its largest is answered', async t => {
  const { url, says } = await origin(t)
  says(`${FINE}ok`)
  const { reverse, forward } = await proxies(t, url)
  for (const name of FIELDS) {
    const host = name === 'Host' ? [] : ['Host: a']
    const more = name === 'Upgrade' || name === 'TE' ? [`Connection: close, ${name}`] : ['Connection: close']
    for (const lines of [...VALUES.map(([, value]) => [`${name}: ${value}`]), linesOf(name)]) {
      const answer = await ask(reverse, head('GET / HTTP/1.1', ...host, ...more, ...lines))
      if (!/^HTTP\/1\.1 [2-5]\d\d /.test(answer))
        t.fail(`${name}: ${lines[0]?.slice(0, 40)}: ${JSON.stringify(answer)}`)
    }
    const proxied = await ask(forward, head(`GET ${url}/ HTTP/1.1`, ...host, ...more, `${name}: ${VALUES[1]![1]}`))
    if (!/^HTTP\/1\.1 [2-5]\d\d /.test(proxied)) t.fail(`${name} to a forward proxy: ${JSON.stringify(proxied)}`)
  }
  t.match(await ask(reverse, head('GET / HTTP/1.1', 'Host: a', 'Connection: close')), /^HTTP\/1\.1 200 /)
})

test('request lines, hosts and trailers at their largest are answered', async t => {
  const { url, says } = await origin(t)
  says(`${FINE}ok`)
  const { reverse, forward } = await proxies(t, url)
  const close = ['Host: a.example', 'Connection: close']
  for (const unit of ['/', '//', '/a', '/;', ';', '%2F', '%', '\\', '/.', '?', '&', '@', 'a']) {
    const target = `/${unit.repeat(SIZE / unit.length)}`
    for (const [port, before] of [
      [reverse, ''],
      [forward, url],
    ] as const) {
      const answer = await ask(port, head(`GET ${before}${target} HTTP/1.1`, ...close))
      if (!/^HTTP\/1\.1 [2-5]\d\d /.test(answer)) t.fail(`${unit}: ${JSON.stringify(answer)}`)
    }
  }
  for (const host of [repeated('a.'), `${repeated('a.')}example`, repeated('a'), `[${repeated(':')}]`, repeated('%41')])
    t.match(await ask(reverse, head('GET /api HTTP/1.1', `Host: ${host}`, 'Connection: close')), /^HTTP\/1\.1 [2-5]/)
  const chunked = head('POST / HTTP/1.1', ...close, 'Transfer-Encoding: chunked')
  for (const [what, value] of VALUES)
    for (const name of ['X-Sum', 'Via', 'Connection', 'X-Forwarded-For'])
      t.match(await ask(reverse, `${chunked}0\r\n${name}: ${value}\r\n\r\n`), /^HTTP\/1\.1 200 /, `${name} of ${what}`)
  t.match(await ask(reverse, `${chunked}1${repeated(' ')}\r\nx\r\n0;${repeated('a;')}a\r\n\r\n`), /^HTTP\/1\.1 200 /)
})

test('responses: every field of a head, of an interim head and of trailers at its largest is answered', async t => {
  const { url, says } = await origin(t)
  const { reverse } = await proxies(t, url)
  const chunked = head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Connection: close')
  for (const name of FIELDS) {
    for (const [what, value] of VALUES.slice(0, 3)) {
      const line = `${name}: ${value}`
      for (const text of [
        `${head('HTTP/1.1 200 OK', line, 'Content-Length: 2')}ok`,
        `${head('HTTP/1.1 103 Early Hints', line)}${FINE}ok`,
        `${chunked}0\r\n${line}\r\n\r\n`,
      ]) {
        says(text)
        const answer = await ask(reverse, head('GET / HTTP/1.1', 'Host: a', 'Connection: close'))
        if (!/^HTTP\/1\.1 [1-5]\d\d /.test(answer)) t.fail(`${name} of ${what}: ${JSON.stringify(answer)}`)
      }
    }
    says(`${head('HTTP/1.1 200 OK', ...linesOf(name))}`)
    t.match(await ask(reverse, head('GET / HTTP/1.1', 'Host: a', 'Connection: close')), /^HTTP\/1\.1 [25]/, name)
  }
  // A length said thirty thousand times, each time the same: the first is the longest.
  says(`${head('HTTP/1.1 200 OK', `Content-Length: ${'0'.repeat(SIZE / 2)}2${',2'.repeat(SIZE / 4 - 1)}`)}ok`)
  t.match(await ask(reverse, head('GET / HTTP/1.1', 'Host: a', 'Connection: close')), /\r\nContent-Length: 2\r\n/)
})
