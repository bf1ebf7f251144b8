import type { Judged, LabEvent, RunBegan } from '../../lab/events.js'
import { type Experiment, type KnobValues, knobValues } from '../../lab/experiment.js'
import { recordingLine } from '../../lab/recording.js'
import { runExperiment, SCALE_MAX, SCALE_MIN } from '../../lab/run.js'
import type { Language } from '../../lab/said.js'
import { didYouMean } from '../../proxy/options/did-you-mean.js'
import { visibleLines } from '../../wire/visible.js'
import type { Given } from '../given.js'
import { UsageError } from '../usage-error.js'
import type { LabConsole } from './console.js'
import { checkWritable, saveRecording } from './files.js'
import { lookOf } from './look.js'
import { showLab } from './show.js'
import { stopping } from './stop.js'

/** What the verdict is to a shell: 3 says nothing of the effect, but of the machine. */
const EXIT: Readonly<Record<Judged['outcome'], number>> = {
  observed: 0,
  'not-observed': 1,
  'too-busy': 3,
  impossible: 3,
}

/** `hopwise lab ID`. @returns the exit code @throws UsageError */
export async function runOne(
  given: Given,
  experiment: Experiment,
  language: Language,
  at: LabConsole,
): Promise<number> {
  const scale = scaleGiven(given) ?? 1
  const knobs = knobsGiven(given, experiment)
  const save = given.text('save')
  if (save !== undefined) checkWritable(given.where('save'), save)
  const stop = stopping()
  try {
    const run = (onEvent: (event: LabEvent) => void) =>
      runExperiment(experiment, { knobs, scale, onEvent, signal: stop.signal })
    const events = await shown(given, { experiment, language, run, signal: stop.signal }, at)
    if (stop.code() !== 0) return stop.code()
    const complaint = save === undefined ? '' : saveRecording(save, events)
    if (complaint === '') return exitOf(events)
    at.err(visibleLines(`hopwise: ${complaint}\n`))
    return 1
  } catch (error) {
    // Broken off while the question stood.
    if (stop.code() === 0) throw error
    return stop.code()
  } finally {
    stop.over()
  }
}

/** A run or a recording, and what is known of its experiment. */
export interface Showing {
  /** Not given: this hopwise does not know it. */
  readonly experiment?: Experiment | undefined
  readonly language: Language
  /** Tells the events at their time. @returns all of them */
  run(onEvent: (event: LabEvent) => void): Promise<LabEvent[]>
  readonly signal: AbortSignal
  /** A recording is shown: as it began, and so many times as fast. */
  readonly recorded?: { readonly began: RunBegan; readonly speed: number }
}

/** As events, as a transcript, or as a view of everybody. @throws the signal's reason */
export async function shown(given: Given, showing: Showing, at: LabConsole): Promise<LabEvent[]> {
  const json = given.flag('json') === true
  const transcript = given.flag('transcript') === true
  if (json && transcript)
    throw new UsageError('--json and --transcript are two ways to print a run: give one of the two.')
  if (json) return showing.run(event => at.out(`${recordingLine(event)}\n`))
  const look = lookOf(showing.language, transcript ? 'transcript' : 'lifelines', at)
  return showLab(showing, look, { asks: given.flag('yes') !== true, now: () => performance.now() }, at)
}

export function exitOf(events: readonly LabEvent[]): number {
  const last = events.at(-1)
  return last?.kind === 'verdict' ? EXIT[last.outcome] : 1
}

/** @throws UsageError */
export function scaleGiven(given: Given): number | undefined {
  return numberGiven(given, 'scale', SCALE_MIN, SCALE_MAX)
}

/** @throws UsageError */
export function numberGiven(given: Given, name: string, min: number, max: number): number | undefined {
  const text = given.text(name)
  if (text === undefined) return undefined
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new UsageError(`${given.where(name)} wants a number from ${min} to ${max}, not "${text}".`)
}

/** @throws UsageError */
function knobsGiven(given: Given, { id, knobs }: Experiment): KnobValues {
  const pairs = given.list('set', (where, text) => {
    const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? []
    if (name === undefined || value === undefined)
      throw new UsageError(`${where} "${text}" changes nothing: write name=value.`)
    if (Object.hasOwn(knobs, name)) return [name, value] as const
    const names = Object.keys(knobs)
    const meant = didYouMean(name, names)
    const there = names.length === 0 ? 'nothing can be changed there' : `there is ${names.join(', ')}`
    throw new UsageError(`${id} has no "${name}" to change: ${meant ? `did you mean ${meant}?` : `${there}.`}`)
  })
  try {
    return knobValues(knobs, Object.fromEntries(pairs ?? []))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new UsageError(`${given.where('set')}: ${error.message}`, { cause: error })
  }
}
