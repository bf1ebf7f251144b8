import type { Test } from 'tap'
import { experimentCalled } from '../../lib/lab/catalogue.js'
import type { Figure, Judged, LabEvent } from '../../lib/lab/events.js'
import { runExperiment } from '../../lib/lab/run.js'

/** A run that is over, and ways to ask about it. */
export interface Ran {
  readonly events: readonly LabEvent[]
  readonly verdict: Judged
  /** Of that kind, in that scene when one is named. */
  of<K extends LabEvent['kind']>(kind: K, scene?: string): Extract<LabEvent, { kind: K }>[]
  /** The last value of a figure. @throws when there is none */
  figure(scene: string, id: string): number
}

/** Runs one experiment as a test does: scaled to a tenth unless told otherwise, broken off with the test. */
export async function ran(
  t: Test,
  id: string,
  { knobs = {}, scale = 0.1 }: { knobs?: Record<string, unknown>; scale?: number } = {},
): Promise<Ran> {
  const experiment = experimentCalled(id)
  if (!experiment) throw new Error(`there is no experiment ${id}`)
  const stop = new AbortController()
  t.teardown(() => stop.abort(new Error('the test is over')))
  const events = await runExperiment(experiment, { knobs, scale, signal: stop.signal })
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
