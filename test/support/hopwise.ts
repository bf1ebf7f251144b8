import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { type Child, type ChildOptions, cleanEnv, type Ended, startChild } from './child.js'

/** The built command, as users run it, not the sources. `npm test` builds it first. */
export const HOPWISE = fileURLToPath(new URL('../../dist/bin/hopwise.js', import.meta.url))

export type LogLine = Record<string, unknown>

/** The command line, running as its users run it. */
export interface Hopwise extends Child {
  /** The lines of the log so far, parsed. */
  lines(): LogLine[]
  /** The first line of the log that matches, as soon as it is there; rejects when the process ends without it. */
  logged(fits: (line: LogLine) => boolean): Promise<LogLine>
  /** Resolves with `http://address:port` when it listens. */
  ready(): Promise<string>
}

export interface ListeningHopwise extends Hopwise {
  port: number
  /** `http://127.0.0.1:port` */
  url: string
  /** Resolves with the access log lines when there are `count` of them. */
  exchanged(count: number): Promise<LoggedExchange[]>
}

/** The fields of the access log that tests look at. */
export interface LoggedExchange {
  msg: 'exchange'
  method: string
  target: string
  host: string
  status: number
  outcome: string
  client: { id: string; nth: number }
  upstream?: { id: string; nth: number }
  bytes: { requestContent: number; responseContent: number }
}

/** Starts `hopwise WORDS`; `env` is added to an environment without hopwise settings. */
export function spawnHopwise(t: Test, words: readonly string[], { env, ...options }: ChildOptions = {}): Hopwise {
  const child = startChild(t, process.execPath, [HOPWISE, ...words], { ...options, env: { ...cleanEnv(), ...env } })
  const logged = async (fits: (line: LogLine) => boolean) =>
    JSON.parse(await child.line(line => line.startsWith('{') && fits(JSON.parse(line))))
  return {
    ...child,
    lines: () =>
      child
        .out()
        .split('\n')
        .slice(0, -1)
        .map(line => JSON.parse(line)),
    logged,
    async ready() {
      const { address, port } = await logged(line => line.msg === 'listening')
      return `http://${address}:${port}`
    },
  }
}

/** Runs one command to its end. */
export function runHopwise(t: Test, words: readonly string[], options: ChildOptions = {}): Promise<Ended> {
  return spawnHopwise(t, words, options).ended
}

/** Starts `hopwise WORDS --listen 127.0.0.1:0` and waits until it listens. */
export async function startHopwise(t: Test, words: readonly string[]): Promise<ListeningHopwise> {
  const hopwise = spawnHopwise(t, [...words, '--listen', '127.0.0.1:0'])
  const url = await hopwise.ready()
  return {
    ...hopwise,
    port: Number(new URL(url).port),
    url,
    exchanged: async count => {
      const exchanges = () => hopwise.lines().filter(({ msg }) => msg === 'exchange') as unknown as LoggedExchange[]
      const last = () => exchanges().length >= count
      await hopwise.line(last)
      return exchanges()
    },
  }
}
