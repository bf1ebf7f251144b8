import { test } from 'tap'
import { cpuMs } from '../support/cpu.js'
import { gateway, head } from './conversation.js'

// One head of the maximum size must not keep other clients waiting. The limits are far above what it takes, and far below
// what quadratic work would take.

const GAP = ' '.repeat(60_000)

test('R50: whitespace within a list of codings is processed in linear time', async t => {
  const { connect } = await gateway(t)
  const client = await connect()
  const took = await cpuMs(async () => {
    await client.send(head('POST / HTTP/1.1', 'Host: a', `Transfer-Encoding: a${GAP}b`))
    t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 400 /)
  })
  t.ok(took < 400, `${took} ms`)
})

test('R53: whitespace within a list of lengths of a response is processed in linear time', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  const origin = await upstream()
  const took = await cpuMs(async () => {
    await origin.send(head('HTTP/1.1 200 OK', `Content-Length: 5${GAP}5, 5`))
    t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 502 /)
  })
  t.ok(took < 400, `${took} ms`)
})

test('a long list of protocols to upgrade to is parsed once', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  const list = 'websocket,'.repeat(4_500) + 'a,'.repeat(8_000)
  const took = await cpuMs(async () => {
    await client.send(head('GET / HTTP/1.1', 'Host: a', 'Connection: upgrade', `Upgrade: ${list}`))
    const origin = await upstream()
    await origin.readUntil('\r\n\r\n')
  })
  t.ok(took < 400, `${took} ms`)
})
