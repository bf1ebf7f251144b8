import * as net from 'node:net'
import { test } from 'tap'
import { startDaemon } from '../support/daemon.js'
import { startUpstreams } from '../support/load.js'
import { freePort } from '../support/ports.js'

// What a new configuration must not do, and what it must not cut off, on the real command.

const WEB = `
logs: { access: { to: off } }
listeners: [{ address: '127.0.0.1:0', name: web, routes: [{ upstream: app }] }]
upstreams: { app: { servers: ['http://127.0.0.1:PORT'] } }
`

for (const workers of [1, 2]) {
  test(`a bad configuration is refused as a whole, workers: ${workers}`, async t => {
    const { ports } = await startUpstreams(t, [0])
    const good = `workers: ${workers}${WEB.replace('PORT', `${ports[0]}`)}`
    const daemon = await startDaemon(t, good)
    const port = daemon.port()
    const free = await freePort()
    const more = (address: string) => `\n  - { address: '${address}', name: more, routes: [{ upstream: app }] }`
    const listing = (address: string) =>
      good.replace(/listeners: \[(.*)\]\n/, (_, one) => `listeners:\n  - ${one}${more(address)}\n`)
    for (const [what, bad, reasons] of [
      ['no YAML', good.replace('[{ upstream: app }] }]', '['), [/hopwise.yaml:\d+:\d+: error: /]],
      [
        'two mistakes',
        good.replace('listeners: [{', 'listeners: [{ nme: x,').replace('servers', 'sevrers'),
        [/nme/, /sevrers/],
      ],
      ['a port in use', listing(`127.0.0.1:${port}`), [/EADDRINUSE/]],
      [
        'another mode',
        good.replace('name: web, routes: [{ upstream: app }]', 'name: web, mode: forward'),
        [/from reverse to forward/],
      ],
    ] as const) {
      const said = await daemon.reload(bad)
      t.match(said, { level: 'error', msg: /is refused, the old one stays$/, why: 'SIGHUP' }, what)
      t.match(said.reasons, reasons)
      t.equal((said.reasons as string[]).length, reasons.length)
      t.match(await ask(port), /^HTTP\/1.1 200 /, 'the old one stays')
    }
    // A listener before the one whose port is in use does not stay open, either.
    await daemon.reload(
      listing(`127.0.0.1:${free}`).replace(/\n(up)/, `${more(`127.0.0.1:${port}`).replace('more', 'most')}\n$1`),
    )
    await t.rejects(ask(free), { code: 'ECONNREFUSED' })
    t.match(await daemon.reload(listing(`127.0.0.1:${free}`)), { msg: /2 listeners \(1 added\)/ })
    t.match(await ask(free), /^HTTP\/1.1 200 /)
    t.match(await daemon.reload(good), { msg: /1 listener \(1 removed\)/ })
    await t.rejects(ask(free), { code: 'ECONNREFUSED' })
    await daemon.end()
  })
}

test('a request in progress is finished when its listener is removed, however long it takes', async t => {
  const { ports } = await startUpstreams(t, [0])
  const good = WEB.replace('PORT', `${ports[0]}`)
  const other = good.replace('127.0.0.1:0', '127.0.0.2:0')
  const daemon = await startDaemon(t, `${good}deadlines: { drainMs: 300 }`)
  const slow = ask(daemon.port(), '/slow?slow=1500')
  const { socket: idle, text } = await kept(daemon.port())
  t.match(await daemon.reload(`${other}deadlines: { drainMs: 300 }`), { msg: /1 listener \(1 added, 1 removed\)/ })
  await t.rejects(ask(daemon.port()), { code: 'ECONNREFUSED' })
  // An open connection may send one more request, and the response says close.
  idle.write('GET /idle HTTP/1.1\r\nHost: a\r\n\r\n')
  t.match(await text, /200 OK[\s\S]*200 OK[\s\S]*connection: close/i)
  t.match(await slow, /^HTTP\/1.1 200 [\s\S]*\n$/)
  await daemon.end()
})

/** A connection that has carried one request, and everything received on it until its end. */
async function kept(port: number): Promise<{ socket: net.Socket; text: Promise<string> }> {
  const socket = net.connect(port, '127.0.0.1').setEncoding('latin1')
  socket.write('GET /first HTTP/1.1\r\nHost: a\r\n\r\n')
  let all = ''
  await new Promise<void>(done =>
    socket.on('data', text => {
      all += text
      if (all.endsWith('.\n')) done()
    }),
  )
  return { socket, text: new Promise(done => socket.on('close', () => done(all))) }
}

/** One request on its own connection. */
async function ask(port: number, target = '/x'): Promise<string> {
  const socket = net.connect(port, '127.0.0.1').setEncoding('latin1')
  socket.write(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  let text = ''
  for await (const chunk of socket) text += chunk
  return text
}
