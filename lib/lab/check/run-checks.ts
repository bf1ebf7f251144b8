import type { AddressInfo } from 'node:net'
import * as net from 'node:net'
import type { Timer } from '../../net/clock.js'
import { Bench, type Place, party } from '../bench.js'
import type { OriginAnswer, OriginRequest } from '../origin.js'
import type { RunClock } from '../running-clock.js'
import { plain } from '../said.js'
import type { Check, CheckResult } from './check.js'
import { FIELD_CHECKS } from './checks-fields.js'
import { FRAMING_CHECKS, POOL_CHECKS } from './checks-messages.js'
import { Field, PATIENCE_MS } from './field.js'
import { reached, startLearner } from './learner.js'
import { Wrong } from './wrong.js'

/** All checks, in the order in which a proxy is written. */
export const CHECKS: readonly Check[] = [...FIELD_CHECKS, ...FRAMING_CHECKS, ...POOL_CHECKS]

export interface CheckOptions {
  /** Where the learner's proxy listens. Not given with `start`. */
  readonly proxy?: { readonly host: string; readonly port: number }
  /** The command that starts it, with PORT and ORIGIN in its environment. */
  readonly start?: string
  /** How requests are sent to it: as to a gateway that always goes to the origin, or in absolute-form. Default reverse. */
  readonly as?: 'reverse' | 'forward'
  /** The origin's port; 0: the system chooses it, so a reverse proxy that is already running cannot know it. */
  readonly originPort?: number
  /** How long the proxy may take for one response, in ms. */
  readonly patienceMs?: number
  readonly onResult?: (result: CheckResult) => void
  readonly signal?: AbortSignal
  /** Default: real time, minus the time that the machine takes away. */
  readonly clock?: RunClock
}

const CHECK_MS_MAX = 30_000

/**
 * Takes a learner's proxy through all checks, one after another, with its own origin behind it.
 * @throws NoProxy if there is no proxy; the listen error of the origin's port
 */
export async function runChecks(options: CheckOptions): Promise<CheckResult[]> {
  const { signal = new AbortController().signal, onResult = () => {} } = options
  const bench = new Bench(1, signal, () => {}, options.clock)
  try {
    const scene = bench.scene('check', plain('check'), [party('client'), party('relay', 'proxy'), party('origin')])
    let answer: (request: OriginRequest) => OriginAnswer = () => ({})
    const origin = await scene.origin({ port: options.originPort ?? 0, answer: request => answer(request) })
    const proxy = await placeOf(options, bench, `127.0.0.1:${origin.port}`)
    origin.expect('proxy')
    const results: CheckResult[] = []
    for (const check of CHECKS) {
      const field = new Field(
        scene,
        proxy,
        origin,
        options.as === 'forward',
        `/${check.id}`,
        options.patienceMs ?? PATIENCE_MS,
        {
          with: given => {
            // A late request of an earlier check does not count for this one.
            answer = request => (request.target.includes(`/${check.id}/`) ? given(request) : {})
          },
        },
      )
      const result = await resultOf(bench, check, field)
      // A cancelled check is neither right nor wrong.
      signal.throwIfAborted()
      results.push(result)
      onResult(result)
    }
    return results
  } finally {
    await bench.close()
  }
}

async function placeOf({ proxy, start }: CheckOptions, bench: Bench, origin: string): Promise<Place> {
  const at = proxy ?? { host: '127.0.0.1', port: await freePort() }
  if (start !== undefined) await startLearner(bench, start, at.port, origin)
  else await reached(at)
  return { party: 'proxy', ...at, observes: false, expect() {} }
}

async function resultOf({ clock }: Bench, check: Check, field: Field): Promise<CheckResult> {
  const { id, level, title, section, fix } = check
  let timer: Timer | undefined
  try {
    const limit = new Promise<never>((_, reject) => {
      timer = clock.hold(CHECK_MS_MAX, () => reject(new Error(`not finished after ${CHECK_MS_MAX / 1000} s`)))
    })
    await Promise.race([check.run(field), limit])
    return { id, level, title, section, right: true }
  } catch (error) {
    const wrong =
      error instanceof Wrong ? error : new Wrong(plain(error instanceof Error ? error.message : String(error)))
    return { id, level, title, section, right: false, found: wrong.found, fix, evidence: wrong.evidence }
  } finally {
    timer?.cancel()
  }
}

/** A port that was free a moment ago: the program is told its port, so it cannot let the system choose. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
