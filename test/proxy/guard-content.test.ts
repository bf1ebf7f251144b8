import { test } from 'tap'
import { gateway, heard, quiet } from './conversation.js'

const limits = { requestContentBytesMax: 10 }

test('content whose declared length is too long is refused before any upstream is asked', async t => {
  const { connect, proxy } = await gateway(t, { limits })
  const client = await connect()
  await client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello')
  const answer = await client.readUntil('\r\n\r\n')
  t.match(answer, /^HTTP\/1\.1 413 Content Too Large\r\n/)
  t.match(answer, /\r\nConnection: close\r\n/)
  t.match(proxy.stats(), { upstream: { dialed: 0 }, client: { open: 1 } })
})

test('content of exactly that length passes', async t => {
  const { connect, upstream } = await gateway(t, { limits })
  const client = await connect()
  await client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789')
  const origin = await upstream()
  await origin.readUntil('0123456789')
  await origin.send('HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 0\r\n\r\n')
  await heard(t, client, 'HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 0\r\n\r\n')
})

test('chunked content that grows too long: 413, and the upstream never gets its end', async t => {
  const { connect, upstream } = await gateway(t, { limits })
  const client = await connect()
  await client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
  const origin = await upstream()
  await origin.readUntil('hello\r\n')
  await quiet(t, client)
  await client.send('6\r\n world\r\n0\r\n\r\n')
  t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 413 /)
  const { bytes } = await origin.readToEnd()
  t.notMatch(bytes.toString('latin1'), /0\r\n\r\n$/)
})
