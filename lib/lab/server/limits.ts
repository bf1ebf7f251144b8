/** What bounds the server of the laboratory. Visitors come from anywhere; a run costs sockets, a thread and time of the machine. */
export interface LabLimits {
  /** Runs at once, those that are being stopped included. */
  readonly runsMax: number
  /** Real ms that a run may take; an experiment may say less of itself. */
  readonly runMs: number
  /**
   * A run that nobody listens to is stopped after so many ms: long enough to load a page again on a slow machine, or for a stream that broke
   * to be opened anew (a browser waits a second, our page two before it asks again for one that was refused).
   */
  readonly graceMs: number
  /** A run that was told to stop and does not is ended by force after so many ms. */
  readonly stopMs: number
  /** Bytes of one recording. */
  readonly recordingBytesMax: number
  /** Recordings of runs that are over: how many, of what size together, and for how long. The oldest go first. */
  readonly keptMax: number
  readonly keptBytesMax: number
  readonly keptMs: number
  /** Streams at once: of one run, and of all. */
  readonly streamsOfRunMax: number
  readonly streamsMax: number
  /** A stream that has nothing to tell says so every so many ms. */
  readonly beatMs: number
  /** A reader that has taken nothing of what waits for it for so many ms is dropped. */
  readonly slowMs: number
  /** Runs that one visitor may begin in a second, on average, and at once after a pause. */
  readonly startsPerSecond: number
  readonly startsBurst: number
  /** Bytes of the content of a request. */
  readonly contentBytesMax: number
  readonly connectionsMax: number
}

export const LAB_LIMITS: LabLimits = {
  runsMax: 8,
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
}
