import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { Bench, party, type Scene } from '../../lib/lab/bench.js'
import { webSocket, webSocketServer } from '../../lib/lab/experiments/websocket-end.js'
import { plain } from '../../lib/lab/said.js'
import { FrameReader } from '../../lib/lab/websocket-frames.js'
import { type Ran, ran } from './running.js'

/** The limit is ten times the interval of the pings, and a second long: a loaded machine stalls for less. */
const OFTEN = { idleMs: 5_000, pingMs: 500 }

const often = ran(t, 'websocket', { knobs: OFTEN, scale: 0.2 })

/** The bytes that one end wrote after its head, as seen at the other end of the wire. */
function framesOf(run: Ran, scene: string, connection: string, by: string) {
  const sent = run.of('bytes', scene).filter(bytes => bytes.connection === connection && bytes.by === by)
  const octets = Buffer.from(sent.map(({ text }) => text).join(''), 'latin1')
  return new FrameReader().read(octets.subarray(octets.indexOf('\r\n\r\n') + 4))
}

function fields(run: Ran, scene: string, connection: string, by: string) {
  const head = run.of('bytes', scene).find(bytes => bytes.connection === connection && bytes.by === by)?.heads?.[0]
  return new Map(head?.fields.map(({ name, value }) => [name.toLowerCase(), value]))
}

t.test('pings keep a tunnel that silence ends; the proxy sends none and answers none', async t => {
  const run = await often
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  const silence = run.figure('silent', 'silence')
  t.ok(silence >= 900, `${silence} ms, of a limit of 1000 ms`)
  t.ok(run.of('note', 'silent').some(({ text }) => text.en === 'c1: tunnel-idle'))

  t.throws(() => run.figure('pings', 'silence'), 'it was not ended')
  const pings = framesOf(run, 'pings', 'c2', 'origin').filter(({ opcode }) => opcode === 'ping')
  t.ok(pings.length >= 5)
  const notes = run.of('note', 'pings').map(({ text, party }) => `${party}: ${text.en}`)
  t.ok(notes.includes('client: ping: still there? 5') && notes.includes('origin: pong: still there? 5'))
  t.equal(run.figure('pings', 'pings'), pings.length)
  for (const [connection, by] of [
    ['c1', 'proxy'],
    ['c1', 'client'],
    ['c2', 'proxy'],
  ] as const) {
    const opcode = by === 'proxy' && connection === 'c1' ? 'ping' : 'pong'
    const seen = framesOf(run, 'pings', connection, by).filter(frame => frame.opcode === opcode)
    t.strictSame(
      seen.map(({ payload }) => payload.toString()),
      pings.map(({ payload }) => payload.toString()),
      `${by} on ${connection}: the same payloads`,
    )
    t.ok(seen.every(({ masked }) => masked === (opcode === 'pong')))
  }
})

t.test('bytes that are not a frame also keep the tunnel', async t => {
  const run = await often
  t.throws(() => run.figure('octets', 'silence'), 'it was not ended')
  t.equal(run.figure('octets', 'pongs'), 0)
  t.strictSame(framesOf(run, 'octets', 'c1', 'proxy'), [])
})

t.test('the proxy removes the upgrade fields of one hop and writes its own; end-to-end fields pass', async t => {
  const run = await often
  const [asked, passed] = [fields(run, 'pings', 'c1', 'client'), fields(run, 'pings', 'c2', 'proxy')]
  t.equal(asked.get('connection'), 'keep-alive, Upgrade, X-Hop')
  t.match(passed.get('connection'), /^upgrade$/i)
  t.equal(passed.get('upgrade'), 'websocket')
  t.notOk(passed.has('x-hop'))
  t.equal(passed.get('sec-websocket-key'), asked.get('sec-websocket-key'))
  const agreed = fields(run, 'pings', 'c1', 'proxy')
  t.match(agreed.get('connection'), /^upgrade$/i)
  t.equal(agreed.get('sec-websocket-accept'), fields(run, 'pings', 'c2', 'origin').get('sec-websocket-accept'))
})

t.test('the one thing to change: pings that are rarer than the limit keep nothing', async t => {
  const run = await ran(t, 'websocket', { knobs: { idleMs: 4_000, pingMs: 12_000 } })
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  for (const scene of ['silent', 'pings', 'octets']) t.ok(run.figure(scene, 'silence') >= 360, scene)
  t.match(run.verdict.text.en, /too rarely/)
})

t.test('the client may send the pings', async t => {
  const run = await ran(t, 'websocket', { knobs: { ...OFTEN, who: 'client' }, scale: 0.2 })
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  const pings = framesOf(run, 'pings', 'c1', 'client').filter(({ opcode }) => opcode === 'ping')
  t.ok(pings.length >= 5 && pings.every(({ masked }) => masked))
  t.equal(framesOf(run, 'pings', 'c2', 'origin').filter(({ opcode }) => opcode === 'pong').length, pings.length)
})

function scene(t: Test): Scene {
  const stop = new AbortController()
  const bench = new Bench(1, stop.signal, () => {})
  t.teardown(() => bench.close())
  return bench.scene('here', plain('here'), [party('client'), party('origin')])
}

t.test('our client follows the standard: another server agrees, and answers its ping', async t => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  t.teardown(() => server.close())
  await once(server, 'listening')
  server.on('connection', peer => peer.on('message', text => peer.send(`heard ${text}`)))
  const { port } = server.address() as AddressInfo
  const client = await webSocket(scene(t), { party: 'origin', port, observes: true, expect() {} })
  client.send('ping', 'there?')
  client.send('text', 'Hello')
  t.ok(await client.until(() => client.frames.length === 2, 100_000))
  t.match(client.frames, [
    { opcode: 'pong', payload: Buffer.from('there?'), masked: false },
    { opcode: 'text', payload: Buffer.from('heard Hello') },
  ])
  client.send('close', Buffer.from([0x03, 0xe8]))
  await client.until(() => false, 100_000)
  t.equal(client.ended, 'fin')
  t.equal(client.count('close'), 1)
})

t.test('our server follows the standard: another client is accepted, answered, and closed in order', async t => {
  const { port } = await webSocketServer(scene(t))
  const client = new WebSocket(`ws://127.0.0.1:${port}/`)
  await once(client, 'open')
  client.ping('there?')
  t.equal(String((await once(client, 'pong'))[0]), 'there?')
  client.close(1000)
  t.equal((await once(client, 'close'))[0], 1000)
})

t.test('a peer that sends bytes that are not a frame is disconnected', async t => {
  const place = await webSocketServer(scene(t))
  const client = await webSocket(scene(t), place)
  client.write(Buffer.from('8105', 'hex')) // not masked
  client.write(Buffer.from('Hello'))
  await client.until(() => false, 100_000)
  t.not(client.ended, '')
})
