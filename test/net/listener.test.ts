import { existsSync, renameSync, statSync, writeFileSync } from 'node:fs'
import * as net from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Test, test } from 'tap'
import { removeStale } from '../../lib/net/client/listener.js'
import type { ListenTarget } from '../../lib/net/listen-address.js'
import { answeredIn, get, listeningPool, makePool, readAnswer } from '../support/answering-pool.js'
import { type Child, cleanEnv, run, startChild } from '../support/child.js'
import { rawClient, until } from '../support/conversation.js'
import { curl } from '../support/curl.js'
import { needs } from '../support/needs.js'
import { tempFolder } from '../support/temp-folder.js'

/** Prints `listens …`, and answers each connection with its process ID and the peer that it sees. */
const LISTENING = fileURLToPath(new URL('fixture/listening.mjs', import.meta.url))

async function ask(t: Test, to: net.NetConnectOpts) {
  const socket = net.connect(to)
  await new Promise<void>((done, failed) => socket.once('connect', done).once('error', failed))
  const client = await rawClient(t, { port: 0, socket })
  await client.send(get('/close'))
  return readAnswer(client)
}

/** A socket file left behind by a process. */
async function leaveStale(t: Test, path: string): Promise<void> {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  await run(t, process.execPath, ['-e', script])
  t.ok(statSync(path).isSocket(), 'it is there')
}

for (const readMode of ['onread', 'data'] as const) {
  test(`${readMode}: every address, IPv6 and IPv4: peers have their real addresses`, async t => {
    for (const where of [{ host: '::', port: 0 }, { port: 0 }]) {
      const { pool, port, text, handler } = await listeningPool(t, { readMode }, where)
      t.equal(text, `[::]:${port}`)
      t.match(pool.address, { address: '::', port })
      t.match(await ask(t, { port, host: '127.0.0.1' }), { address: '127.0.0.1', peerAddress: '127.0.0.1' })
      t.match(await ask(t, { port, host: '::1' }), { address: '::1' })
      t.match(handler.heard[0], 'c1 opened 127.0.0.1')
    }
  })

  test(`${readMode}: a unix socket: peers without an address, and no limit for one address`, async t => {
    const path = join(tempFolder(t), 'sock')
    const limits = { clientConnectionsPerAddressMax: 1 }
    const { pool, port, text } = await listeningPool(t, { readMode, limits }, { path })
    t.same([port, text, pool.address], [0, `unix:${path}`, null])
    const clients = []
    for (let i = 0; i < 3; i++) {
      const client = await rawClient(t, { port: 0, socket: net.connect(path) })
      await client.send(get(`/${i}`))
      const { address, port: from, peerAddress, ends } = await readAnswer(client)
      t.same([address, from, peerAddress, ends.source, ends.destination], ['', 0, '', '', ''])
      clients.push(client)
    }
    await clients[0]?.send(get('/cut'))
    await clients[0]?.readToEnd()
    clients[1]?.halfClose()
    clients[2]?.destroy()
    await until('gone', () => pool.open === 0)
    pool.stopListening()
    await until('unlinked', () => !existsSync(path))
  })
}

test('curl over a unix socket', needs('curl'), async t => {
  const path = join(tempFolder(t), 'sock')
  await listeningPool(t, {}, { path })
  const { out, code } = await curl(t, '--unix-socket', path, 'http://a/')
  t.equal(code, 0)
  t.equal(answeredIn(out).target, '/')
})

test('a stale socket file is no obstacle; a live one is, and so is any other file', async t => {
  const folder = tempFolder(t)
  const [stale, live, file] = ['stale', 'live', 'file'].map(name => join(folder, name)) as [string, string, string]
  await leaveStale(t, stale)
  await listeningPool(t, {}, { path: stale })
  t.match(await ask(t, { path: stale }), { address: '' })
  const first = await listeningPool(t, {}, { path: live })
  const second = makePool(t)
  await t.rejects(second.pool.listen({ path: live }), { code: 'EADDRINUSE' })
  await until('the knock is gone again', () => first.pool.accepted === 1 && first.pool.open === 0)
  writeFileSync(file, 'dear')
  await t.rejects(second.pool.listen({ path: file }), { code: 'EADDRINUSE' })
  t.ok(existsSync(file))
  t.equal(await removeStale(join(folder, 'none')), true)
  t.equal(await removeStale(live), false)
  await second.pool.listen({ path: join(folder, 'other') })
})

