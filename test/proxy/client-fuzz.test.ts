import { test } from 'tap'
import { connectRaw, type RawClient } from '../support/raw-client.js'
import { scriptedOrigin } from '../support/scripted-origin.js'
import { withProxy } from '../support/with-proxy.js'
import { head, READ_MODES, until } from './conversation.js'

// No bytes from either side end the process, cause an internal error, or leave an exchange hanging.

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000)
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 300)
const AT_ONCE = 10

/** A small generator (mulberry32), so that a run is reproducible from its seed. */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const REQUESTS = [
  head('GET / HTTP/1.1', 'Host: a'),
  head('GET / HTTP/1.0', 'Connection: keep-alive', 'Host: a'),
  head('HEAD /a HTTP/1.1', 'Host: a', 'Connection: close, X-A', 'X-A: 1'),
  `${head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 11')}hello world`,
  `${head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked', 'Trailer: X')}5;a=b\r\nhello\r\n0\r\nX: 1\r\n\r\n`,
  `${head('PUT / HTTP/1.1', 'Host: a', 'Expect: 100-continue', 'Content-Length: 3')}abc`,
  head('OPTIONS * HTTP/1.1', 'Host: a', 'Max-Forwards: 0'),
  head('GET /ws HTTP/1.1', 'Host: a', 'Upgrade: websocket', 'Connection: upgrade', 'TE: trailers'),
  head('CONNECT a:443 HTTP/1.1', 'Host: a:443'),
  head('GET http://a/b?c HTTP/1.1', 'Host: a', 'Via: 1.1 x', 'X-Forwarded-For: 10.0.0.1'),
  `\r\n${head('BREW * HTTP/1.9', 'Host: a')}`,
]

const RESPONSES = [
  `${head('HTTP/1.1 200 OK', 'Content-Length: 5')}hello`,
  `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Connection: X-A', 'X-A: 1')}5\r\nhello\r\n0\r\nX: 1\r\n\r\n`,
  `${head('HTTP/1.0 200 OK', 'Connection: keep-alive', 'Keep-Alive: timeout=1, max=2', 'Content-Length: 0')}`,
  `${head('HTTP/1.1 200 OK')}until close`,
  head('HTTP/1.1 204 No Content'),
  head('HTTP/1.1 304 Not Modified', 'Content-Length: 9'),
  head('HTTP/1.1 100 Continue') +
    head('HTTP/1.1 103 Early Hints', 'Link: <x>') +
    head('HTTP/1.1 404 No', 'Content-Length: 0'),
  head('HTTP/1.1 101 Switching', 'Upgrade: websocket', 'Connection: upgrade'),
  head('HTTP/1.1 408 Timeout', 'Content-Length: 0'),
  'HTTP/1.1 200 OK\nX: a\r\n b\r\nContent-Length : 2\r\n\r\nhi',
]

const SPICE = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ' ',
  '\t',
  ':',
  '\0',
  '\xff',
  ',',
  ';',
  '0',
  '-1',
  'chunked',
  'FFFFFFFFF',
  '*',
  '/',
]

/** One or several of these messages, or nonsense, partly changed. */
function mutated(chance: () => number, messages: string[]): string {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(chance() * from.length)]!
  if (chance() < 0.08) return Array.from({ length: chance() * 300 }, () => String.fromCharCode(chance() * 256)).join('')
  let text = pick(messages)
  while (chance() < 0.3) text += pick(messages)
  if (chance() < 0.4) return text
  for (let changes = Math.floor(chance() * 4); changes > 0; changes--) {
    const at = Math.floor(chance() * text.length)
    const to = at + Math.floor(chance() * 6)
    const kind = chance()
    if (kind < 0.3) text = text.slice(0, at) + pick(SPICE) + text.slice(at)
    else if (kind < 0.5) text = text.slice(0, at) + String.fromCharCode(chance() * 256) + text.slice(at + 1)
    else if (kind < 0.7) text = text.slice(0, at) + text.slice(to)
    else if (kind < 0.8) text = text.slice(0, to) + text.slice(at)
    else if (kind < 0.9) text = text.slice(0, at)
    else text = text.slice(0, at) + pick(messages).slice(at)
  }
  return text
}

