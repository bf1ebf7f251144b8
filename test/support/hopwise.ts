import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { type Child, cleanEnv, startChild } from './child.js'

const CLI = fileURLToPath(new URL('../../dist/bin/hopwise.js', import.meta.url))

/** The built command line, running as its users run it. */
export interface Hopwise extends Child {
  port: number
  /** `http://127.0.0.1:port` */
  url: string
  /** Resolves with the log's lines about exchanges when there are so many of them. */
  exchanged(count: number, deadlineMs?: number): Promise<LoggedExchange[]>
}

/** What the access log says, as far as tests look at it. */
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

/** Starts `hopwise ARGS --listen 127.0.0.1:0` and waits until it listens. `npm test` has built it. */
export async function startHopwise(t: Test, args: string[], env: Record<string, string> = {}): Promise<Hopwise> {
  const child = spawnHopwise(t, [...args, '--listen', '127.0.0.1:0'], env)
  const ready = JSON.parse(await child.line(line => line.includes('"msg":"listening"'))) as {
    address: string
    port: number
  }
  return {
    ...child,
    port: ready.port,
    url: `http://127.0.0.1:${ready.port}`,
    exchanged: async (count, deadlineMs = 5_000) => {
      const until = Date.now() + deadlineMs
      for (;;) {
        const lines = child
          .out()
          .split('\n')
          .slice(0, -1)
          .map(line => JSON.parse(line))
        const exchanges = lines.filter((line): line is LoggedExchange => line.msg === 'exchange')
        if (exchanges.length >= count) return exchanges
        if (Date.now() > until) throw new Error(`${exchanges.length} of ${count} exchanges in the log: ${child.out()}`)
        await new Promise(done => setTimeout(done, 20))
      }
    },
  }
}

/** The same without waiting for anything: for `--help`, errors, signals. */
export function spawnHopwise(t: Test, args: string[], env: Record<string, string> = {}): Child {
  return startChild(t, process.execPath, [CLI, ...args], { env: { ...cleanEnv(), ...env } })
}
