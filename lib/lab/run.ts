import { Bench } from './bench.js'
import type { Happening, LabEvent } from './events.js'
import { type Experiment, Impossible, knobValues, shown, type Verdict, WrongValue } from './experiment.js'
import { plain, type Said, said } from './said.js'

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
 * @throws WrongValue for knobs and scale
 */
export async function runExperiment(experiment: Experiment, options: RunOptions = {}): Promise<LabEvent[]> {
  const { scale = 1, onEvent = () => {} } = options
  checkScale(scale)
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
  const timer = setTimeout(() => limit.abort(tookTooLong(longest)), longest)
  const signal = options.signal ? AbortSignal.any([options.signal, limit.signal]) : limit.signal
  const bench = new Bench(scale, signal, tell)
  const verdict = await outcomeOf(experiment.run(bench, knobs), signal)
  clearTimeout(timer)
  await bench.close()
  tell({ kind: 'verdict', ...verdict })
  return events
}

/** @throws WrongValue */
export function checkScale(scale: unknown): asserts scale is number {
  if (typeof scale === 'number' && scale >= SCALE_MIN && scale <= SCALE_MAX) return
  throw new WrongValue(
    said(
      `The scale is a number from ${SCALE_MIN} to ${SCALE_MAX}, not ${shown(scale)}.`,
      `배율은 ${SCALE_MIN}에서 ${SCALE_MAX}까지의 수다. 받은 값: ${shown(scale)}`,
    ),
  )
}

/** Why a run is broken off, as the reason of its signal: told in the verdict. */
export class BrokenOff extends Error {
  override readonly name = 'BrokenOff'
  constructor(readonly why: Said) {
    super(why.en)
  }
}

function tookTooLong(ms: number): BrokenOff {
  const rounded = Math.round(ms)
  return new BrokenOff(said(`it was not over after ${rounded} ms.`, `${rounded}ms가 지나도 끝나지 않았다.`))
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
  if (error instanceof BrokenOff) return brokenOff(error.why)
  return brokenOff(plain(error instanceof Error ? error.message : String(error)))
}

/** The verdict's sentence for a run that did not come to its end. */
export function brokenOff(why: Said): Said {
  return said(`The run was broken off: ${why.en}`, `실행이 중단되었다: ${why.ko}`)
}