/** Sends it in a few pieces, as reads of any size. */
async function sendPieces(peer: RawClient, text: string, chance: () => number): Promise<void> {
  for (let from = 0; from < text.length; ) {
    const to = chance() < 0.5 ? text.length : from + 1 + Math.floor(chance() * (text.length - from))
    await peer.send(text.slice(from, to))
    from = to
    if (chance() < 0.3) await new Promise(done => setImmediate(done))
  }
}

for (const readMode of READ_MODES) {
  for (const mode of ['reverse', 'forward'] as const) {
    test(`R9, R104: whatever clients and origins send, ${mode} (${readMode}): FUZZ_SEED=${SEED}`, async t => {
      const chance = random(SEED)
      const origin = await scriptedOrigin(t, async connection => {
        // With its own random choices: it answers after the first bytes, or at once, or never and ends.
        const own = random(SEED + connection.name.length + Math.floor(chance() * 1e9))
        try {
          for (let nth = 0; nth < 4; nth++) {
            if (own() < 0.95) await connection.readUntil(/[\s\S]/)
            await sendPieces(connection, mutated(own, RESPONSES), own)
            const how = own()
            if (how < 0.25) return connection.halfClose()
            if (how < 0.35) return connection.reset()
            if (how < 0.45) return connection.destroy()
          }
        } catch {
          // the proxy ended it, or sent nothing more: both are fine
        }
        connection.halfClose()
      })
      const deadlines = { responseHeadMs: 400, responseBodyMs: 400, requestBodyMs: 400, requestHeadMs: 400 }
      const { proxy, port } = await withProxy(t, {
        mode,
        readMode,
        name: 'edge',
        ...(mode === 'reverse' ? { upstream: origin.url } : { connectPorts: [origin.port] }),
        deadlines: { ...deadlines, lingerMs: 300, discardMs: 300, tunnelIdleMs: 400, clientIdleMs: 5_000 },
      })
      const faults: string[] = []
      proxy.on('warning', ({ code, message, cause }) => {
        if (code === 'fault') faults.push(`${message}\n${cause instanceof Error ? cause.stack : ''}`)
      })
      const requests =
        mode === 'reverse'
          ? REQUESTS
          : REQUESTS.map(text =>
              text
                .replaceAll(/^(\w+) \/(.*) (HTTP\/1\.\d)/gm, `$1 ${origin.url}/$2 $3`)
                .replaceAll('http://a/', `${origin.url}/`)
                .replaceAll('a:443', `127.0.0.1:${origin.port}`),
            )

      let silent = 0
      const attack = async (): Promise<void> => {
        const text = mutated(chance, requests)
        const client = await connectRaw({ port })
        try {
          await sendPieces(client, text, chance).catch(() => {})
          const how = chance()
          if (how < 0.1) client.reset()
          else if (how < 0.2) client.destroy()
          else {
            client.halfClose()
            await client.readToEnd()
          }
        } catch (error) {
          silent++
          t.fail(`no end for ${JSON.stringify(text)}`, { error })
        } finally {
          client.destroy()
        }
      }
      for (let round = 0; round < ROUNDS; round += AT_ONCE)
        await Promise.all(Array.from({ length: AT_ONCE }, () => attack()))

      await until(() => proxy.stats().exchanges.active === 0, 'the end of all exchanges')
      await until(() => proxy.stats().client.open === 0, 'the end of all clients')
      t.equal(silent, 0, 'every connection ended')
      t.same(faults, [], 'no fault')
      const { client, upstream, exchanges } = proxy.stats()
      t.same([client.open, client.idle, upstream.busy, upstream.waiting, exchanges.active], [0, 0, 0, 0, 0])
      t.equal(sum(client.closes), client.accepted, 'each close has a reason')
      t.comment(JSON.stringify({ closes: client.closes, upstream: upstream.closes, failures: exchanges.failures }))
    })
  }
}

const sum = (counts: Partial<Record<string, number>>): number =>
  Object.values(counts).reduce<number>((total, count) => total + (count ?? 0), 0)
