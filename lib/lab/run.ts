import { Bench } from './bench.js'
import type { Happening, LabEvent } from './events.js'
import { type Experiment, Impossible, knobValues, shown, type Verdict, WrongValue } from './experiment.js'
import type { RunClock } from './running-clock.js'
import { plain, type Said, said } from './said.js'

export interface RunOptions {
  /** Values for its knobs; the others have their defaults. */
  readonly knobs?: Readonly<Record<string, unknown>>
  /** Multiplies every wait: 1 is real time. */
  readonly scale?: number
  /** Called at once for each event, in order. */
  readonly onEvent?: (event: LabEvent) => void
  /** Cancels the run. */
  readonly signal?: AbortSignal
  /** Default: real time, minus the time that the machine takes away. Stopped with the run. */
  readonly clock?: RunClock
}

export const SCALE_MIN = 0.02
export const SCALE_MAX = 10
/** The most events of one run; further ones are dropped, except the verdict. */
export const EVENTS_MAX = 5_000
/** Additional real ms for work that is not scaled: the machine's own time. */
const SPARE_MS = 20_000
/**
 * A cancelled run whose thread was at work for at least this share of the time was busy, not waiting for something that never
 * came.
 */
const BUSY_SHARE = 0.5
/** The longest run, whatever an experiment declares. Real ms in which this machine lets the run go on. */
const RUN_MS_MAX = 300_000

/**
 * Runs one experiment on its own real sockets, and closes all of them. Always ends with a verdict, in bounded time.
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
      `The scale must be a number from ${SCALE_MIN} to ${SCALE_MAX}, not ${shown(scale)}.`,
      `배율은 ${SCALE_MIN}에서 ${SCALE_MAX}까지의 수다. 받은 값: ${shown(scale)}`,
    ),
  )
}

/** Why a run is cancelled, as the reason of its signal: reported in the verdict. */
export class BrokenOff extends Error {
  override readonly name = 'BrokenOff'
  constructor(
    readonly why: Said,
    readonly outcome: 'not-observed' | 'too-busy' = 'not-observed',
  ) {
    super(why.en)
  }
}

/** @param busy the share of that time in which this thread was at work, or wanted to be: a run that hangs only waits */
function tookTooLong(ms: number, busy: number): BrokenOff {
  const rounded = Math.round(ms)
  if (busy < BUSY_SHARE)
    return new BrokenOff(said(`it was not finished after ${rounded} ms.`, `${rounded}ms가 지나도 끝나지 않았다.`))
  const percent = Math.round(busy * 100)
  const why = said(
    `it was not finished after ${rounded} ms, although it was at work for ${percent} % of the time: this machine is too busy or too slow for it.`,
    `${rounded}ms가 지나도 끝나지 않았고, 그 시간의 ${percent}%를 일하는 데 썼다. 이 컴퓨터가 너무 바쁘거나 너무 느리다.`,
  )
  return new BrokenOff(why, 'too-busy')
}

/** The verdict of a run that is over or cancelled: a run that ignores the signal is not waited for. */
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

/** The sentence of the verdict for a run that did not reach its end. */
export function brokenOff(why: Said): Said {
  return said(`The run was cancelled: ${why.en}`, `실행이 중단되었다: ${why.ko}`)
}
