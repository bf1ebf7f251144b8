import type { Test } from 'tap'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { rawClient, settled, silent, until as untilWhat } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import type { RawClient, RawClientOptions } from '../support/raw-client.js'
import { type Script, type ScriptedOrigin, scriptedOrigin } from '../support/scripted-origin.js'
import { type RunningProxy, withProxy } from '../support/with-proxy.js'

/** Both ways in which a transport reads: tests that move bytes run with each. */
export const READ_MODES = ['onread', 'data'] as const

/** The time on the clock of every conversation. */
export const DATE = 'Fri, 02 Jan 2026 03:04:05 GMT'

/** A head as text: its lines, each with its CRLF, and the empty line. */
export const head = (...lines: string[]): string => `${lines.join('\r\n')}\r\n\r\n`

/** `Date` of the origins here, so that the proxy adds none. */
export const DATED = 'Date: Thu, 01 Jan 2026 00:00:00 GMT'

/** A response of an origin without any connection fields: `ok('hello')`. */
export const ok = (content: string, ...fields: string[]): string =>
  head('HTTP/1.1 200 OK', DATED, ...fields, `Content-Length: ${content.length}`) + content

export interface Conversation extends RunningProxy {
  origin: ScriptedOrigin
  /** Stands still until it is advanced. */
  clock: FakeClock
  /** A new client of the proxy, ended with the test. */
  connect(options?: Partial<RawClientOptions>): Promise<RawClient>
  /** The connection number `nth` (from 0) that the proxy has made to the origin; waits for it, and a gateway's for its request. */
  upstream(nth?: number): Promise<RawClient>
  /** The number of connections that the proxy has made to the origin so far. */
  dialed(): number
}

/**
 * A reverse proxy between raw clients and a raw origin. Unless told otherwise it is called `edge`, adds neither Via nor
 * X-Forwarded-*, and its clock stands still. An internal error of the proxy fails the test.
 */
export async function gateway(
  t: Test,
  options: Partial<ProxyOptions> = {},
  script: Script = () => {},
): Promise<Conversation> {
  const origin = await scriptedOrigin(t, script)
  return converse(t, { mode: 'reverse', upstream: origin.url, via: 'off', xForwarded: false, ...options }, origin)
}

/** The same with a forward proxy, which may reach the origin. */
export async function forwarder(
  t: Test,
  options: Partial<ProxyOptions> = {},
  script: Script = () => {},
): Promise<Conversation> {
  const origin = await scriptedOrigin(t, script)
  return converse(t, { mode: 'forward', via: 'off', ...options }, origin)
}

async function converse(t: Test, options: ProxyOptions, origin: ScriptedOrigin): Promise<Conversation> {
  const clock = new FakeClock()
  const running = await withProxy(t, { name: 'edge', clock, ...options })
  running.proxy.on('warning', ({ code, message }) => {
    if (code === 'fault') t.fail(message)
  })
  return {
    ...running,
    origin,
    clock,
    connect: (how = {}) => connect(t, running.port, how),
    upstream: async (nth = 0) => {
      await origin.accepted(nth + 1)
      const connection = origin.connections[nth]!
      // An origin that answers before it is asked is ignored, so this waits for the request. A tunnel of a forward proxy sends
      // none: whatever it would send has arrived once everything has settled.
      if (options.mode === 'forward') await settled()
      else await untilWhat('a request', () => connection.received.length > 0 || connection.ended !== '', 60_000)
      return connection
    },
    dialed: () => origin.connections.length,
  }
}

/** A raw client that ends with the test. */
export function connect(t: Test, port: number, how: Partial<RawClientOptions> = {}): Promise<RawClient> {
  return rawClient(t, { port, ...how })
}

/** What this peer has received since the last call is exactly this, byte by byte. */
export async function heard(t: Test, peer: RawClient, expected: string, what = 'bytes'): Promise<void> {
  const taken = await peer.readBytes(expected.length).catch(() => Buffer.alloc(0))
  t.equal(taken.toString('latin1') + peer.waiting.toString('latin1'), expected, what)
}

/** This peer receives nothing of what is in progress, and its connection stays open. */
export async function quiet(t: Test, peer: RawClient): Promise<void> {
  await t.resolves(silent(peer), 'nothing arrives')
}

/** The peer's connection is ended, in this way, with nothing left to read; the peer then ends its side as well. */
export async function ended(t: Test, peer: RawClient, how: 'fin' | 'reset'): Promise<void> {
  const end = await peer.readToEnd()
  t.equal(end.bytes.toString('latin1'), '', 'nothing more before the end')
  t.equal(end.how, how, `ends with a ${how}`)
  peer.halfClose()
}

/** Waits for something that only delivery by the kernel can cause. */
export function until(condition: () => boolean, what = String(condition)): Promise<void> {
  return untilWhat(what, condition)
}

/** Waits until what was sent on loopback has arrived, where nothing can be seen from outside. */
export const delivery = (): Promise<void> => settled()
