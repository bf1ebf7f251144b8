import type { LabEvent } from '../../lib/lab/events.js'

export { hangIn } from '../../lib/lab/waits.js'

/** Who waits on whom after these events. */
export function waitingAfter(events: Iterable<LabEvent>, scene: string): ReadonlyMap<string, string> {
  const waiting = new Map<string, string>()
  for (const event of events) {
    if (event.kind === 'waits' && event.scene === scene) waiting.set(event.who, event.on)
    else if (event.kind === 'goes-on' && event.scene === scene) waiting.delete(event.who)
  }
  return waiting
}
