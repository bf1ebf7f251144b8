import { test } from 'tap'
import { exchange, rawClient, request, response } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import { readMessage } from '../support/raw-message.js'
import { scriptedOrigin } from '../support/scripted-origin.js'
import { withProxy } from '../support/with-proxy.js'

// An origin that closes each connection with its response without saying so.

for (const readMode of ['onread', 'data'] as const) {
  test(`R87, R150: the FIN comes with the response: no POST is lost (${readMode})`, async t => {
    const origin = await scriptedOrigin(t, async connection => {
      await connection.readUntil('\r\n\r\n')
      await connection.send(response('answered'))
      connection.destroy()
    })
    const { port, proxy } = await withProxy(t, { mode: 'reverse', upstream: origin.url, readMode })
    const client = await rawClient(t, port)
    // The ones after the first are here already: each is sent in the same call that reads the response before it and its FIN.
    await client.send(request('POST', '/', 'Content-Length: 0').repeat(20))
    for (let nth = 0; nth < 20; nth++) t.equal((await readMessage(client)).status, 200)
    t.match(proxy.stats().exchanges, { retries: 0, failures: {} })
    t.match(proxy.stats().upstream.origins, [{ learnedIdleMs: 0 }])
  })

  test(`R87, R150: the same for requests that wait for a connection (${readMode})`, async t => {
    const origin = await scriptedOrigin(t, async connection => {
      await connection.readUntil('\r\n\r\n')
      await connection.send(response('answered'))
      connection.destroy()
    })
    const limits = { upstreamConnectionsMax: 1 }
    const { port } = await withProxy(t, { mode: 'reverse', upstream: origin.url, readMode, limits })
    const clients = await Promise.all(Array.from({ length: 8 }, () => rawClient(t, port)))
    const answers = clients.map(client => exchange(client, request('POST', '/', 'Content-Length: 0')))
    for (const { status } of await Promise.all(answers)) t.equal(status, 200)
  })
}

test('R87: the FIN arrives when the next request has been sent: one POST is lost, none after it', async t => {
  const origin = await scriptedOrigin(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.send(response('answered'))
    await connection.readUntil('\r\n\r\n', 60_000)
    connection.halfClose()
  })
  const { port } = await withProxy(t, { mode: 'reverse', upstream: origin.url, clock: new FakeClock() })
  const client = await rawClient(t, port)
  const statuses: number[] = []
  for (let nth = 0; nth < 6; nth++)
    statuses.push((await exchange(client, request('POST', '/', 'Content-Length: 0'))).status)
  t.same(statuses, [200, 502, 200, 200, 200, 200])
})
