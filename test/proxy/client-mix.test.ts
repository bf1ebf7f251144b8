import { test } from 'tap'
import { connectRaw, type RawClient } from '../support/raw-client.js'
import { readMessage } from '../support/raw-message.js'
import { scriptedOrigin } from '../support/scripted-origin.js'
import { withProxy } from '../support/with-proxy.js'
import { DATED, head, READ_MODES, until } from './conversation.js'

// Many clients that pipeline, origins that answer in every framing and close at will: every client gets its own answers, in order.

const CLIENTS = 24
const REQUESTS_EACH = 40

/** A plain generator: nothing here depends on its quality. */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return sides => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * sides)
  }
}

function request(target: string, content: string, way: number): string {
  if (way === 0) return head(`GET ${target} HTTP/1.1`, 'Host: a')
  if (way === 1) return head(`HEAD ${target} HTTP/1.1`, 'Host: a')
  if (way === 2) return head(`PUT ${target} HTTP/1.1`, 'Host: a', `Content-Length: ${content.length}`) + content
  const chunk = content === '' ? '' : `${content.length.toString(16)}\r\n${content}\r\n`
  return `${head(`PUT ${target} HTTP/1.1`, 'Host: a', 'Transfer-Encoding: chunked')}${chunk}0\r\n\r\n`
}

/** Answers each request with its target and its content, in one framing or another; true if the connection ends after it. */
async function answer(origin: RawClient, roll: (sides: number) => number): Promise<boolean> {
  const { startLine, content } = await readMessage(origin)
  const [method, target] = startLine.split(' ')
  if (roll(10) === 0) await new Promise(done => setTimeout(done, roll(4)))
  const text = `${target} ${content.toString('latin1')}`
  const closes = roll(8) === 0
  const fields = closes ? [DATED, 'Connection: close'] : [DATED]
  const way = roll(3)
  let response: string
  if (way === 0) response = head('HTTP/1.1 200 OK', ...fields, `Content-Length: ${text.length}`) + text
  else if (way === 1 || method === 'HEAD') {
    const half = text.length >> 1
    const chunks = [text.slice(0, half), text.slice(half), ''].map(part => `${part.length.toString(16)}\r\n${part}\r\n`)
    response = head('HTTP/1.1 200 OK', ...fields, 'Transfer-Encoding: chunked') + chunks.join('')
  } else response = head('HTTP/1.1 200 OK', ...fields) + text
  if (method === 'HEAD') response = response.slice(0, response.indexOf('\r\n\r\n') + 4)
  const cut = roll(response.length)
  await origin.send(response.slice(0, cut))
  if (roll(3) === 0) await new Promise(done => setImmediate(done))
  await origin.send(response.slice(cut))
  return closes || (way === 2 && method !== 'HEAD')
}

for (const readMode of READ_MODES) {
  test(`R72, R83, R102: ${CLIENTS} clients over shared upstream connections get their own answers in order (${readMode})`, async t => {
    const origin = await scriptedOrigin(t, async (connection, nth) => {
      const roll = dice(nth + 1)
      try {
        while (!(await answer(connection, roll))) {}
      } catch (error) {
        if (!connection.ended) throw error
      }
      connection.halfClose()
    })
    const { proxy, port } = await withProxy(t, {
      mode: 'reverse',
      upstream: origin.url,
      readMode,
      limits: { upstreamConnectionsMax: 6 },
    })
    let wrong = 0
    const run = async (nth: number): Promise<void> => {
      const roll = dice(1_000 + nth)
      const client = await connectRaw({ port })
      for (let done = 0; done < REQUESTS_EACH; ) {
        const expected: { target: string; content: string; way: number }[] = []
        let text = ''
        for (let more = 1 + roll(5); more > 0 && done < REQUESTS_EACH; more--, done++) {
          const ask = { target: `/${nth}/${done}`, content: `${nth}-`.repeat(roll(200)), way: roll(4) }
          expected.push(ask)
          text += request(ask.target, ask.content, ask.way)
        }
        const cut = roll(text.length)
        await client.send(text.slice(0, cut))
        if (roll(2) === 0) await new Promise(done => setImmediate(done))
        await client.send(text.slice(cut))
        for (const { target, content, way } of expected) {
          const response = await readMessage(client, { toHead: way === 1 })
          const received = way === 1 ? '' : response.content.toString('latin1')
          const wanted = way === 1 ? '' : `${target} ${way < 2 ? '' : content}`
          if (response.status === 200 && received === wanted) continue
          wrong++
          t.fail(`${target}: ${response.startLine}`, { received, wanted })
        }
      }
      client.destroy()
    }
    await Promise.all(Array.from({ length: CLIENTS }, (_, nth) => run(nth)))
    t.equal(wrong, 0)
    await until(() => proxy.stats().client.open === 0)
    const { client, upstream, exchanges } = proxy.stats()
    t.match({ client, exchanges }, { client: { requests: CLIENTS * REQUESTS_EACH }, exchanges: { active: 0 } })
    t.ok(upstream.open <= 6 && upstream.busy === 0, `${upstream.open} connections to the origin`)
    t.ok(upstream.reused > 0)
  })
}
