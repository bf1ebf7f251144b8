import { test } from 'tap'
import { UsageError } from '../../lib/cli/usage-error.js'
import * as values from '../../lib/cli/values.js'

/** The error message of the refusal. */
function refusal(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
  return ''
}

test('listen addresses', t => {
  const read = (text: string) => values.readListen('--listen', text)
  t.strictSame(read('127.0.0.1:8080'), { host: '127.0.0.1', port: 8080 })
  t.strictSame(read('localhost:0'), { host: 'localhost', port: 0 })
  t.strictSame(read('[::1]:8080'), { host: '::1', port: 8080 })
  t.strictSame(read(':8080'), { port: 8080 })
  t.match(
    refusal(() => read('8080')),
    '127.0.0.1:8080 for this machine only, or :8080 for every address',
  )
  t.match(
    refusal(() => read('::1')),
    'has no port',
  )
  t.match(
    refusal(() => read('a')),
    'is not a listen address',
  )
  t.match(
    refusal(() => read('http://a:1')),
    'is not a listen address',
  )
  t.match(
    refusal(() => read('a:65536')),
    'above 65535',
  )
  t.match(
    refusal(() => read('[a]:1')),
    'no IPv6 address between its brackets',
  )
  t.match(
    refusal(() => read('[]:1')),
    'no IPv6 address between its brackets',
  )
  t.end()
})

test('upstreams: scheme, host and port, and a path to put in front', t => {
  const read = (text: string) => values.readUpstream('upstream', text)
  t.same(read('http://127.0.0.1:3000'), { origin: 'http://127.0.0.1:3000', base: '' })
  t.same(read('HTTPS://App.Internal/'), { origin: 'https://app.internal', base: '' })
  t.same(read('http://[::1]:80'), { origin: 'http://[::1]', base: '' })
  t.same(read('http://a:3000/base'), { origin: 'http://a:3000', base: '/base' })
  t.same(read('http://a/b/c//'), { origin: 'http://a', base: '/b/c' })
  t.equal(values.readOrigin('upstream', 'http://a/'), 'http://a')
  t.match(
    refusal(() => values.readOrigin('upstream', 'http://a/b')),
    /has the path \/b, but the dumb proxy forwards the path of the request: write http:\/\/a\./,
  )
  t.match(
    refusal(() => read('127.0.0.1:3000')),
    'did you mean http://127.0.0.1:3000?',
  )
  t.match(
    refusal(() => read('app')),
    'did you mean http://app?',
  )
  t.match(
    refusal(() => read('a b')),
    'is not a URL',
  )
  t.match(
    refusal(() => read('http://')),
    'is not a URL',
  )
  t.match(
    refusal(() => read('ftp://a')),
    'not an http:// or https:// URL',
  )
  t.match(
    refusal(() => read('http://a/b?q#f')),
    'upstream "http://a/b?q#f" ends with ?q#f, but each request has its own: write http://a/b.',
  )
  const secret = refusal(() => read('http://me:hush@a'))
  t.match(secret, 'user name or password')
  t.notMatch(secret, 'hush')
  t.end()
})

test('numbers, choices, flags', t => {
  t.equal(values.readWhole('--x', '0'), 0)
  t.equal(values.readWhole('--x', '12', { min: 1, max: 12 }), 12)
  for (const text of ['', '-1', '1.5', '5s', '0x10', '1e3', '1_0', ' 1'])
    t.match(
      refusal(() => values.readWhole('--x', text)),
      '--x must be a whole number of at least 0',
      text,
    )
  t.match(
    refusal(() => values.readWhole('--x', '0', { min: 1, max: 9, unit: 'bytes' })),
    'of bytes from 1 to 9, not "0"',
  )
  t.equal(values.readChoice('--via', 'both', ['off', 'both']), 'both')
  t.match(
    refusal(() => values.readChoice('HOPWISE_VIA', 'x', ['off', 'both'])),
    'HOPWISE_VIA must be off or both, not "x".',
  )
  for (const text of ['true', '1', 'YES', 'on']) t.equal(values.readFlag('--x', text), true, text)
  for (const text of ['false', '0', 'no', 'OFF', '']) t.equal(values.readFlag('--x', text), false, text)
  t.match(
    refusal(() => values.readFlag('--x', 'maybe')),
    'must be true or false, not "maybe"',
  )
  t.end()
})

test('networks and destinations', t => {
  for (const text of ['10.0.0.0/8', '::1', 'fd00::/8', '10.1.2.3']) {
    t.equal(values.readNetwork('--trust', text), text)
    t.equal(values.readDestination('--allow', text), text)
  }
  for (const text of ['10.0.0.0/33', '300.1.1.1', '::1/129', '10.0.0.0/8/9', '10.0.0.0/'])
    t.match(
      refusal(() => values.readNetwork('--trust', text)),
      'is not an address or network',
      text,
    )
  t.equal(values.readDestination('--allow', '*.Internal'), '*.internal')
  t.equal(values.readDestination('--allow', 'db'), 'db')
  t.match(
    refusal(() => values.readDestination('--allow', '1.2.3')),
    'is not an address or network',
  )
  for (const text of ['a*', '*', '-a', 'a..b', 'http://a'])
    t.not(
      refusal(() => values.readDestination('--allow', text)),
      '',
      text,
    )
  t.end()
})

test('credentials: the refusal never repeats what may be a secret', t => {
  t.strictSame(values.readCredentials('--auth', 'me:a:b'), { user: 'me', password: 'a:b' })
  t.strictSame(values.readCredentials('--auth', 'me:'), { user: 'me', password: '' })
  for (const text of ['hush', ':hush', 'me:hu\nsh']) {
    const sentence = refusal(() => values.readCredentials('--auth', text))
    t.match(sentence, 'user:password')
    t.notMatch(sentence, 'hu')
  }
  t.end()
})

test('names of deployments, names of protocols', t => {
  t.equal(values.readName('--name', 'edge-1.example'), 'edge-1.example')
  t.match(
    refusal(() => values.readName('--name', 'a b')),
    'is not a valid name for a proxy',
  )
  t.match(
    refusal(() => values.readName('--name', 'Hopwise')),
    "the product's name",
  )
  t.equal(values.readProtocol('--upgrade', 'WebSocket'), 'websocket')
  t.equal(values.readProtocol('--upgrade', 'foo/2'), 'foo/2')
  t.match(
    refusal(() => values.readProtocol('--upgrade', 'a b')),
    'is not the name of a protocol',
  )
  t.equal(values.inWords(['a']), 'a')
  t.equal(values.inWords(['a', 'b', 'c']), 'a, b or c')
  t.end()
})
