import type { Bench } from './bench.js'
import type { Judged } from './events.js'
import { type Said, said } from './said.js'

/** One setting that can be changed before a run. */
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

/** The values for a run: a number for a number knob, one of its choices for a choice knob. */
export type KnobValues = Readonly<Record<string, string | number>>

type ValuesOf<K extends Knobs> = {
  readonly [N in keyof K]: K[N] extends { readonly choices: infer C } ? keyof C & string : number
}

/** The verdict of a run says which answer is right: with other knob values it may be another one, or none. */
export interface Answer {
  readonly text: Said
}

/** A section of an RFC, or a chapter of a book. */
export type Reference = string

export interface Experiment extends Description {
  readonly knobs: Knobs
  run(bench: Bench, knobs: KnobValues): Promise<Verdict>
}

/** The description of an experiment. */
export interface Description {
  /** As written on the command line. */
  readonly id: string
  readonly title: Said
  /** The question before anything is shown, with two to four answers to choose from. */
  readonly question: Said
  readonly answers: readonly Answer[]
  /** What to look at, in two or three sentences, shown before the run. */
  readonly watch: Said
  /** What it teaches: paragraphs, shown after the run. */
  readonly lesson: readonly Said[]
  /** One thing to change before running again, and what to expect then. */
  readonly change: Said
  readonly references: readonly Reference[]
  /** The longest duration in scaled time, with every knob at its largest; after that the run is cancelled. */
  readonly timeMaxMs: number
}

/** The result, in one sentence. */
export type Verdict = Omit<Judged, 'kind'>

/** An experiment whose run knows the types of its knobs: `knobValues` checks the values. */
export function experiment<const K extends Knobs>(
  it: Description & { readonly knobs: K; run(bench: Bench, knobs: ValuesOf<K>): Promise<Verdict> },
): Experiment {
  return it as unknown as Experiment
}

/**
 * The effect was observed or not.
 * @param right the answer that the run showed to be right, from 1; null: none of them, or the run does not match the question
 */
export function judged(observed: boolean, seen: Said, notSeen: Said, right: number | null = null): Verdict {
  if (!observed) return { outcome: 'not-observed', text: notSeen }
  return { outcome: 'observed', text: seen, ...(right === null ? {} : { right }) }
}

/** An effect that has to be distinguished from delays of the machine itself. */
export interface InTime {
  /** The part of the effect that no delay can change. */
  readonly certain: boolean
  /** The part that can be seen only without other delays. */
  readonly inTime: boolean
  /** The delay of this machine as measured in this run, and the smallest delay that hides the effect. Real ms. */
  readonly tookMs: number
  readonly hidesMs: number
}

/**
 * The effect was observed, or not, or it cannot be known, because the machine itself was too slow while the effect should have
 * been seen.
 */
export function judgedInTime(
  { certain, inTime, tookMs, hidesMs }: InTime,
  seen: Said,
  notSeen: Said,
  right: number | null = null,
): Verdict {
  if (!certain || inTime || tookMs < hidesMs) return judged(certain && inTime, seen, notSeen, right)
  return { outcome: 'too-busy', text: tooBusy(tookMs, hidesMs, notSeen) }
}

function tooBusy(tookMs: number, hidesMs: number, notSeen: Said): Said {
  const [took, hides] = [tookMs, hidesMs].map(ms => ms.toFixed(ms < 10 ? 1 : 0))
  return said(
    `The machine was too busy: it delayed this run by ${took} ms, and ${hides} ms are enough to hide the effect. ${notSeen.en}`,
    `컴퓨터가 너무 바빠서 확인할 수 없었다. 이 실행이 ${took}ms를 기다려야 했는데, ${hides}ms만 되어도 효과가 가려진다. ${notSeen.ko}`,
  )
}

/** This machine does not allow the experiment. Thrown anywhere in a run; becomes the verdict `impossible`. */
export class Impossible extends Error {
  override readonly name = 'Impossible'
  constructor(readonly reason: Said) {
    super(reason.en)
  }
}

/** A value given for a run is wrong: says which one, and what would be right. */
export class WrongValue extends RangeError {
  override readonly name = 'WrongValue'
  constructor(readonly reason: Said) {
    super(reason.en)
  }
}

/**
 * The values for a run: the given ones, otherwise the defaults.
 * @throws WrongValue that says which knob, what was given, and what would be right
 */
export function knobValues(knobs: Knobs, given: Readonly<Record<string, unknown>>): KnobValues {
  for (const name of Object.keys(given)) if (!Object.hasOwn(knobs, name)) throw nothingCalled(name, Object.keys(knobs))
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
    const choices = Object.keys(knob.choices).join(', ')
    throw new WrongValue(
      said(
        `${name} must be one of ${choices}, not "${shown(given)}".`,
        `${name}의 값은 다음 중 하나다: ${choices}. 받은 값: "${shown(given)}"`,
      ),
    )
  }
  const value = typeof given === 'string' && given.trim() !== '' ? Number(given) : given
  if (typeof value === 'number' && value >= knob.min && value <= knob.max) return value
  throw new WrongValue(
    said(
      `${name} must be a number from ${knob.min} to ${knob.max}, not "${shown(given)}".`,
      `${name}의 값은 ${knob.min}에서 ${knob.max}까지의 수다. 받은 값: "${shown(given)}"`,
    ),
  )
}

function nothingCalled(name: string, names: readonly string[]): WrongValue {
  const none = names.length === 0
  return new WrongValue(
    said(
      `There is no setting "${shown(name)}" here: ${none ? 'this experiment has no settings' : `the settings are ${names.join(', ')}`}.`,
      `여기에 그런 설정은 없다: "${shown(name)}". ${none ? '바꿀 수 있는 값이 없다.' : `바꿀 수 있는 것: ${names.join(', ')}`}`,
    ),
  )
}

/** A given value as part of a sentence: it may be anything, of any length. */
export function shown(given: unknown): string {
  const text = typeof given === 'object' ? 'an object' : String(given)
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

/** The note for every run whose time is scaled. */
export const SCALED: Said = said(
  'All waits of this run are scaled; values in messages are not.',
  '이 실행의 모든 대기 시간은 배율을 곱한 값이다. 전송되는 메시지에 적힌 값은 그대로다.',
)
