import type { LabEvent } from './events.js'

/** Who waits on whom at one moment, in one scene. */
export type Waiting = ReadonlyMap<string, string>

export interface Hang {
  /** Who wait for one another, in order, each for the next and the last for the first; begins with the first by name. */
  readonly cycle: readonly string[]
  /** Who wait on one of these without being one of them. */
  readonly caught: readonly string[]
}

/** Who waits on whom after these events. */
export function waitingAfter(events: Iterable<LabEvent>, scene: string): Waiting {
  const waiting = new Map<string, string>()
  for (const event of events) {
    if (event.kind === 'waits' && event.scene === scene) waiting.set(event.who, event.on)
    else if (event.kind === 'goes-on' && event.scene === scene) waiting.delete(event.who)
  }
  return waiting
}

/** A cycle of waiting, and who is caught by it. Null: everybody can go on when somebody does. */
export function hangIn(waiting: Waiting): Hang | null {
  for (const who of [...waiting.keys()].sort()) {
    const cycle = cycleFrom(who, waiting)
    if (cycle === null) continue
    const caught = [...waiting.keys()].filter(other => !cycle.includes(other) && leadsTo(other, cycle, waiting))
    return { cycle, caught: caught.sort() }
  }
  return null
}

function cycleFrom(first: string, waiting: Waiting): string[] | null {
  const way = [first]
  for (let next = waiting.get(first); next !== undefined; next = waiting.get(next)) {
    if (next === first) return way
    if (way.includes(next)) return null
    way.push(next)
  }
  return null
}

function leadsTo(from: string, cycle: readonly string[], waiting: Waiting): boolean {
  const seen = new Set<string>()
  for (let next = waiting.get(from); next !== undefined && !seen.has(next); next = waiting.get(next)) {
    if (cycle.includes(next)) return true
    seen.add(next)
  }
  return false
}
