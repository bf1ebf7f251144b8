import { setTimeout as delay } from 'node:timers/promises'
import { experimentCalled } from '../../lab/catalogue.js'
import type { LabEvent, RunBegan } from '../../lab/events.js'
import type { Language } from '../../lab/said.js'
import type { Given } from '../given.js'
import { UsageError } from '../usage-error.js'
import type { LabConsole } from './console.js'
import { loadRecording } from './files.js'
import { exitOf, numberGiven, shown } from './run.js'
import { stopping } from './stop.js'

const SPEED_MIN = 0.001
const SPEED_MAX = 1_000

/**
 * `hopwise lab replay FILE`: on a terminal with the recorded timing, elsewhere at once.
 * @returns the exit code of the run
 * @throws UsageError
 */
export async function replayRecording(given: Given, language: Language, at: LabConsole): Promise<number> {
  const file = given.text('file')
  if (file === undefined) throw new UsageError('hopwise lab replay needs a recording: hopwise lab replay hang.jsonl.')
  const speed = numberGiven(given, 'speed', SPEED_MIN, SPEED_MAX) ?? 1
  const events = loadRecording(file)
  const began = events[0] as LabEvent & RunBegan
  const stop = stopping()
  const waits = at.isTerminal
  try {
    const run = (onEvent: (event: LabEvent) => void) => retold(events, onEvent, { speed, waits, signal: stop.signal })
    const experiment = experimentCalled(began.experiment)
    await shown(given, { experiment, language, run, signal: stop.signal, recorded: { began, speed } }, at)
    return stop.code() === 0 ? exitOf(events) : stop.code()
  } catch (error) {
    if (stop.code() === 0) throw error
    return stop.code()
  } finally {
    stop.over()
  }
}

async function retold(
  events: LabEvent[],
  onEvent: (event: LabEvent) => void,
  { speed, waits, signal }: { speed: number; waits: boolean; signal: AbortSignal },
): Promise<LabEvent[]> {
  const began = performance.now()
  for (const event of events) {
    const early = event.at / speed - (performance.now() - began)
    if (waits && early >= 1) await delay(early, undefined, { signal }).catch(() => {})
    if (signal.aborted) break
    onEvent(event)
  }
  return events
}
