import type { Test } from 'tap'
import type { GroupOptions } from '../../lib/proxy/options/group-options.js'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { settled } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import { freePort } from '../support/ports.js'
import type { RawClient } from '../support/raw-client.js'
import { type RawMessage, readMessage } from '../support/raw-message.js'
import { type ScriptedOrigin, scriptedOrigin } from '../support/scripted-origin.js'
import { type RunningProxy, withProxy } from '../support/with-proxy.js'
import { connect, ok } from './conversation.js'

/** An origin that answers with its name. */
export interface Server extends ScriptedOrigin {
  name: string
  /** The requests that it received, in order, without the framing of their content. */
  asked: RawMessage[]
}

/** Reads requests one after the other and answers each as `answer` says: with the name of the server, unless told otherwise. */
export async function server(
  t: Test,
  name: string,
  answer: (connection: RawClient, asked: RawMessage, nth: number) => Promise<void> | void = connection =>
    connection.send(ok(name)),
): Promise<Server> {
  const asked: RawMessage[] = []
  const origin = await scriptedOrigin(t, async (connection, nth) => {
    for (;;) {
      const message = await readMessage(connection)
      asked.push(message)
      await answer(connection, message, nth)
    }
  })
  return Object.assign(origin, { name, asked })
}

/** Some of them: `fleet(t, 'a', 'b')`. */
export function fleet(t: Test, ...names: string[]): Promise<Server[]> {
  return Promise.all(names.map(name => server(t, name)))
}

/** An address where nothing listens. */
export async function unusedUrl(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`
}

export interface Grouped extends RunningProxy {
  clock: FakeClock
  /** A new client, ended with the test. */
  connect(): Promise<RawClient>
  /** Warnings so far: `member: upstreams.app: … is down`. */
  warnings: string[]
}

/** A gateway with one group for everything, called `edge`, on a clock that stands still. An internal error of it fails the test. */
export function grouped(t: Test, group: GroupOptions, options: Partial<ProxyOptions> = {}): Promise<Grouped> {
  return routed(t, { routes: [{ upstream: 'app' }], upstreams: { app: group }, ...options })
}

/** The same with custom routes. */
export async function routed(t: Test, options: Partial<ProxyOptions>): Promise<Grouped> {
  const clock = new FakeClock()
  const running = await withProxy(t, {
    mode: 'reverse',
    name: 'edge',
    clock,
    via: 'off',
    xForwarded: false,
    ...options,
  })
  const warnings: string[] = []
  running.proxy.on('warning', ({ code, message }) => {
    warnings.push(`${code}: ${message}`)
    if (code === 'fault') t.fail(message)
  })
  return { ...running, clock, warnings, connect: () => connect(t, running.port) }
}

/** Sends this many requests on this connection and returns which servers answered: `aabab`. */
export async function answers(
  client: RawClient,
  times: number,
  text = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
): Promise<string> {
  let names = ''
  for (let nth = 0; nth < times; nth++) {
    await client.send(text)
    const { status, content } = await readMessage(client)
    names += status === 200 ? String(content) : `(${status})`
  }
  return names
}

/** Advances the time in small steps, so that sockets can act in between. */
export async function letPass(clock: FakeClock, ms: number, stepMs = 100): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    clock.advance(Math.min(stepMs, ms - passed))
    await settled(3)
  }
}
