import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import type { Test } from 'tap'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { GRAMMAR_MAXIMA } from '../../lib/wire/limits.js'
import { withProxy } from '../support/with-proxy.js'
import { head } from './conversation.js'

// Every field that is parsed anywhere, as long as the largest settings permit: a million bytes. There is an answer, whichever it
// is, and the proxy goes on serving. Nothing is timed: work that grows with the square of a million would not end within the time
// limit of a file, and a list that becomes the arguments of a call is a RangeError.

export const SIZE = GRAMMAR_MAXIMA.headBytesMax - 1024
const LARGEST: Partial<ProxyOptions> = { grammar: GRAMMAR_MAXIMA }

// biome-ignore format: a list
export const FIELDS = [
  'Connection', 'Keep-Alive', 'Proxy-Connection', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade', 'Content-Length', 'Host', 'Via', 'Max-Forwards',
  'Expect', 'Authorization', 'Proxy-Authorization', 'Cookie', 'Set-Cookie', 'Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Real-IP', 'Accept',
  'Cache-Control', 'Proxy-Status', 'Date', 'X-Request-Id', 'traceparent', 'tracestate', 'Referer', 'X-Other',
]

export const repeated = (unit: string): string => unit.repeat(SIZE / unit.length)
export const VALUES: readonly (readonly [what: string, value: string])[] = [
  ['commas', repeated(',')],
  ['members', repeated('a,')],
  ['parameters', repeated('a;')],
  ['blanks', `a${repeated(' ').slice(2)}b`],
  ['comments', repeated('(')],
]
/** For fields that are parsed by more than commas; the first two are for all others. */
const DEEP = new Set([
  'Connection',
  'Keep-Alive',
  'TE',
  'Transfer-Encoding',
  'Content-Length',
  'Via',
  'Cookie',
  'Accept',
  'X-Forwarded-For',
  'X-Other',
])
export const valuesOf = (name: string): readonly (readonly [what: string, value: string])[] =>
  DEEP.has(name) ? VALUES : VALUES.slice(0, 2)
/** The maximum number of lines with this name. */
export const linesOf = (name: string): string[] => {
  const count = Math.min(GRAMMAR_MAXIMA.fieldsMax - 8, Math.floor(SIZE / (name.length + 5)))
  return Array.from({ length: count }, () => `${name}: a`)
}

/** Sends this on its own connection and returns the beginning of what comes back. */
export async function ask(port: number, text: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port })
  let answer = ''
  socket.on('data', (bytes: Buffer) => {
    if (answer.length < 1024) answer += bytes.toString('latin1', 0, 1024)
  })
  socket.on('error', () => {}) // a refusal may come before all of it was accepted
  socket.write(text, 'latin1')
  await once(socket, 'close').catch(() => {})
  return answer
}

/** An origin that answers each request with the same, and ends the connection. */
export async function origin(t: Test): Promise<{ url: string; says(text: string): void }> {
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

export const FINE = head('HTTP/1.1 200 OK', 'Content-Length: 2', 'Connection: close')

/** A proxy with every option that makes it parse fields. */
export async function proxies(t: Test, url: string): Promise<{ reverse: number; forward: number }> {
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
