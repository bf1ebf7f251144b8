import type { LabEvent } from './events.js'

export { type Hang, HangBook, type HangSpan, hangIn, isHang } from './page/hangs.js'

/** Which party waits for which, at one moment in one scene. */
export type Waiting = ReadonlyMap<string, string>

/** Which party waits for which after these events. */
export function waitingAfter(events: Iterable<LabEvent>, scene: string): Waiting {
  const waiting = new Map<string, string>()
  for (const event of events) {
    if (event.kind === 'waits' && event.scene === scene) waiting.set(event.who, event.on)
    else if (event.kind === 'goes-on' && event.scene === scene) waiting.delete(event.who)
  }
  return waiting
}
