import { test } from 'tap'
import type { RawClient } from '../support/raw-client.js'
import { readMessage } from '../support/raw-message.js'
import { type ScriptedOrigin, scriptedOrigin } from '../support/scripted-origin.js'
import { connect, head } from './conversation.js'
import { routed, server } from './fleet.js'

// Content that is kept, gathered and sent again, to servers that break off at any point. What arrives must be one complete
// request, with every byte once: anything else would be read as another request.

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 0x7fff_ffff))
let state = seed
const random = (below: number): number => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
  return (state >>> 8) % below
}

/** Text that looks like a request, a chunk, or the end of either, to a parser that has lost count. */
const BAIT = ['GET /evil HTTP/1.1\r\nHost: a\r\n\r\n', '0\r\n\r\n', '\r\n', '5\r\nabcde\r\n', 'x', '\0', '\xff']
const someContent = (): string => {
  let content = ''
  for (let parts = random(12); parts > 0; parts--) content += BAIT[random(BAIT.length)]!.repeat(1 + random(40))
  return content
}

/** The content in chunks, with an extension here and there. */
function chunked(content: string): string {
  let out = ''
  for (let at = 0; at < content.length; ) {
    const size = 1 + random(300)
    const chunk = content.slice(at, at + size)
    out += `${chunk.length.toString(16)}${random(4) === 0 ? ';x="0"' : ''}\r\n${chunk}\r\n`
    at += size
  }
  return `${out}0\r\n\r\n`
}

/** Reads this many bytes, or none, and breaks off. */
async function breaker(connection: RawClient): Promise<void> {
  const count = random(3) * random(400)
  if (count > 0) await connection.readBytes(count, 200).catch(() => {})
  if (random(2) === 0) connection.destroy()
  else connection.reset()
}

for (const bufferRequestBytes of [0, 500, 1_000_000])
  test(`one request, whole, once (bufferRequestBytes ${bufferRequestBytes}, seed ${seed})`, async t => {
    const good = await server(t, 'good')
    const bad: ScriptedOrigin[] = [await scriptedOrigin(t, breaker), await scriptedOrigin(t, breaker)]
    const { port, proxy } = await routed(t, {
      routes: [{ upstream: 'app', bufferRequestBytes }],
      upstreams: {
        app: { servers: [bad[0]!.url, good.url, bad[1]!.url], retries: 2, ejection: null },
      },
    })
    let answered = 0
    for (let nth = 0; nth < 50; nth++) {
      const client = await connect(t, port)
      const method = ['POST', 'PUT', 'DELETE'][random(3)]!
      const content = someContent()
      const inChunks = random(2) === 0
      const fields = inChunks ? 'Transfer-Encoding: chunked' : `Content-Length: ${content.length}`
      const body = inChunks ? chunked(content) : content
      const cut = random(body.length + 1)
      const before = good.asked.length
      const top = head(`${method} /${nth} HTTP/1.1`, 'Host: a', fields)
      await client.send(Buffer.from(top + body.slice(0, cut), 'latin1')).catch(() => {})
      if (random(3) === 0) await new Promise(setImmediate)
      await client.send(Buffer.from(body.slice(cut), 'latin1')).catch(() => {})
      const { status } = await readMessage(client)
      const arrived = good.asked.slice(before)
      if (status === 200) answered++
      else t.equal(status, 502)
      t.equal(arrived.length, status === 200 ? 1 : 0, `${nth}: ${status}`)
      if (status === 200) {
        t.equal(arrived[0]?.startLine, `${method} /${nth} HTTP/1.1`)
        t.equal(arrived[0]?.content.toString('latin1'), content)
        const gathered = bufferRequestBytes > 0 && content.length <= bufferRequestBytes
        t.equal(arrived[0]?.framing, inChunks && !gathered ? 'chunked' : 'length')
      }
      client.destroy()
    }
    t.ok(answered > 5, `${answered} were answered`)
    t.notOk(good.asked.some(({ startLine }) => startLine.includes('evil')))
    for (const connection of good.connections) t.equal(connection.waiting.length, 0, 'nothing is left over')
    t.match(proxy.stats().exchanges, { active: 0 })
  })
