import type { Said } from '../said.js'
import type { Field } from './field.js'

/** What a learner's proxy learns, in this order. */
export const LEVELS = ['forward', 'connection', 'named', 'framing', 'pool'] as const
export type Level = (typeof LEVELS)[number]

/** One thing that a proxy must get right, and how it is tried. */
export interface Check {
  readonly id: string
  readonly level: Level
  /** What is right, in one sentence. */
  readonly title: Said
  /** What to do, when it is wrong. */
  readonly fix: Said
  readonly section: string
  /** Returns when it is right. @throws Wrong with what was seen instead */
  run(field: Field): Promise<void>
}

/** It is not as it should be. */
export class Wrong extends Error {
  override readonly name = 'Wrong'
  /**
   * @param found what happened instead, in one sentence
   * @param evidence what was on the wire, latin1
   */
  constructor(
    readonly found: Said,
    readonly evidence = '',
  ) {
    super(found.en)
  }
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
