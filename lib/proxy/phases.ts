import { Histogram } from '../link/histogram.js'
import type { ExchangeView } from './exchange-view.js'

/** How long the phases of exchanges take, and their final statuses: a few integer additions at the end of each. */
export class Phases {
  /** From the first byte of the request head to its last. */
  readonly head = new Histogram()
  /** From there until there is a connection to send the request on. */
  readonly wait = new Histogram()
  /** From sending the request to the first byte of the response. */
  readonly firstByte = new Histogram()
  readonly total = new Histogram()
  /** Counts by the first digit of the final status; 0: none was sent, 6: 600 or more. */
  readonly statuses = new Float64Array(7)

  note({ startedAt, headAt, sentAt, answeredAt, status }: ExchangeView, now: number): void {
    this.statuses[Math.min(6, Math.trunc(status / 100))]!++
    if (headAt > 0) this.head.note(headAt - startedAt)
    if (sentAt > 0) this.wait.note(sentAt - headAt)
    if (answeredAt > 0) this.firstByte.note(answeredAt - sentAt)
    this.total.note(now - startedAt)
  }
}
