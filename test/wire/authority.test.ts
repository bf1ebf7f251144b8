import { test } from 'tap'
import { bracketed, hostAndPort, isAuthority, readAuthority } from '../../lib/wire/authority.js'

const VALID: readonly (readonly [text: string, host: string, port: number])[] = [
  ['a', 'a', -1],
  ['a:', 'a', -1],
  ['a.example.', 'a.example.', -1],
  ['a.:80', 'a.', 80],
  ['example.com:80', 'example.com', 80],
  ['EXAMPLE.com:0080', 'EXAMPLE.com', 80],
  ['a:65535', 'a', 65535],
  ['127.0.0.1:1', '127.0.0.1', 1],
  ["a-b._~!$&'()*+,;=%41%fF", "a-b._~!$&'()*+,;=%41%fF", -1],
  ['[::1]', '::1', -1],
  ['[::1]:', '::1', -1],
  ['[::]:443', '::', 443],
  ['[1::]', '1::', -1],
  ['[2001:DB8:0:0:1:22:333:4444]', '2001:DB8:0:0:1:22:333:4444', -1],
  ['[1:2:3:4:5:6:7::]', '1:2:3:4:5:6:7::', -1],
  ['[::ffff:1.2.3.4]', '::ffff:1.2.3.4', -1],
  ['[1:2:3:4:5:6:255.249.199.0]', '1:2:3:4:5:6:255.249.199.0', -1],
]

// biome-ignore format: a list
const INVALID = [
  '', ':80', ':', 'a b', 'a,b ', 'u@a', 'a:b', 'a:1:2', 'a:65536', 'a:99999999999999999999', 'a:0', 'a:-1', 'a:+1', 'a/b', 'a?b', 'a#b', 'a\\b', 'a"', '<a>', 'a|',
  'a%', 'a%4', 'a%4g', 'a%g4', '%', '\xe9', 'a\x7f', '::1', '[::1', '[]', '[', '[a]', '[::1]a', '[::1]a:80', '[:::]', '[1::2::3]', '[1:2:3:4:5:6:7]', '[1:2:3:4:5:6:7:8:9]',
  '[1:2:3:4:5:6:7::8]', '[12345::]', '[::1%25eth0]', '[v1.a]', '[::1.2.3]', '[::1.2.3.4.5]', '[::256.1.1.1]', '[::01.1.1.1]', '[1.2.3.4::]', '[::1.2.3.4:1]', '[1.2.3.4]', '[:1::]', '[::1:]',
  'a..example', '.example', '.', '..', 'a..', 'a..:80', '127.0..1', '[1:2:3:4:5:6:7:1.2.3.4]', '[::g]', '[::1.2.3.4.]',
]

test('R19: what is an authority', async t => {
  for (const [text, host, port] of VALID) {
    t.strictSame(readAuthority(text), { host, port }, text)
    t.equal(isAuthority(text), true, text)
  }
})

test('R19: what is not an authority', async t => {
  for (const text of INVALID) {
    t.equal(readAuthority(text), undefined, text)
    t.equal(isAuthority(text), false, text)
  }
})

test('a host and a port are written as they are read', async t => {
  const rows: [host: string, port: number, text: string][] = [
    ['app.example', 80, 'app.example:80'],
    ['192.0.2.1', 8080, '192.0.2.1:8080'],
    ['2001:db8::1', 443, '[2001:db8::1]:443'],
  ]
  for (const [host, port, text] of rows) {
    t.equal(hostAndPort(host, port), text)
    t.same(readAuthority(text), { host, port })
  }
  t.equal(bracketed('::1'), '[::1]')
  t.equal(bracketed('app.example'), 'app.example')
})
