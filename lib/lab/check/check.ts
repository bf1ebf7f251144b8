import type { Said } from '../said.js'
import type { Field } from './field.js'

/** The levels of the exercises, in the order in which a learner's proxy reaches them. */
export const LEVELS = ['forward', 'connection', 'named', 'framing', 'pool'] as const
export type Level = (typeof LEVELS)[number]

/** One thing that a proxy must get right, and how it is tested. */
export interface Check {
  readonly id: string
  readonly level: Level
  /** The right behaviour, in one sentence. */
  readonly title: Said
  /** What to do if it is wrong. */
  readonly fix: Said
  readonly section: string
  /** Returns if the proxy is right. @throws Wrong with what was seen instead */
  run(field: Field): Promise<void>
}

export interface CheckResult {
  readonly id: string
  readonly level: Level
  readonly title: Said
  readonly section: string
  readonly right: boolean
  readonly found?: Said
  readonly fix?: Said
  /** What was on the wire, latin1. */
  readonly evidence?: string
}
