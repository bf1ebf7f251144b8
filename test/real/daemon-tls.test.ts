import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as tls from 'node:tls'
import { type Test, test } from 'tap'
import { type Authority, makeAuthority } from '../support/certificates.js'
import { run } from '../support/child.js'
import { exchange, rawClient, until } from '../support/conversation.js'
import { curl } from '../support/curl.js'
import { startDaemon } from '../support/daemon.js'
import { startUpstreams } from '../support/load.js'
import { needs, pathOf } from '../support/needs.js'

// TLS for clients on the real command, judged by openssl and curl.

const NEEDS = needs('openssl', 'curl')

const configured = (workers: number, port: number | undefined) => `
workers: ${workers}
listeners:
  - address: 127.0.0.1:0
    tls:
      certificates: [{ cert: a.pem, key: a.key }, { cert: b.pem, key: b.key }]
    routes: [{ upstream: 'http://127.0.0.1:${port}' }]
`

async function certificates(authority: Authority, generation: string): Promise<Record<string, string>> {
  const a = await authority.issue(`a ${generation}`, 'DNS:a.test')
  const b = await authority.issue(`b ${generation}`, 'DNS:b.test', 'DNS:*.b.test')
  return { 'a.pem': a.cert, 'a.key': a.key, 'b.pem': b.cert, 'b.key': b.key }
}

/** The subject that openssl is shown. */
async function subject(t: Test, port: number, name: string): Promise<string> {
  const words = [
    's_client',
    '-connect',
    `127.0.0.1:${port}`,
    ...(name === '' ? ['-noservername'] : ['-servername', name]),
  ]
  const { out } = await run(t, pathOf('openssl'), words)
  return /^subject=(.*)$/m.exec(out)?.[1] ?? out
}

for (const workers of [1, 2]) {
  test(`certificates by name, and new ones without a restart; workers: ${workers}`, NEEDS, async t => {
    const authority = await makeAuthority(t)
    const { ports } = await startUpstreams(t, [0])
    const daemon = await startDaemon(t, configured(workers, ports[0]), { files: await certificates(authority, 'one') })
    const port = daemon.port()
    t.match(await subject(t, port, 'b.test'), /CN ?= ?b one/)
    t.match(await subject(t, port, 'x.b.test'), /CN ?= ?b one/)
    t.match(await subject(t, port, 'other.test'), /CN ?= ?a one/)
    t.match(await subject(t, port, ''), /CN ?= ?a one/)
    const ask = ['--cacert', authority.certFile, '--resolve', `b.test:${port}:127.0.0.1`, `https://b.test:${port}/x`]
    t.match(await curl(t, ...ask), { code: 0, out: /^x 0\n/ })

    const socket = tls.connect({ port, host: '127.0.0.1', ca: authority.cert, servername: 'b.test' })
    await new Promise(done => socket.once('secureConnect', done))
    const old = await rawClient(t, { port, socket })
    t.equal((await exchange(old, 'GET /1 HTTP/1.1\r\nHost: b.test\r\n\r\n')).status, 200)
    for (const [name, text] of Object.entries(await certificates(authority, 'two')))
      writeFileSync(join(daemon.folder, name), text)
    t.match(await subject(t, port, 'b.test'), /CN ?= ?b one/, 'not before the reload')
    t.match(await daemon.reload(), { msg: /^reloaded in/ })
    t.match(await subject(t, port, 'b.test'), /CN ?= ?b two/)
    t.match(await curl(t, ...ask), { code: 0, out: /^x 0\n/ })
    t.equal(
      (await exchange(old, 'GET /2 HTTP/1.1\r\nHost: b.test\r\n\r\n')).status,
      200,
      'the old connection continues',
    )
    old.destroy()

    // A key of another certificate: refused, and the previous files stay in effect.
    writeFileSync(join(daemon.folder, 'b.key'), (await certificates(authority, 'three'))['b.key'] ?? '')
    t.match(await daemon.reload(), { level: 'error', reasons: [/b\.key/] })
    t.match(await subject(t, port, 'b.test'), /CN ?= ?b two/)
    await daemon.end()
  })
}

/** Connects with an earlier session, sends one request. @returns whether the session was resumed, and the new session */
function resumed(port: number, ca: string, session?: Buffer): Promise<{ reused: boolean; session: Buffer }> {
  return new Promise((done, failed) => {
    const socket = tls.connect({ port, host: '127.0.0.1', ca, servername: 'b.test', ...(session ? { session } : {}) })
    let left: Buffer | undefined
    let reused = false
    socket.on('secureConnect', () => {
      reused = socket.isSessionReused()
    })
    socket.on('session', ticket => {
      left = ticket
    })
    socket.on('error', failed)
    socket.on('data', () => {})
    socket.on('close', () => done({ reused, session: left ?? Buffer.alloc(0) }))
    socket.write('GET /x HTTP/1.1\r\nHost: b.test\r\nConnection: close\r\n\r\n')
  })
}

test('a session is resumed with another worker, with a newer worker, and with another certificate', NEEDS, async t => {
  const authority = await makeAuthority(t)
  const { ports } = await startUpstreams(t, [0])
  const daemon = await startDaemon(t, configured(2, ports[0]), { files: await certificates(authority, 'one') })
  await until('both are ready', () => daemon.workers().length === 2)
  const port = daemon.port()
  const { reused, session } = await resumed(port, authority.cert)
  t.equal(reused, false)
  const again = () => Promise.all(Array.from({ length: 32 }, () => resumed(port, authority.cert, session)))
  const served = () => new Set(daemon.lines().flatMap(({ msg, worker }) => (msg === 'exchange' ? [worker] : [])))
  // Either worker may take the next connection: repeat until both have logged an exchange.
  do
    t.ok(
      (await again()).every(({ reused }) => reused),
      'with either worker',
    )
  while (served().size < 2)
  daemon.signal('SIGWINCH')
  await daemon.next(/^SIGWINCH: the workers were replaced/)
  t.ok(
    (await again()).every(({ reused }) => reused),
    'with newer workers',
  )
  for (const [name, text] of Object.entries(await certificates(authority, 'two')))
    writeFileSync(join(daemon.folder, name), text)
  await daemon.reload()
  t.ok(
    (await again()).every(({ reused }) => reused),
    'with another certificate',
  )
  await daemon.end()
})
