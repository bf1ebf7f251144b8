import type { Test } from 'tap'
import { connectRaw, type RawClient, type RawClientOptions } from '../../lib/peers/raw-client.js'
import type { ConnectionRecord } from '../../lib/proxy/events.js'
import type { createProxy } from '../../lib/proxy/proxy.js'
import { type RawMessage, readMessage } from './raw-message.js'

/** A raw client that ends with the test. */
export async function rawClient(t: Test, options: RawClientOptions | number): Promise<RawClient> {
  const client = await connectRaw(typeof options === 'number' ? { port: options } : options)
  t.teardown(() => client.destroy())
  return client
}

/** A request head: `request('GET', '/a', 'X: 1')`. Host is there, the blank line too. */
export function request(method: string, target: string, ...fields: string[]): string {
  return `${[`${method} ${target} HTTP/1.1`, 'Host: example', ...fields].join('\r\n')}\r\n\r\n`
}

/** A response with a length. */
export function response(content: string, ...fields: string[]): string {
  return `${['HTTP/1.1 200 OK', `Content-Length: ${content.length}`, ...fields].join('\r\n')}\r\n\r\n${content}`
}

/** One request, one response, on a connection of its own that asks for nothing special. */
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

/** Looks again and again, each time after the event loop went round: for what sockets bring about and no clock does. */
export async function until(what: string, look: () => boolean, deadlineMs = 5_000): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!look()) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`)
    await new Promise(done => setTimeout(done, 2))
  }
}

/** Lets octets that are under way on loopback arrive: some turns of the event loop. */
export async function settled(turns = 20): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise(done => setTimeout(done, 1))
}

/** The connections that a proxy has closed so far, in order. */
export function closesOf(proxy: ReturnType<typeof createProxy>): ConnectionRecord[] {
  const closes: ConnectionRecord[] = []
  proxy.on('client-close', record => closes.push(record))
  proxy.on('upstream-close', record => closes.push(record))
  return closes
}

/** The error type and the details in a Proxy-Status of ours. */
export function proxyStatusOf(message: RawMessage): { error: string; details: string } {
  const value = message.field('Proxy-Status') ?? ''
  const details = /details="((?:[^"\\]|\\.)*)"/.exec(value)?.[1] ?? ''
  return { error: /; error=([a-z_]+)/.exec(value)?.[1] ?? '', details: details.replace(/\\(.)/g, '$1') }
}
