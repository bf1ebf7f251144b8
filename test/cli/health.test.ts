import { once } from 'node:events'
import * as fs from 'node:fs'
import * as net from 'node:net'
import * as path from 'node:path'
import { type Test, test } from 'tap'
import { createAdmin } from '../../lib/admin/listener.js'
import { COMMANDS } from '../../lib/cli/commands.js'
import { Given } from '../../lib/cli/given.js'
import { checkHealth } from '../../lib/cli/health.js'
import { UsageError } from '../../lib/cli/usage-error.js'
import { Scene } from '../admin/scene.js'
import { callHopwise } from '../support/call-hopwise.js'
import { tempFolder } from '../support/temp-folder.js'

type Words = Readonly<Record<string, unknown>>

const health = async (line: Words, environment: Record<string, string> = {}) =>
  checkHealth(new Given(line, environment, COMMANDS.health.options))

/** A configuration file with these lines only. */
function configuration(t: Test, ...lines: string[]): string {
  const file = path.join(tempFolder(t), 'hopwise.yaml')
  fs.writeFileSync(file, lines.join('\n'))
  return file
}

class Ended extends Scene {
  override ready(): boolean {
    return false
  }

  override reasonNotReady(): string {
    return 'it is stopping'
  }
}

async function admin(t: Test, source: Scene, where: { host: string; port: number } | { path: string }) {
  const listener = createAdmin({ source })
  t.teardown(() => listener.close())
  return (await listener.listen(where)).port
}

test('the admin listener is asked: ready or not, alive or not', async t => {
  for (const [source, host, live, healthy, sentence] of [
    [new Scene(), '127.0.0.1', false, true, /answered 200 after \d+ ms: ready\.$/],
    [new Ended(), '127.0.0.1', false, false, /answered 503 after \d+ ms: it is stopping\.$/],
    [new Ended(), '127.0.0.1', true, true, /answered 200 after \d+ ms: alive\.$/],
    [new Scene(), '', false, true, /^The admin listener at :\d+ answered 200/],
    [new Scene(), '[::1]', false, true, /^The admin listener at \[::1\]:\d+ answered 200/],
    [new Scene(), 'localhost', false, true, /^The admin listener at localhost:\d+ answered 200/],
  ] as const) {
    const listensAt = host === '' ? '127.0.0.1' : host.replace(/[[\]]/g, '')
    const port = await admin(t, source, { host: listensAt, port: 0 })
    const config = configuration(t, 'admin:', `  address: "${host}:${port}"`, 'listeners: broken')
    t.match(await health({ config, live }), { healthy, sentence }, `${host} ${live}`)
  }
})

test('a unix socket, run as a command: exit code 0 or 1 and one sentence', async t => {
  const socket = path.join(tempFolder(t), 'admin.sock')
  await admin(t, new Scene(), { path: socket })
  const config = configuration(t, `admin: { address: "unix:\${SOCKET}" }`)
  const env = { SOCKET: socket, HOPWISE_CONFIG: config }
  const sentence = new RegExp(`^The admin listener at unix:${socket} answered 200 after \\d+ ms: ready\\.\n$`)
  t.match(await callHopwise(['health', '--config', config], env), { code: 0, out: sentence, err: '' })
  t.match(await callHopwise(['health'], env), { code: 0, out: sentence }, 'by the environment alone')
  t.match(await callHopwise(['health'], { ...env, SOCKET: `${socket}x` }), {
    code: 1,
    out: '',
    err: /^The admin listener at unix:.*x could not be checked: no such socket\.\n$/,
  })
})

test('no server, no answer in time, or no HTTP', async t => {
  const silent = net.createServer(socket => socket.on('error', () => {})).listen(0, '127.0.0.1')
  const rude = net.createServer(socket => socket.on('error', () => {}).end('hello\r\n\r\n')).listen(0, '127.0.0.1')
  const gone = net.createServer().listen(0, '127.0.0.1')
  const places = await Promise.all(
    [silent, rude, gone].map(async server => {
      await once(server, 'listening')
      t.teardown(() => server.close())
      return (server.address() as net.AddressInfo).port
    }),
  )
  await new Promise(done => gone.close(done))
  for (const [port, timeoutMs, sentence] of [
    [places[0], '60', /did not answer within 60 ms\.$/],
    [places[1], '60000', /could not be checked: /],
    [places[2], '60000', /could not be checked: connection refused\.$/],
  ] as const) {
    const config = configuration(t, `admin: { address: "127.0.0.1:${port}" }`)
    t.match(await health({ config, 'timeout-ms': timeoutMs }), { healthy: false, sentence })
  }
})

