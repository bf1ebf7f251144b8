import { once } from 'node:events'
import * as http from 'node:http'
import { type Test, test } from 'tap'
import { createOrigin } from '../../lib/peers/origin.js'
import { type Answer, text } from '../../lib/peers/origin-pages.js'
import { startHopwise } from '../support/hopwise.js'

// A large body must cost the proxy one leased buffer for each direction, however slow or fast the two ends are: the body is
// several times as large as the allowed growth of memory.

const MIB = 1024 ** 2
const SIZE = 320 * MIB
const GROWTH_MAX = 64 * MIB
/** Byte i is i modulo 251, as on the origin's `/bytes`. */
const BLOCK = Buffer.from(Uint8Array.from({ length: 251 * 1_000 }, (_, i) => i % 251))

test('320 MiB down: complete, and the memory of the proxy stays bounded', async t => {
  const { hopwise, get } = await chain(t)
  const before = hopwise.peakRss()
  const response = await get(`/bytes?n=${SIZE}`)
  const seen = pattern()
  for await (const bytes of response as AsyncIterable<Buffer>) seen.take(bytes)
  t.same(seen.result(), { count: SIZE, whole: true })
  t.ok(hopwise.peakRss() - before < GROWTH_MAX, `grew by ${mib(hopwise.peakRss() - before)}`)
})

for (const framing of ['length', 'chunked'] as const) {
  test(`320 MiB up (${framing}): complete, and the memory of the proxy stays bounded`, async t => {
    const { hopwise, post, sunk } = await chain(t)
    const before = hopwise.peakRss()
    const { request, answer } = post(
      '/sink',
      framing === 'length' ? { 'Content-Length': SIZE } : { 'Transfer-Encoding': 'chunked' },
    )
    for (let left = SIZE; left > 0; left -= BLOCK.length) {
      if (!request.write(left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK)) await once(request, 'drain')
    }
    request.end()
    t.equal((await answer).statusCode, 200)
    t.same(sunk[0], { count: SIZE, whole: true })
    t.ok(hopwise.peakRss() - before < GROWTH_MAX, `grew by ${mib(hopwise.peakRss() - before)}`)
  })
}

test('a reader that stops stops the origin: the proxy buffers no more than its bound', async t => {
  const { hopwise, get, given } = await chain(t)
  const before = hopwise.peakRss()
  const response = await get('/much')
  response.pause()
  // Meanwhile other requests pass through the same proxy, until the origin sends no more.
  for (let last = -1; last !== given(); ) {
    last = given()
    for (let nth = 0; nth < 10; nth++) for await (const _ of await get('/'));
  }
  t.ok(given() < SIZE, `the origin has sent ${mib(given())}`)
  t.ok(hopwise.peakRss() - before < GROWTH_MAX, `grew by ${mib(hopwise.peakRss() - before)}`)
  response.destroy()
})

async function chain(t: Test) {
  const sunk: { count: number; whole: boolean }[] = []
  const sink = async (request: http.IncomingMessage) => {
    const seen = pattern()
    for await (const bytes of request as AsyncIterable<Buffer>) seen.take(bytes)
    sunk.push(seen.result())
    return text('thanks')
  }
  let given = 0
  const much: Answer = {
    length: SIZE,
    async write(response) {
      for (; given < SIZE && !response.destroyed; given += MIB)
        if (!response.write(Buffer.alloc(MIB))) await Promise.race([once(response, 'drain'), once(response, 'close')])
      response.end()
    },
  }
  const origin = createOrigin({ pages: { '/sink': sink, '/much': () => much } })
  t.teardown(() => origin.destroy())
  const { port } = await origin.listen({ port: 0 })
  const hopwise = await startHopwise(t, ['reverse', `http://127.0.0.1:${port}`])
  const to = { host: '127.0.0.1', port: hopwise.port, agent: false as const }
  return {
    hopwise,
    sunk,
    given: () => given,
    get: async (path: string) => (await once(http.get({ ...to, path }), 'response'))[0] as http.IncomingMessage,
    post(path: string, headers: http.OutgoingHttpHeaders) {
      const request = http.request({ ...to, path, method: 'POST', headers })
      return { request, answer: once(request, 'response').then(([it]) => it as http.IncomingMessage) }
    },
  }
}

/** Counts, and checks both ends of each piece: a lost, doubled or shifted byte moves all that follow. */
function pattern() {
  let count = 0
  let whole = true
  return {
    take(bytes: Buffer) {
      if (bytes[0] !== count % 251) whole = false
      count += bytes.length
      if (bytes.at(-1) !== (count - 1) % 251) whole = false
    },
    result: () => ({ count, whole }),
  }
}

function mib(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(0)} MiB`
}
