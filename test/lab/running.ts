import type { Test } from 'tap'
import { experimentCalled } from '../../lib/lab/catalogue.js'
import type { Figure, Judged, LabEvent } from '../../lib/lab/events.js'
import { runExperiment } from '../../lib/lab/run.js'
import { type RunClock, RunningClock } from '../../lib/lab/running-clock.js'
import { IdealClock } from './ideal-clock.js'

/** A finished run, and ways to query it. */
export interface Ran {
  readonly events: readonly LabEvent[]
  readonly verdict: Judged
  /** The events of that kind, in that scene if one is given. */
  of<K extends LabEvent['kind']>(kind: K, scene?: string): Extract<LabEvent, { kind: K }>[]
  /** The last value of a figure. @throws if there is none */
  figure(scene: string, id: string): number
}

interface RanOptions {
  readonly knobs?: Record<string, unknown>
  readonly scale?: number
  readonly onEvent?: (event: LabEvent) => void
}

/** Runs one experiment by an ideal clock: its times are exact. Scaled to a tenth by default, cancelled with the test. */
export function ran(t: Test, id: string, options: RanOptions = {}): Promise<Ran> {
  return runBy(new IdealClock(), t, id, options)
}

/** The same in real time, if the kernel or another program decides. The verdict says whether the measurements are reliable. */
export function ranHere(t: Test, id: string, options: RanOptions = {}): Promise<Ran> {
  return runBy(new RunningClock(), t, id, options)
}

async function runBy(
  clock: RunClock,
  t: Test,
  id: string,
  { knobs = {}, scale = 0.1, onEvent = () => {} }: RanOptions,
): Promise<Ran> {
  const experiment = experimentCalled(id)
  if (!experiment) throw new Error(`there is no experiment ${id}`)
  const stop = new AbortController()
  t.teardown(() => stop.abort(new Error('the test is over')))
  const events = await runExperiment(experiment, { knobs, scale, onEvent, clock, signal: stop.signal })
  const of: Ran['of'] = (kind, scene) =>
    events.filter(
      event => event.kind === kind && (scene === undefined || (event as { scene?: string }).scene === scene),
    ) as never
  return {
    events,
    verdict: events.at(-1) as LabEvent & Judged,
    of,
    figure(scene, id) {
      const found = of('figure', scene).findLast((event: Figure) => event.id === id)
      if (!found) throw new Error(`there is no figure ${id} in ${scene}`)
      return found.value
    },
  }
}

/**
 * Whether the effect was seen. A machine that was measurably too busy is not a failure; checks that need a quiet machine are then
 * skipped with the verdict's reason. Nothing else is excused.
 */
export function wasSeen(t: Test, { verdict: { outcome, text } }: Ran): boolean {
  if (outcome === 'too-busy') t.pass('the effect is to be seen', { skip: text.en })
  else t.equal(outcome, 'observed', text.en)
  return outcome === 'observed'
}

/**
 * For `onEvent`: the first time that the condition holds, nothing in this process runs for so many ms, as on a busy machine.
 */
export function keptWaiting(ms: number, isSo: (event: LabEvent) => boolean): (event: LabEvent) => void {
  let done = false
  return event => {
    if (done || !isSo(event)) return
    done = true
    // After the code that is about to go on, so that what it starts falls into that time.
    setImmediate(() => busy(ms))
  }
}

function busy(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}
