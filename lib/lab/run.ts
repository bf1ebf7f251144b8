import { Bench } from './bench.js'
import type { Happening, LabEvent } from './events.js'
import { type Experiment, Impossible, knobValues, shown, type Verdict, WrongValue } from './experiment.js'
import type { RunClock } from './running-clock.js'
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
  /** Real time, less what the machine takes of it, when not given. Stopped with the run. */
  readonly clock?: RunClock
}

export const SCALE_MIN = 0.02
export const SCALE_MAX = 10
/** Events of one run; more are not told, but for its verdict. */
export const EVENTS_MAX = 5_000
/** Real ms for what is not scaled: what this machine itself needs for it. */
const SPARE_MS = 20_000
/** A run that is broken off while its thread was at work for so much of the time was not waiting for something that never came. */
const BUSY_SHARE = 0.5
/** Never longer than this, whatever an experiment says of itself. Real ms in which this machine lets the run go on. */
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
  const limit = new AbortController()
  const longest = Math.min(experiment.timeMaxMs * scale + SPARE_MS, RUN_MS_MAX)
  const signal = options.signal ? AbortSignal.any([options.signal, limit.signal]) : limit.signal
  const events: LabEvent[] = []
  const tell = (what: Happening) => {
    if (events.length >= EVENTS_MAX && what.kind !== 'verdict') return
    const event = { at: Math.round(bench.moment * 1000) / 1000, ...what }
    events.push(event)
    onEvent(event)
  }
  const bench = new Bench(scale, signal, tell, options.clock)
  const startedAt = new Date().toISOString()
  const machine = `node ${process.versions.node}, ${process.platform}`
  tell({ kind: 'run', format: 'hopwise-lab/1', experiment: experiment.id, knobs, scale, startedAt, machine })

  const idle = performance.eventLoopUtilization()
  const timer = bench.clock.hold(longest, () =>
    limit.abort(tookTooLong(longest, performance.eventLoopUtilization(idle).utilization)),
  )
  const verdict = await outcomeOf(experiment.run(bench, knobs), signal)
  timer.cancel()
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
  constructor(
    readonly why: Said,
    readonly outcome: 'not-observed' | 'too-busy' = 'not-observed',
  ) {
    super(why.en)
  }
}

/** @param busy which share of that time this thread was at work, or wanted to be: who hangs only waits */
function tookTooLong(ms: number, busy: number): BrokenOff {
  const rounded = Math.round(ms)
  if (busy < BUSY_SHARE)
    return new BrokenOff(said(`it was not over after ${rounded} ms.`, `${rounded}ms가 지나도 끝나지 않았다.`))
  const percent = Math.round(busy * 100)
  const why = said(
    `it was not over after ${rounded} ms, of which it was at work for ${percent} %: this machine is too busy for it, or too slow.`,
    `${rounded}ms가 지나도 끝나지 않았고, 그 시간의 ${percent}%를 일하는 데 썼다. 이 컴퓨터가 너무 바쁘거나 너무 느리다.`,
  )
  return new BrokenOff(why, 'too-busy')
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
    return { outcome: error instanceof BrokenOff ? error.outcome : 'not-observed', text: failure(error) }
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
