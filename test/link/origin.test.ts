import { test } from 'tap'
import { originOf, unixOrigin } from '../../lib/link/origin.js'

/** Scheme, host and port as read; the key of the pool and the value of `Host`. */
const ROWS = [
  ['http', 'Example.COM', -1, 'http://example.com:80', 'example.com', 80],
  ['http', 'example.com', 80, 'http://example.com:80', 'example.com', 80],
  ['http', 'example.com', 443, 'http://example.com:443', 'example.com:443', 443],
  ['https', 'example.com', -1, 'https://example.com:443', 'example.com', 443],
  ['https', 'example.com', 80, 'https://example.com:80', 'example.com:80', 80],
  ['http', '::1', -1, 'http://[::1]:80', '[::1]', 80],
  ['http', '2001:DB8::1', 3000, 'http://[2001:db8::1]:3000', '[2001:db8::1]:3000', 3000],
] as const

for (const [scheme, host, port, key, authority, number] of ROWS) {
  test(`R18: ${scheme}, ${host}, ${port === -1 ? 'no port' : port}: the pool is ${key}, Host is ${authority}`, async t => {
    t.strictSame(originOf(scheme, host, port), { key, scheme, host: host.toLowerCase(), port: number, authority })
  })
}

test('a unix socket: its path names the pool, and Host says localhost', async t => {
  t.strictSame(unixOrigin('/run/app.sock'), {
    key: 'unix:/run/app.sock',
    scheme: 'http',
    host: 'localhost',
    port: 0,
    authority: 'localhost',
    socketPath: '/run/app.sock',
  })
})