test('the proxy itself on a unix socket, by its own environment', async t => {
  const socket = path.join(tempFolder(t), 'web.sock')
  let asked = ''
  const server = net
    .createServer(connection =>
      connection.on('data', bytes => {
        asked = bytes.toString()
        connection.end('HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n')
      }),
    )
    .listen(socket)
  t.teardown(() => server.close())
  await once(server, 'listening')
  const answer = await health({ self: true }, { HOPWISE_LISTEN: `unix:${socket}` })
  t.match(answer, { healthy: true, sentence: /^The proxy at unix:.*web\.sock answered 407 after \d+ ms\.$/ })
  t.match(asked, /^OPTIONS \* HTTP\/1\.1\r\n/)
  t.match(asked, /\r\nMax-Forwards: 0\r\n/)
  t.match(await health({}, { HOPWISE_LISTEN: `unix:${socket}` }), { healthy: false }, 'to a GET, 407 is not healthy')
})

test('which server is asked when several are named', async t => {
  const port = await admin(t, new Ended(), { host: '127.0.0.1', port: 0 })
  const HOPWISE_CONFIG = configuration(t, `admin: { address: 127.0.0.1:${port} }`)
  const url = `http://127.0.0.1:${port}/healthz`
  const rows: [line: Words, environment: Record<string, string>, healthy: boolean][] = [
    [{}, { HOPWISE_CONFIG }, false],
    [{ url }, { HOPWISE_CONFIG }, true],
    [{}, { HOPWISE_CONFIG, HOPWISE_URL: url }, true],
    [{ config: HOPWISE_CONFIG }, { HOPWISE_URL: url }, false],
    [{ config: HOPWISE_CONFIG }, { HOPWISE_URL: url, HOPWISE_SELF: 'false' }, false],
  ]
  for (const [line, environment, healthy] of rows)
    t.match(await health(line, environment), { healthy }, JSON.stringify([line, environment]))
  const self = await health({ self: true }, { HOPWISE_CONFIG, HOPWISE_LISTEN: `:${port}` })
  t.match(self.sentence, `The proxy at 127.0.0.1:${port} answered`, 'the health check of the image')
})

test('checks that cannot be made', async t => {
  const good = configuration(t, 'admin: { address: 127.0.0.1:9 }')
  for (const [line, sentence] of [
    [{}, /requires a URL/],
    [{ live: true, url: 'http://127.0.0.1/' }, /^--live asks the admin listener/],
    [{ config: good, url: 'http://127.0.0.1/' }, /^--config asks the admin listener, url another server/],
    [{ config: good, self: true }, /^--config asks the admin listener, --self another server/],
    [{ config: '/nowhere.yaml' }, /^\/nowhere\.yaml cannot be read: there is no such file\.$/],
    [{ config: configuration(t) }, /has no admin listener/],
    [{ config: configuration(t, 'a: [') }, /^admin\.address cannot be read in /],
    [{ config: configuration(t, 'listeners: []') }, /has no admin listener: add admin: /],
    [{ config: configuration(t, 'admin: off') }, /has no admin listener/],
    [{ config: configuration(t, `admin: { address: "\${NO_SUCH_VARIABLE}" }`) }, /has no NO_SUCH_VARIABLE/],
    [{ config: configuration(t, 'admin: { address: systemd:admin }') }, /is not an address to connect to/],
    [{ config: configuration(t, 'admin: { address: 127.0.0.1:0 }') }, /is not an address to connect to/],
    [{ config: configuration(t, 'admin: { address: "9090" }') }, /is only a port/],
  ] as const)
    await t.rejects(health(line), { constructor: UsageError, message: sentence }, JSON.stringify(line))
  const broken = configuration(t, 'admin: { address: 127.0.0.1:9 }', `x: \${NO_SUCH_VARIABLE}`, 'x: 1')
  t.match(
    await health({ config: broken }),
    { healthy: false, sentence: /:9 could not be checked/ },
    'other faults do not matter',
  )
})
