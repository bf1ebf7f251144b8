import { test } from 'tap'
import * as values from '../../lib/config/values.js'

/** `what | right` */
function refusal(read: (text: string) => unknown, text: string): string {
  try {
    read(text)
  } catch (error) {
    if (error instanceof values.WrongValue) return `${error.what} | ${error.right}`
    throw error
  }
  return ''
}

test('servers', async t => {
  t.strictSame(values.readServer('http://App:3000/'), { kind: 'tcp', secure: false, host: 'app', port: 3000 })
  t.strictSame(values.readServer('https://[::1]'), { kind: 'tcp', secure: true, host: '::1', port: 443 })
  t.strictSame(values.readServer('http://a'), { kind: 'tcp', secure: false, host: 'a', port: 80 })
  t.strictSame(values.readServer('unix:/run/app.sock'), { kind: 'unix', path: '/run/app.sock' })
  t.strictSame(values.readServer('srv+http://_http._tcp.App.example'), {
    kind: 'srv',
    secure: false,
    name: '_http._tcp.app.example',
  })
  for (const [text, said] of [
    ['127.0.0.1:3000', /has no scheme \| did you mean http:\/\/127\.0\.0\.1:3000\?/],
    ['app', /did you mean http:\/\/app/],
    ['::1', /has no scheme \| write/],
    ['http://', /is not a URL/],
    ['ftp://a', /scheme ftp:/],
    ['http://u:p@a', /user name or password/],
    ['http://a/b', /has the path \/b \| write http:\/\/a here; to put a path in front, use setPrefix/],
    ['http://a?b', /has the path \/\?b/],
    ['http://a:0', /port 0/],
    ['unix:a', /absolute path/],
    [`unix:/${'a'.repeat(107)}`, /107 bytes/],
    ['srv+http://a:80', /does not name an SRV record/],
    ['srv+http://1.2.3.4', /does not name an SRV record/],
    ['srv+http://a/b', /does not name an SRV record/],
  ] as const)
    t.match(refusal(values.readServer, text), said, text)
})

test('listen addresses', async t => {
  for (const text of ['127.0.0.1:80', ':80', '[::]:80', 'localhost:0', 'unix:/a', 'fd:3', 'systemd:web'])
    t.equal(refusal(values.readAddress, text), '', text)
  for (const [text, said] of [
    ['8080', /is only a port \| write 127\.0\.0\.1:8080, or :8080/],
    ['::1', /has no port \| write \[::1\]:8080/],
    ['http://a:80', /is a URL, not an address \| write a:80/],
    ['a', /is not a listen address \| write host:port/],
    ['a:99999', /port above 65535/],
    ['[a]:1', /does not have an IPv6 address/],
    ['unix:a', /does not have an absolute path/],
    ['fd:x', /does not name a file descriptor/],
    ['systemd:', /does not name a systemd socket/],
  ] as const)
    t.match(refusal(values.readAddress, text), said, text)
})

test('hosts, paths, methods', async t => {
  t.equal(values.readRouteHost('App.Example.'), 'app.example')
  t.match(refusal(values.readRouteHost, '*'), /omit host/)
  t.match(refusal(values.readRouteHost, 'a b'), /is not a host/)
  t.equal(refusal(values.readPath, '/a/b'), '')
  t.match(refusal(values.readPath, 'a'), /must begin with a slash/)
  t.match(refusal(values.readPath, '/a b'), /must be percent-encoded \| write \/a%20b/)
  t.match(refusal(values.readPath, '/a?b'), /before the query \| remove/)
  t.match(refusal(values.readPath, '/a/../b'), /must not contain \. and \.\. segments/)
  t.match(refusal(values.readPath, '/say "a": b'), /percent-encoded/, 'with quotes and colons in it')
  t.equal(refusal(values.readMethod, 'GET'), '')
  t.match(refusal(values.readMethod, 'get'), /write GET/)
  t.match(refusal(values.readMethod, 'G T'), /is not a method/)
})

test('networks and destinations', async t => {
  for (const text of ['10.0.0.0/8', '::1', 'fd00::/8', '0.0.0.0/0'])
    t.equal(refusal(values.readNetwork, text), '', text)
  for (const text of ['10.0.0.0/33', '10.0.0', 'a', '::1/129', '1.2.3.4/8/8', 'fe80::1%eth0', ''])
    t.match(refusal(values.readNetwork, text), /is not an address or network/, text)
  for (const text of ['10.0.0.0/8', '*.internal', 'a', 'a.b.c', '::1'])
    t.equal(refusal(values.readDestination, text), '', text)
  for (const text of ['*', 'a b', '10.0.0', '*.', 'http://a', ''])
    t.not(refusal(values.readDestination, text), '', text)
})

test('parents: the credentials are never repeated', async t => {
  for (const text of ['http://a', 'http://a:3128/', 'https://a', 'http://u:p@a:1', 'http://u:p%40:q@[::1]:1'])
    t.equal(refusal(values.readParent, text), '', text)
  for (const [text, said] of [
    ['a:3128', /is not an http/],
    ['socks5://a', /is not an http/],
    ['http://u@a', /no user:password/],
    ['http://:p@a', /no user:password/],
    ['http://u:%@a', /write %25/],
    ['http://u:p@a/b', /has the path/],
    ['http://u:p@q@a', /is not an http/],
  ] as const)
    t.match(refusal(values.readParent, text), said, text)
})

test('names, tokens and the rest', async t => {
  const rows: [(text: string) => unknown, string[], string[]][] = [
    [values.readName, ['edge-1', 'A'], ['hopwise', 'Hopwise', '1a', '', 'a b', 'a'.repeat(64)]],
    [values.readListenerName, ['web', '127.0.0.1:80', 'unix:/a'], ['', 'a b', '日']],
    [values.readLabel, ['app', '1a', 'a.b_c-d'], ['', 'a:b', '-a', 'a b', 'a'.repeat(64)]],
    [values.readProtocol, ['websocket', 'IRC/6.9'], ['', 'a b', 'a/b/c', '/']],
    [values.readToken, ['hopwise_app'], ['', 'a b', 'a;b']],
    [values.readSendHost, ['preserve', 'upstream', 'app.example', 'a:80', '[::1]'], ['', 'a b', 'http://a']],
    [values.readStatus, ['200', '200-399', '200,204'], ['', 'ok', '2xx', '99']],
    [
      values.readNameserver,
      ['127.0.0.1', '127.0.0.1:53', '::1', '[::1]:53'],
      ['', 'dns.example', '127.0.0.1:0', '127.0.0.1:99999', '[a]:53'],
    ],
    [values.readServername, ['app.internal'], ['', '127.0.0.1', '*.a', 'a:1']],
  ]
  for (const [read, good, bad] of rows) {
    for (const text of good) t.equal(refusal(read, text), '', `${read.name} ${text}`)
    for (const text of bad) t.match(refusal(read, text), /^\S.* \| /, `${read.name} ${text}`)
  }
})
