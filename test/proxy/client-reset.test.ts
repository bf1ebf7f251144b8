import { test } from 'tap'
import { rawClient, request, response, until } from '../support/conversation.js'
import { scriptedOrigin } from '../support/scripted-origin.js'
import { withProxy } from '../support/with-proxy.js'

// The client sends, then resets; writing to it fails before what it sent has been read. Client, proxy and origin share one
// process, so the order of events in the kernel is the order of the calls.

for (const readMode of ['onread', 'data'] as const) {
  test(`content that a client sent before it reset reaches the upstream, although writing to the client fails (${readMode})`, async t => {
    const origin = await scriptedOrigin(t, async connection => {
      await connection.readUntil('\r\n\r\n12345')
      await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n')
      await client.readUntil('\r\n\r\n')
      // In this order: the proxy reads more of the response, cannot write it, and only then would read the content.
      connection.send('hello')
      client.send('67890')
      client.reset()
    })
    const { port, exchanged } = await withProxy(t, { mode: 'reverse', upstream: origin.url, readMode })
    const client = await rawClient(t, port)
    await client.send(`${request('POST', '/', 'Content-Length: 10')}12345`)
    t.match(await exchanged(1), [{ outcome: 'client-aborted', clientVerdict: 'client-reset' }])
    await until('the upstream is told', () => origin.connections[0]?.ended !== '')
    t.match(String(origin.connections[0]?.received), /1234567890$/)
  })

  test(`a request that the client had pipelined is not begun, as its answer cannot be delivered (${readMode})`, async t => {
    const asked: string[] = []
    const origin = await scriptedOrigin(t, async connection => {
      for (;;) {
        asked.push((await connection.readUntil('\r\n\r\n', 60_000)).slice(0, 6))
        connection.send(response('answer'))
        client.send(request('POST', '/2', 'Content-Length: 0'))
        client.reset()
      }
    })
    const { port, proxy } = await withProxy(t, { mode: 'reverse', upstream: origin.url, readMode })
    const client = await rawClient(t, port)
    await client.send(request('GET', '/1'))
    await until('it is gone', () => proxy.stats().client.open === 0)
    t.same(asked, ['GET /1'])
    t.match(proxy.stats().client.closes, { 'client-reset': 1 })
  })
}
