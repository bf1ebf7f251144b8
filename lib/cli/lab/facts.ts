export interface LabFacts {
  readonly version: string
  /** Sentences about the environment. */
  readonly doubts: string[]
}
