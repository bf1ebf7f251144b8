import { Bench } from './bench.js'
import type { Happening, LabEvent } from './events.js'
import { type Experiment, Impossible, knobValues, type Verdict } from './experiment.js'
import { type Said, said } from './said.js'

export interface RunOptions {
  /** Values for its knobs; what is not given is as standard. */
  readonly knobs?: Readonly<Record<string, unknown>>
  /** Multiplies every wait: 1 is real time. */
  readonly scale?: number
  /** Told at once, in order. */
  readonly onEvent?: (event: LabEvent) => void
  /** Breaks it off. */
  readonly signal?: AbortSignal
}

export const SCALE_MIN = 0.02
export const SCALE_MAX = 10
/** Events of one run; more are not told, but for its verdict. */
export const EVENTS_MAX = 5_000
/** Never longer than this, whatever an experiment says of itself. Real ms. */
const RUN_MS_MAX = 300_000

/**
 * Runs one experiment on real sockets of its own, and closes every one of them. Always ends with a verdict, in bounded time.
 * @returns all events
 * @throws RangeError for knobs and scale
 */
export async function runExperiment(experiment: Experiment, options: RunOptions = {}): Promise<LabEvent[]> {
  const { scale = 1, onEvent = () => {} } = options
  if (!(scale >= SCALE_MIN && scale <= SCALE_MAX))
    throw new RangeError(`The scale is a number from ${SCALE_MIN} to ${SCALE_MAX}, not ${scale}.`)
  const knobs = knobValues(experiment.knobs, options.knobs ?? {})
  const began = performance.now()
  const events: LabEvent[] = []
  const tell = (what: Happening) => {
    if (events.length >= EVENTS_MAX && what.kind !== 'verdict') return
    const event = { at: Math.round((performance.now() - began) * 1000) / 1000, ...what }
    events.push(event)
    onEvent(event)
  }
  const startedAt = new Date().toISOString()
  const machine = `node ${process.versions.node}, ${process.platform}`
  tell({ kind: 'run', format: 'hopwise-lab/1', experiment: experiment.id, knobs, scale, startedAt, machine })

  const limit = new AbortController()
  const longest = Math.min(experiment.timeMaxMs * scale + 5_000, RUN_MS_MAX)
  const timer = setTimeout(() => limit.abort(new TookTooLong(longest)), longest)
  const signal = options.signal ? AbortSignal.any([options.signal, limit.signal]) : limit.signal
  const bench = new Bench(scale, signal, tell)
  const verdict = await outcomeOf(experiment.run(bench, knobs), signal)
  clearTimeout(timer)
  await bench.close()
  tell({ kind: 'verdict', ...verdict })
  return events
}

class TookTooLong extends Error {
  constructor(readonly ms: number) {
    super(`It was not over after ${Math.round(ms)} ms.`)
  }
}

/** The verdict of a run that is over, or is broken off: who does not listen to the signal is not waited for. */
async function outcomeOf(run: Promise<Verdict>, signal: AbortSignal): Promise<Verdict> {
  const broken = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  try {
    return await Promise.race([run, broken])
  } catch (error) {
    run.catch(() => {})
    if (error instanceof Impossible) return { outcome: 'impossible', text: error.reason }
    return { outcome: 'not-observed', text: failure(error) }
  }
}

function failure(error: unknown): Said {
  const what = error instanceof Error ? error.message : String(error)
  return said(`The run was broken off: ${what}`, `실행이 중단되었다: ${what}`)
}
