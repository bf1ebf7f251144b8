import { DEADLINE_NOTES, DEADLINES } from '../link/deadlines.js'
import { LIMIT_NOTES, LIMITS } from '../link/limits.js'
import { rangeOf } from '../link/number-range.js'
import { GRAMMAR_LIMITS, GRAMMAR_MAXIMA, type GrammarLimits } from '../wire/limits.js'

/** A deadline or limit as an option of the command line and as a key of the configuration file. */
export interface NumberSpec {
  table: NumberTable
  key: string
  standard: number
  min: number
  max: number
  /** For the sentence of a refusal; '' when the number counts things. */
  unit: '' | 'milliseconds' | 'octets'
  /** A sentence without its full stop. */
  about: string
}

export { TIMER_MS_MAX } from '../link/number-range.js'

export type NumberTable = 'deadlines' | 'limits' | 'grammar'

const GRAMMAR_NOTES: Readonly<Record<keyof GrammarLimits, string>> = {
  requestLineBytesMax: 'Octets of a request line; longer is answered 414',
  headBytesMax: 'Octets of a header section; more is answered 431',
  fieldsMax: 'Field lines of a header section; more are answered 431',
  trailerBytesMax: 'Octets of a trailer section',
  chunkExtensionBytesMax: 'Octets of one chunk-size line with its extensions',
  chunkExtensionsBytesMax: 'Octets of all chunk extensions of one message',
  emptyLinesMax: 'Empty lines before a request line',
  interimResponsesMax: 'Interim responses (1xx) of an upstream before its final one',
  interimBytesMax: 'Octets of all of these together',
}

/** Every deadline and limit: made from the tables, so that none can be forgotten. */
export const NUMBER_SPECS: readonly NumberSpec[] = [
  ...specsOf('deadlines', DEADLINES, key => DEADLINE_NOTES[key].sentence),
  ...specsOf('limits', LIMITS, key => LIMIT_NOTES[key].sentence),
  ...specsOf('grammar', GRAMMAR_LIMITS, key => GRAMMAR_NOTES[key], GRAMMAR_MAXIMA),
]

function specsOf<T extends object>(
  table: NumberTable,
  values: T,
  sentenceOf: (key: keyof T) => string,
  maxima?: T,
): NumberSpec[] {
  return (Object.keys(values) as (keyof T & string)[]).map(key => {
    const unit = key.endsWith('Ms') ? 'milliseconds' : key.includes('Bytes') ? 'octets' : ''
    const { min, max } = rangeOf(key, maxima === undefined ? undefined : Number(maxima[key]))
    return { table, key, standard: Number(values[key]), min, max, unit, about: sentenceOf(key).replace(/\.$/, '') }
  })
}
