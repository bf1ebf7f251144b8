import { once } from 'node:events'
import * as http from 'node:http'
import { type Test, test } from 'tap'
import { createOrigin } from '../../lib/peers/origin.js'
import { text } from '../../lib/peers/origin-pages.js'
import { startHopwise } from '../support/hopwise.js'

// A body of 1 GiB must cost the proxy one lease of a buffer for each direction, however slow or fast its ends are.

const GIB = 1024 ** 3
const GROWTH_MAX = 64 * 1024 ** 2
/** Octet i is i modulo 251, as on the origin's `/bytes`. */
const BLOCK = Buffer.from(Uint8Array.from({ length: 251 * 1_000 }, (_, i) => i % 251))

test('1 GiB down: whole, and the memory of the proxy stays bounded', { timeout: 120_000 }, async t => {
  const { hopwise, get } = await chain(t)
  const before = hopwise.peakRss()
  const response = await get(`/bytes?n=${GIB}`)
  const seen = pattern()
  for await (const bytes of response as AsyncIterable<Buffer>) seen.take(bytes)
  t.same(seen.result(), { count: GIB, whole: true })
  t.ok(hopwise.peakRss() - before < GROWTH_MAX, `grew by ${mib(hopwise.peakRss() - before)}`)
})

for (const framing of ['length', 'chunked'] as const) {
  test(`1 GiB up (${framing}): whole, and the memory of the proxy stays bounded`, { timeout: 120_000 }, async t => {
    const { hopwise, post, sunk } = await chain(t)
    const before = hopwise.peakRss()
    const { request, answer } = post(
      '/sink',
      framing === 'length' ? { 'Content-Length': GIB } : { 'Transfer-Encoding': 'chunked' },
    )
    for (let left = GIB; left > 0; left -= BLOCK.length) {
      if (!request.write(left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK)) await once(request, 'drain')
    }
    request.end()
    t.equal((await answer).statusCode, 200)
    t.same(sunk[0], { count: GIB, whole: true })
    t.ok(hopwise.peakRss() - before < GROWTH_MAX, `grew by ${mib(hopwise.peakRss() - before)}`)
  })
}

test('a reader that stops stops the origin: nothing piles up in the proxy', async t => {
  const { hopwise, get } = await chain(t)
  const before = hopwise.peakRss()
  const response = await get(`/bytes?n=${GIB}`)
  response.pause()
  await new Promise(done => setTimeout(done, 1_500))
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
  const origin = createOrigin({ pages: { '/sink': sink } })
  t.teardown(() => origin.destroy())
  const { port } = await origin.listen({ port: 0 })
  const hopwise = await startHopwise(t, ['reverse', `http://127.0.0.1:${port}`])
  const to = { host: '127.0.0.1', port: hopwise.port, agent: false as const }
  return {
    hopwise,
    sunk,
    get: async (path: string) => (await once(http.get({ ...to, path }), 'response'))[0] as http.IncomingMessage,
    post(path: string, headers: http.OutgoingHttpHeaders) {
      const request = http.request({ ...to, path, method: 'POST', headers })
      return { request, answer: once(request, 'response').then(([it]) => it as http.IncomingMessage) }
    },
  }
}

/** Counts, and looks at both ends of each piece: a lost, doubled or shifted octet moves all that follow. */
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
