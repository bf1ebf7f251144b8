/**
 * The limits of the laboratory's server. Visitors may come from anywhere; a run costs sockets, a thread and time of the machine.
 */
export interface LabLimits {
  /** The most runs at once, including those that are being stopped. */
  readonly runsMax: number
  /** Real ms until a run must have begun: its thread loads its modules first. */
  readonly startMs: number
  /** Real ms that a run may take; an experiment may declare less. */
  readonly runMs: number
  /**
   * A run without a listener is stopped after so many ms: long enough to reload a page on a slow machine, or to reopen a broken
   * stream (a browser waits a second; our page waits two before it asks again for a stream that was refused).
   */
  readonly graceMs: number
  /** A run that does not obey an order to stop is terminated after so many ms. */
  readonly stopMs: number
  /** The most bytes of one recording. */
  readonly recordingBytesMax: number
  /** Recordings of finished runs: how many are kept, their total size, and for how long. The oldest are dropped first. */
  readonly keptMax: number
  readonly keptBytesMax: number
  readonly keptMs: number
  /** The most streams at once: of one run, and of all runs. */
  readonly streamsOfRunMax: number
  readonly streamsMax: number
  /** The interval in ms at which a silent stream sends a sign of life. */
  readonly beatMs: number
  /** A reader that has read none of its pending bytes for so many ms is dropped. */
  readonly slowMs: number
  /** Runs that one visitor may start per second on average, and at once after a pause. */
  readonly startsPerSecond: number
  readonly startsBurst: number
  /** The most bytes of content of a request. */
  readonly contentBytesMax: number
  readonly connectionsMax: number
  /** A connection on which nothing has moved for so many real ms is closed. */
  readonly silenceMs: number
}

export const LAB_LIMITS: LabLimits = {
  runsMax: 8,
  startMs: 30_000,
  runMs: 180_000,
  graceMs: 10_000,
  stopMs: 5_000,
  recordingBytesMax: 8 * 1_048_576,
  keptMax: 64,
  keptBytesMax: 64 * 1_048_576,
  keptMs: 600_000,
  streamsOfRunMax: 8,
  streamsMax: 64,
  beatMs: 5_000,
  slowMs: 15_000,
  startsPerSecond: 0.5,
  startsBurst: 10,
  contentBytesMax: 16_384,
  connectionsMax: 512,
  silenceMs: 30_000,
}
