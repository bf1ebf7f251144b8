import type { Test } from 'tap'
import { DEADLINES, type Deadlines } from '../../lib/link/deadlines.js'
import { LIMITS, type Limits } from '../../lib/link/limits.js'
import { ClientPool, type ClientPoolSettings } from '../../lib/net/client/client-pool.js'
import type { ClientTls } from '../../lib/net/client/secure-accept.js'
import { DeadlineWheel } from '../../lib/net/deadline-wheel.js'
import type { ListenTarget } from '../../lib/net/listen-address.js'
import type { ReadMode } from '../../lib/net/socket/read-mode.js'
import { GRAMMAR_LIMITS } from '../../lib/wire/limits.js'
import { AnsweringHandler } from './answering-handler.js'
import { FakeClock } from './fake-clock.js'
import type { RawClient } from './raw-client.js'

export interface PoolOptions extends Omit<Partial<ClientPoolSettings>, 'limits' | 'deadlines'> {
  limits?: Partial<Limits>
  deadlines?: Partial<Deadlines>
  readMode?: ReadMode
}

/** A pool that does not listen yet, on a clock that stands still; destroyed with the test. */
export function makePool(t: Test, { limits, deadlines, readMode = 'onread', ...others }: PoolOptions = {}) {
  const clock = new FakeClock()
  const handler = new AnsweringHandler()
  const wheel = new DeadlineWheel(clock, { onError: error => t.fail('a deadline threw', { error }) })
  const settings = { readMode, noDelay: true, tcpKeepAliveMs: 1_000 }
  const all = [settings, { ...LIMITS, ...limits }, { ...DEADLINES, ...deadlines }, GRAMMAR_LIMITS] as const
  const pool = new ClientPool(handler, ...all, wheel, clock)
  t.teardown(() => pool.destroy('shutdown'))
  pool.reconfigure(others)
  return { clock, handler, pool, wheel }
}

/** The same, listening. */
export async function listeningPool(
  t: Test,
  options: PoolOptions = {},
  where: ListenTarget = { host: '127.0.0.1', port: 0 },
) {
  const made = makePool(t, options)
  const { port, text } = await made.pool.listen(where)
  return { ...made, port, text }
}

/** The content of an answer of the handler. */
export interface Answered {
  pid: number
  id: string
  address: string
  port: number
  peerAddress: string
  scheme: string
  tls: ClientTls | null
  ends: { source: string; sourcePort: number; destination: string; destinationPort: number }
  target: string
}

export async function readAnswer(client: RawClient): Promise<Answered> {
  return answeredIn(await client.readUntil(/"target":"[^"]*"\}/))
}

export function answeredIn(text: string): Answered {
  return JSON.parse(/\{"pid".*\}/.exec(text)?.[0] ?? 'null')
}

export const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`
