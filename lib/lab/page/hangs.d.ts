import type { LabEvent, Party } from '../events.js'

// The types of hangs.js for code outside of the page: the terminal and the workbench use the same rules.

type SceneEvent = Extract<LabEvent, { scene: string }>

export interface Hang {
  /**
   * The parties that wait for one another, each for the next and the last for the first; begins with the alphabetically first.
   */
  readonly cycle: readonly string[]
  /** Parties that wait for one of these without being one of them. */
  readonly caught: readonly string[]
}

/** A cycle of waiting with a client in it or caught by it, from the moment when nothing moved in it any more until its end. */
export interface HangSpan extends Hang {
  readonly first: number
  readonly end: number
  readonly from: number
  /** Infinite while it lasts. */
  readonly to: number
  readonly broken: boolean
  readonly leastMs: number
  readonly patienceMs: number
}

export declare class HangBook {
  constructor(parties: readonly Party[], scale: number)
  readonly spans: HangSpan[]
  readonly waiting: ReadonlyMap<string, string>
  readonly running: HangSpan | null
  note(event: SceneEvent, t: number): void
  breaks(event: SceneEvent): boolean
}

export declare function hangSpans(
  scene: {
    readonly parties: readonly Party[]
    readonly events: readonly { readonly t: number; readonly event: SceneEvent }[]
  },
  scale: number,
): HangSpan[]

export declare function isHang(span: HangSpan, now: number): boolean

/** A cycle of waiting and the parties that are caught by it. Null: there is none, so every party can go on once another does. */
export declare function hangIn(waiting: ReadonlyMap<string, string>): Hang | null
