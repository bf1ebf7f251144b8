import type { LabEvent } from '../../lib/lab/events.js'
import { load } from './page/modules.js'
import { lines } from './terminal-story.js'

const { recordOf, stateAt } = await load('player.js')

/** Where a run is shown as a hang, by scene. */
export interface HangsShown {
  /** On the page during the run: at any time between two events. */
  readonly live: string[]
  /** On the page afterwards, at any moment. */
  readonly recorded: string[]
  /** The number of hangs in the terminal. */
  readonly terminal: number
}

/** How every view shows a run. */
export function hangsShown(events: readonly LabEvent[]): HangsShown {
  const whole = recordOf(events)
  const recorded = new Set<string>()
  for (let n = 0; n <= whole.moments.length; n++) addHanging(recorded, stateAt(whole, n))
  const live = new Set<string>()
  for (const [i, { at }] of events.entries()) {
    const before = events[i - 1]
    if (before === undefined || at - before.at < 5) continue
    const record = recordOf(events.slice(0, i))
    addHanging(live, stateAt(record, record.moments.length, at))
  }
  const terminal =
    lines(events)
      .join(' ')
      .match(/a\s+(?:[┆\s]*)cycle/g)?.length ?? 0
  return { live: [...live], recorded: [...recorded], terminal }
}

function addHanging(scenes: Set<string>, states: ReturnType<typeof stateAt>): void {
  for (const { scene, hang } of states) if (hang !== null) scenes.add(scene)
}
