import { test } from 'tap'
import { listenTarget, listenText, readListenAddress } from '../../lib/net/listen-address.js'

const rows: [string, object, object, string][] = [
  [
    '127.0.0.1:8080',
    { kind: 'tcp', host: '127.0.0.1', port: 8080 },
    { host: '127.0.0.1', port: 8080 },
    '127.0.0.1:8080',
  ],
  ['localhost:0', { kind: 'tcp', host: 'localhost', port: 0 }, { host: 'localhost', port: 0 }, 'localhost:0'],
  [':80', { kind: 'tcp', host: '', port: 80 }, { port: 80 }, ':80'],
  ['[::]:80', { kind: 'tcp', host: '::', port: 80 }, { host: '::', port: 80 }, '[::]:80'],
  ['unix:/run/a b.sock', { kind: 'unix', path: '/run/a b.sock' }, { path: '/run/a b.sock' }, 'unix:/run/a b.sock'],
  ['fd:3', { kind: 'fd', fd: 3 }, { fd: 3 }, 'fd:3'],
]

for (const [text, address, target, again] of rows) {
  test(`${text} is read`, async t => {
    const read = readListenAddress(text)
    t.same(read, address)
    t.same(listenTarget(read), target)
    t.equal(listenText(listenTarget(read)), again)
  })
}

const wrong: [string, RegExp][] = [
  ['', /^"" is not a listen address: write host:port, :port/],
  ['8080', /^listen address "8080" is only a port: write 127\.0\.0\.1:8080, or :8080/],
  ['::1', /has no port: write \[::1\]:8080/],
  ['host', /is not a listen address/],
  ['host:', /is not a listen address/],
  ['a b:80', /is not a listen address/],
  ['http://a:80', /is not a listen address/],
  ['[a]:80', /does not have an IPv6 address in the brackets/],
  [':65536', /port above 65535/],
  ['unix:', /does not have an absolute path: write unix:/],
  ['unix:run/a.sock', /does not have an absolute path/],
  [`unix:/${'x'.repeat(107)}`, /path of more than 107 bytes/],
  ['fd:', /does not name a file descriptor: write fd:3/],
  ['fd:-1', /does not name a file descriptor/],
  ['systemd:', /does not name a systemd socket/],
  ['systemd:a:b', /does not name a systemd socket/],
]

for (const [text, expected] of wrong) {
  test(`${JSON.stringify(text)} is refused with an error that says what to write`, async t => {
    t.throws(() => readListenAddress(text), { name: 'TypeError', message: expected })
  })
}

test('systemd sockets are found by name if they are meant for this process', async t => {
  const env = { LISTEN_PID: '7', LISTEN_FDS: '4', LISTEN_FDNAMES: 'web:admin::admin' }
  const find = (name: string, pid = 7, of: NodeJS.ProcessEnv = env) =>
    listenTarget(readListenAddress(`systemd:${name}`), { env: of, pid })
  t.same(find('web'), { fd: 3 })
  t.same(find('unknown'), { fd: 5 }, 'a socket without a name')
  t.same(find('unknown', 7, { LISTEN_PID: '7', LISTEN_FDS: '1' }), { fd: 3 })
  t.throws(
    () => find('admin'),
    /passed 2 sockets of that name \(web \(fd:3\), admin \(fd:4\), unknown \(fd:5\), admin \(fd:6\)\)/,
  )
  t.throws(() => find('nope'), /systemd:nope: systemd has passed no such socket \(it passed: web \(fd:3\), admin/)
  t.throws(() => find('web', 8), /\(it passed: none\); see FileDescriptorName=/)
  t.throws(() => find('web', 7, {}), /it passed: none/)
  t.throws(() => find('web', 7, { LISTEN_PID: '7', LISTEN_FDS: 'x' }), /it passed: none/)
  t.throws(() => listenTarget(readListenAddress('systemd:web')), /it passed: none/, 'the environment of this process')
})
