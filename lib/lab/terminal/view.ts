import type { LabEvent } from '../events.js'
import type { Row } from './row.js'
import type { WaitingText } from './waiting.js'

export type OfScene = Extract<LabEvent, { scene: string }>

/** How one scene is shown, line by line. */
export interface View {
  readonly id: string
  readonly title: string
  /** When something was shown here last, in ms of the run. */
  readonly lastAt: number
  /** Under its title. */
  header(): Row[]
  /** A line on which nothing happens. */
  blank(): Row
  /** What is new, in the order in which it happened. */
  take(events: readonly OfScene[]): Row[]
  /** Something is still to come here: a client can do nothing but wait, or a transcript has no end yet. */
  readonly stalls: boolean
  /** Nothing has moved for so long that one should be told. */
  isSilent(at: number): boolean
  /** Null: nobody waits. */
  waitingNow(at: number): WaitingText | null
}
