import type { Test } from 'tap'
import type { ConnectionRecord } from '../../lib/proxy/events.js'
import type { createProxy } from '../../lib/proxy/proxy.js'
import { connectRaw, type RawClient, type RawClientOptions, WAIT_MS } from './raw-client.js'
import { type RawMessage, readMessage } from './raw-message.js'
import { settled, silent } from './turns.js'

export { settled, silent, standstill } from './turns.js'

/** A raw client that ends with the test. */
export async function rawClient(t: Test, options: RawClientOptions | number): Promise<RawClient> {
  const client = await connectRaw(typeof options === 'number' ? { port: options } : options)
  t.teardown(() => client.destroy())
  return orderly(client)
}

/** The same client; its silence is proved by a later event, not by the passing of time. */
export function orderly(client: RawClient): RawClient {
  return Object.assign(client, { silence: () => silent(client) })
}

/** A request head: `request('GET', '/a', 'X: 1')`. Host and the blank line are added. */
export function request(method: string, target: string, ...fields: string[]): string {
  return `${[`${method} ${target} HTTP/1.1`, 'Host: example', ...fields].join('\r\n')}\r\n\r\n`
}

/** A response with a length. */
export function response(content: string, ...fields: string[]): string {
  return `${['HTTP/1.1 200 OK', `Content-Length: ${content.length}`, ...fields].join('\r\n')}\r\n\r\n${content}`
}

/** One request and its response on a new connection with default options. */
export async function ask(t: Test, port: number, text: string): Promise<RawMessage> {
  const client = await rawClient(t, port)
  await client.send(text)
  return readMessage(client)
}

/** One request and its response on this connection. */
export async function exchange(client: RawClient, text: string): Promise<RawMessage> {
  await client.send(text)
  return readMessage(client)
}

/**
 * Polls, with a turn of the event loop in between: for effects that sockets cause and no clock does. The limit only gives a
 * readable message; a test is not about the speed of the machine.
 * @param longerMs a limit for what takes minutes; ignored if shorter than `WAIT_MS`
 */
export async function until(what: string, look: () => boolean, longerMs = 0): Promise<void> {
  const limitMs = Math.max(WAIT_MS, longerMs)
  const end = performance.now() + limitMs
  while (!look()) {
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`)
    await new Promise(done => setTimeout(done, 2))
  }
}

/**
 * Lets time pass in steps until `look` is true, and resolves with how much passed: for a deadline that any progress extends,
 * where the last progress may be later than the test sees. Rejects after `maxMs`.
 */
export async function passUntil(
  clock: { advance(ms: number): void },
  look: () => boolean,
  { stepMs = 1_000, maxMs = 600_000 }: { stepMs?: number; maxMs?: number } = {},
): Promise<number> {
  for (let passed = 0; ; passed += stepMs) {
    if (look()) return passed
    if (passed >= maxMs) throw new Error(`still false after ${maxMs} ms of clock time: ${look}`)
    clock.advance(stepMs)
    await settled(3)
  }
}

/** The connections that a proxy has closed so far, in order. */
export function closesOf(proxy: ReturnType<typeof createProxy>): ConnectionRecord[] {
  const closes: ConnectionRecord[] = []
  proxy.on('client-close', record => closes.push(record))
  proxy.on('upstream-close', record => closes.push(record))
  return closes
}

/** The error type and the details in hopwise's Proxy-Status. */
export function proxyStatusOf(message: RawMessage): { error: string; details: string } {
  const value = message.field('Proxy-Status') ?? ''
  const details = /details="((?:[^"\\]|\\.)*)"/.exec(value)?.[1] ?? ''
  return { error: /; error=([a-z_]+)/.exec(value)?.[1] ?? '', details: details.replace(/\\(.)/g, '$1') }
}
