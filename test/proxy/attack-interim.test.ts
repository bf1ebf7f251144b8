import { test } from 'tap'
import { gateway, head, heard, ok, READ_MODES, until } from './conversation.js'

// Content that an interim response has by its own word: another reader would take what follows for it.

const GET = (path: string): string => head(`GET ${path} HTTP/1.1`, 'Host: a')

for (const readMode of READ_MODES) {
  for (const field of ['Content-Length: 38', 'Transfer-Encoding: chunked']) {
    for (const status of ['100 Continue', '103 Early Hints']) {
      test(`R40, R59: after a ${status} with ${field} the connection is not used again (${readMode})`, async t => {
        const { connect, upstream, dialed, proxy } = await gateway(t, { readMode })
        const client = await connect()
        await client.send(GET('/1'))
        const origin = await upstream()
        await heard(t, origin, GET('/1'))
        await origin.send(head(`HTTP/1.1 ${status}`, field) + ok('first'))
        await heard(t, client, head(`HTTP/1.1 ${status}`) + ok('first'))
        await client.send(GET('/2'))
        await until(() => dialed() === 2 || origin.waiting.length > 0)
        t.equal(dialed(), 2, 'another connection')
        const second = await upstream(1)
        await heard(t, second, GET('/2'))
        await second.send(ok('second'))
        await heard(t, client, ok('second'))
        t.same(proxy.stats().upstream.closes, { 'upstream-protocol-error': 1 })
      })
    }
  }
}
