import type { KnobValues } from '../lib/lab/experiment.js'
import type { Said } from '../lib/lab/said.js'

export interface Drawing {
  readonly name: string
  readonly scenes: readonly string[]
  readonly isChart?: true
}

export interface Extra {
  readonly knobs?: KnobValues
  readonly drawn?: readonly Drawing[]
  readonly folded?: readonly Drawing[]
  readonly tries: readonly KnobValues[]
  readonly more?: Said
}

export declare const EXTRAS: Readonly<Record<string, Extra>>
