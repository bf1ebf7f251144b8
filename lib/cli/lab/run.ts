import type { Judged, LabEvent } from '../../lab/events.js'
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
import { type Showing, showLab } from './show.js'
import { stopping } from './stop.js'

/** The exit code of a verdict: 3 says nothing about the effect, only about the machine. */
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
    // Cancelled while the question was open.
    if (stop.code() === 0) throw error
    return stop.code()
  } finally {
    stop.over()
  }
}

/** Shows the run as events, as a transcript, or as a view of all parties. @throws the signal's reason */
export async function shown(given: Given, showing: Showing, at: LabConsole): Promise<LabEvent[]> {
  const json = given.flag('json') === true
  const transcript = given.flag('transcript') === true
  if (json && transcript) throw new UsageError('--json and --transcript exclude each other: use only one of them.')
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
  throw new UsageError(`${given.where(name)} needs a number from ${min} to ${max}, not "${text}".`)
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
    const there = names.length === 0 ? 'it has no settings' : `its settings are ${names.join(', ')}`
    throw new UsageError(`${id} has no setting "${name}": ${meant ? `did you mean ${meant}?` : `${there}.`}`)
  })
  try {
    return knobValues(knobs, Object.fromEntries(pairs ?? []))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new UsageError(`${given.where('set')}: ${error.message}`, { cause: error })
  }
}