test('listening stops and starts again while connections stay open', async t => {
  const { pool, port } = await listeningPool(t)
  const client = await rawClient(t, port)
  await client.send(get('/1'))
  await readAnswer(client)
  await t.rejects(pool.listen({ host: '127.0.0.1', port: 0 }), /already listening/)
  pool.stopListening()
  t.equal(pool.address, null)
  await t.rejects(rawClient(t, port), { code: 'ECONNREFUSED' })
  await client.send(get('/2'))
  t.match(await readAnswer(client), { id: 'c1' })
  pool.stopListening()
  const again = await pool.listen({ host: '127.0.0.1', port: 0 })
  t.match(await ask(t, { port: again.port, host: '127.0.0.1' }), { id: 'c2' })
  await client.send(get('/3'))
  await readAnswer(client)
})

test('listening that is abandoned before it begins leaves nothing open', async t => {
  const { pool } = makePool(t)
  const listening = pool.listen({ host: 'localhost', port: 0 })
  pool.stopListening()
  await t.rejects(listening, /localhost:0: the server was closed before it was listening/)
  t.equal(pool.address, null)
  await pool.listen({ host: '127.0.0.1', port: 0 })
})

const portOf = (child: Child): number => Number(/^listens 127\.0\.0\.1:(\d+)$/m.exec(child.out())?.[1])

const listening = (child: Child, processes: number): Promise<void> =>
  until('all listen', () => child.out().match(/^(listens|failed) /gm)?.length === processes)

async function heard(t: Test, to: net.NetConnectOpts): Promise<string> {
  const client = await rawClient(t, { port: 0, socket: net.connect(to) })
  return String((await client.readToEnd()).bytes)
}

/** A child that gets a listening socket as its descriptor 3; no other process has it any more when the child listens. */
async function handedOver(
  t: Test,
  where: ListenTarget,
  text: string,
  env: NodeJS.ProcessEnv = {},
  workers = 0,
): Promise<Child> {
  const server = net.createServer()
  await new Promise<void>(done => server.listen(where, done))
  const { fd } = (server as net.Server & { _handle: { fd: number } })._handle
  // The process ID is not known before it runs: the shell becomes it.
  const command = ['-c', 'LISTEN_PID=$$ exec "$@"', 'sh', process.execPath, LISTENING, text, `${workers}`]
  const child = startChild(t, '/bin/sh', command, { env: { ...cleanEnv(), ...env }, pass: [fd] })
  await listening(child, workers || 1)
  // Moved away from our own server, which removes its file.
  if ('path' in where) renameSync(where.path, `${where.path}.kept`)
  server.close()
  return child
}

test('a descriptor opened by the parent process: TCP by its number, a unix socket by its name', async t => {
  const loopback = { host: '127.0.0.1', port: 0 }
  const path = join(tempFolder(t), 'sock')
  const web = { LISTEN_FDS: '1', LISTEN_FDNAMES: 'web' }
  const [tcp, unix, none, workers] = await Promise.all([
    handedOver(t, loopback, 'fd:3'),
    handedOver(t, { path }, 'systemd:web', web),
    handedOver(t, loopback, 'systemd:web', { LISTEN_FDS: '1' }),
    handedOver(t, loopback, 'systemd:web', web, 2),
  ])
  t.equal(await heard(t, { port: portOf(tcp), host: '127.0.0.1' }), `${tcp.pid} 127.0.0.1`)
  t.match(unix.out(), /^listens fd:3$/m)
  t.equal(await heard(t, { path: `${path}.kept` }), `${unix.pid} nobody`)
  const all = new Set<string>()
  for (let i = 0; i < 6; i++) all.add(await heard(t, { port: portOf(workers), host: '127.0.0.1' }))
  t.equal(all.size, 2, 'the sockets passed to the primary are for its workers')
  t.match(none.out(), /^failed systemd:web: .*\(it passed: unknown \(fd:3\)\)/m)
})

test('workers of a cluster share a unix socket and a port; the file is removed when all of them have ended', async t => {
  const path = join(tempFolder(t), 'sock')
  await leaveStale(t, path)
  const [primary, other] = [`unix:${path}`, '127.0.0.1:0'].map(where =>
    startChild(t, process.execPath, [LISTENING, where, '2']),
  ) as [Child, Child]
  for (const child of [primary, other]) await listening(child, 2)
  for (const to of [{ path }, { port: portOf(other), host: '127.0.0.1' }]) {
    const all = new Set<string>()
    for (let i = 0; i < 6; i++) all.add(await heard(t, to))
    t.equal(all.size, 2, 'each gets some')
  }
  for (const child of [primary, other]) child.signal('SIGTERM')
  for (const child of [primary, other]) t.equal((await child.ended).code, 0)
  t.equal(existsSync(path), false)
})
