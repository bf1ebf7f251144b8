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
  /** For error messages; '' if the number is a count. */
  unit: '' | 'milliseconds' | 'bytes'
  /** A sentence without its full stop. */
  about: string
}

export { TIMER_MS_MAX } from '../link/number-range.js'

export type NumberTable = 'deadlines' | 'limits' | 'grammar'

const GRAMMAR_NOTES: Readonly<Record<keyof GrammarLimits, string>> = {
  requestLineBytesMax: 'Bytes of a request line; a longer one is answered with 414',
  headBytesMax: 'Bytes of a header section; more are answered with 431',
  fieldsMax: 'Field lines of a header section; more are answered with 431',
  trailerBytesMax: 'Bytes of a trailer section',
  chunkExtensionBytesMax: 'Bytes of one chunk-size line with its extensions',
  chunkExtensionsBytesMax: 'Bytes of all chunk extensions of one message',
  emptyLinesMax: 'Empty lines before a request line',
  interimResponsesMax: 'Interim responses (1xx) of an upstream before its final response',
  interimBytesMax: 'Bytes of all interim responses before a final response',
}

/** Every deadline and limit, made from the tables so that none can be forgotten. */
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
    const unit = key.endsWith('Ms') ? 'milliseconds' : key.includes('Bytes') ? 'bytes' : ''
    const { min, max } = rangeOf(key, maxima === undefined ? undefined : Number(maxima[key]))
    return { table, key, standard: Number(values[key]), min, max, unit, about: sentenceOf(key).replace(/\.$/, '') }
  })
}
