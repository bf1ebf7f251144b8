import { Histogram } from '../link/histogram.js'
import type { ExchangeView } from './exchange-view.js'

/** How long the parts of exchanges take, and how they are answered: a few integer adds at the end of each. */
export class Phases {
  /** From the first octet of the head to its last. */
  readonly head = new Histogram()
  /** From there to a connection on which the request can be sent. */
  readonly wait = new Histogram()
  /** From the sending of the request to the first octet of the response. */
  readonly firstByte = new Histogram()
  readonly total = new Histogram()
  /** By the first digit of the final status; 0: none was sent, 6: it is 600 or more. */
  readonly statuses = new Float64Array(7)

  note({ startedAt, headAt, sentAt, answeredAt, status }: ExchangeView, now: number): void {
    this.statuses[Math.min(6, Math.trunc(status / 100))]!++
    if (headAt > 0) this.head.note(headAt - startedAt)
    if (sentAt > 0) this.wait.note(sentAt - headAt)
    if (answeredAt > 0) this.firstByte.note(answeredAt - sentAt)
    this.total.note(now - startedAt)
  }
}
