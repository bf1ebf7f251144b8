import type { Bench } from './bench.js'
import type { Judged } from './events.js'
import { type Said, said } from './said.js'

/** One thing that can be changed before a run. */
export type Knob = NumberKnob | ChoiceKnob

export interface NumberKnob {
  readonly kind: 'number'
  readonly label: Said
  readonly unit: 'ms' | 'bytes' | 'count' | 's'
  readonly min: number
  readonly max: number
  readonly step: number
  readonly standard: number
}

export interface ChoiceKnob<C extends string = string> {
  readonly kind: 'choice'
  readonly label: Said
  readonly choices: Readonly<Record<C, Said>>
  readonly standard: C
}

export type Knobs = Readonly<Record<string, Knob>>

/** What a run is given: a number for a number, one of its choices for a choice. */
export type KnobValues = Readonly<Record<string, string | number>>

type ValuesOf<K extends Knobs> = {
  readonly [N in keyof K]: K[N] extends ChoiceKnob<infer C> ? C : number
}

export interface Answer {
  readonly text: Said
  /** Exactly one of the answers is. */
  readonly right?: true
}

/** Where the books are: a section of an RFC, or a chapter. */
export type Reference = string

export interface Experiment extends Description {
  readonly knobs: Knobs
  run(bench: Bench, knobs: KnobValues): Promise<Verdict>
}

/** What is said of an experiment. */
export interface Description {
  /** As written on the command line. */
  readonly id: string
  readonly title: Said
  /** What is asked before anything is shown, with two to four answers to choose from. */
  readonly question: Said
  readonly answers: readonly Answer[]
  /** What to look at, in two or three sentences: before the run. */
  readonly watch: Said
  /** What it teaches: paragraphs, shown after the run. */
  readonly lesson: readonly Said[]
  /** One thing to change and run again, and what then to expect. */
  readonly change: Said
  readonly references: readonly Reference[]
  /** In scaled time it ends after so many ms at the latest, with every knob at its largest; then it is broken off. */
  readonly timeMaxMs: number
}

/** How it ended, in one sentence. */
export type Verdict = Omit<Judged, 'kind'>

/** An experiment whose run knows the types of its knobs: `knobValues` sees to it that they hold. */
export function experiment<const K extends Knobs>(
  it: Description & { readonly knobs: K; run(bench: Bench, knobs: ValuesOf<K>): Promise<Verdict> },
): Experiment {
  return it as unknown as Experiment
}

/** The effect was there, or it was not. */
export function judged(observed: boolean, seen: Said, notSeen: Said): Verdict {
  return observed ? { outcome: 'observed', text: seen } : { outcome: 'not-observed', text: notSeen }
}

/** This machine does not allow it. Thrown anywhere in a run; it becomes the verdict `impossible`. */
export class Impossible extends Error {
  override readonly name = 'Impossible'
  constructor(readonly reason: Said) {
    super(reason.en)
  }
}

/**
 * The values for a run from what somebody gave, defaults where nothing was given.
 * @throws RangeError that says which knob, what was given, and what would be right
 */
export function knobValues(knobs: Knobs, given: Readonly<Record<string, unknown>>): KnobValues {
  for (const name of Object.keys(given))
    if (!Object.hasOwn(knobs, name))
      throw new RangeError(`There is nothing called "${name}" to change here: ${listed(Object.keys(knobs))}.`)
  return Object.fromEntries(
    Object.entries(knobs).map(([name, knob]) => [
      name,
      Object.hasOwn(given, name) ? checkedValue(name, knob, given[name]) : knob.standard,
    ]),
  )
}

function checkedValue(name: string, knob: Knob, given: unknown): string | number {
  if (knob.kind === 'choice') {
    if (typeof given === 'string' && Object.hasOwn(knob.choices, given)) return given
    throw new RangeError(`${name} is one of ${Object.keys(knob.choices).join(', ')}, not "${given}".`)
  }
  const value = typeof given === 'string' && given.trim() !== '' ? Number(given) : given
  if (typeof value === 'number' && value >= knob.min && value <= knob.max) return value
  throw new RangeError(`${name} is a number from ${knob.min} to ${knob.max}, not "${given}".`)
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'it has no knobs' : `there is ${names.join(', ')}`
}

/** Said of every experiment with clocks in it. */
export const SCALED: Said = said(
  'All waits of this run are scaled; what stands on the wire is not.',
  '이 실행의 모든 대기 시간은 배율을 곱한 값이다. 전선 위에 적힌 값은 그대로다.',
)
