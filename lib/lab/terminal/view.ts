import type { LabEvent } from '../events.js'
import type { Row } from './row.js'
import type { WaitingText } from './waiting.js'

export type OfScene = Extract<LabEvent, { scene: string }>

/** Shows one scene, line by line. */
export interface View {
  readonly id: string
  readonly title: string
  /** When something was last shown here, in ms of the run. */
  readonly lastAt: number
  /** The rows under the title. */
  header(): Row[]
  /** A line on which nothing happens. */
  blank(): Row
  /** Shows new events, in the order in which they happened. */
  take(events: readonly OfScene[]): Row[]
  /** More is expected here: a client can only wait, or a transcript has no end yet. */
  readonly stalls: boolean
  /** Nothing has moved for so long that it should be reported. */
  isSilent(at: number): boolean
  /** Null: no party waits. */
  waitingNow(at: number): WaitingText | null
}
