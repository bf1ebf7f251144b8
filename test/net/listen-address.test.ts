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
  ['', /is none: write host:port, :port/],
  ['8080', /is a port alone: write 127\.0\.0\.1:8080, or :8080/],
  ['::1', /has no port: write \[::1\]:8080/],
  ['host', /is none/],
  ['host:', /is none/],
  ['a b:80', /is none/],
  ['http://a:80', /is none/],
  ['[a]:80', /no IPv6 address in its brackets/],
  [':65536', /port above 65535/],
  ['unix:', /no absolute path: write unix:/],
  ['unix:run/a.sock', /no absolute path/],
  [`unix:/${'x'.repeat(107)}`, /path of more than 107 octets/],
  ['fd:', /names no file descriptor: write fd:3/],
  ['fd:-1', /names no file descriptor/],
  ['systemd:', /names no socket of systemd/],
  ['systemd:a:b', /names no socket of systemd/],
]

for (const [text, expected] of wrong) {
  test(`${JSON.stringify(text)} is an error that says what would be right`, async t => {
    t.throws(() => readListenAddress(text), { name: 'TypeError', message: expected })
  })
}

test('sockets of systemd: by their names, if they are meant for this process', async t => {
  const env = { LISTEN_PID: '7', LISTEN_FDS: '4', LISTEN_FDNAMES: 'web:admin::admin' }
  const find = (name: string, pid = 7, of: NodeJS.ProcessEnv = env) =>
    listenTarget(readListenAddress(`systemd:${name}`), { env: of, pid })
  t.same(find('web'), { fd: 3 })
  t.same(find('unknown'), { fd: 5 }, 'one without a name')
  t.same(find('unknown', 7, { LISTEN_PID: '7', LISTEN_FDS: '1' }), { fd: 3 })
  t.throws(
    () => find('admin'),
    /passed 2 sockets of that name \(web \(fd:3\), admin \(fd:4\), unknown \(fd:5\), admin \(fd:6\)\)/,
  )
  t.throws(() => find('nope'), /systemd:nope: systemd has passed no socket of that name, but web \(fd:3\), admin/)
  t.throws(() => find('web', 8), /but none at all; see FileDescriptorName=/)
  t.throws(() => find('web', 7, {}), /none at all/)
  t.throws(() => find('web', 7, { LISTEN_PID: '7', LISTEN_FDS: 'x' }), /none at all/)
  t.throws(() => listenTarget(readListenAddress('systemd:web')), /none at all/, 'what this very process was given')
})
