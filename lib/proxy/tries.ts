import type { RetryBudget } from '../link/retry-budget.js'
import type { UpstreamPeer } from '../net/upstream/upstream-stream.js'
import type { Choice } from './choose.js'

/** The attempts to send a request: how many there were, and what is known of the last one. */
export class Tries {
  /**
   * How often it was given to another connection or server, and in how many of these cases part of it may already have been sent.
   */
  retries = 0
  resent = 0
  /** The retry budget that this attempt is charged to, until the first byte of a response arrives; null: none. */
  private budget: RetryBudget | null = null
  /** What is remembered of the choice of a server; null: there was nothing to choose. */
  choice: Choice | null = null
  // The last attempt.
  /** The connection, which outlives the exchange, and how many requests it had carried, including this one. */
  carriedBy: UpstreamPeer | null = null
  nth = 0
  /** The request told the upstream that the connection will close. */
  saidClose = false
  /** The upstream's 408 was about its idle limit. */
  stale = false
  /** It carries credentials for an upstream connection that its client had authenticated, or begun to, before. */
  goesOnWithLogin = false

  beginBudget(budget: RetryBudget): void {
    budget.underWay++
    this.budget = budget
  }

  /** The retry has a response, or none will come: its place in the budget is free for another request. */
  endBudget(): void {
    if (this.budget === null) return
    this.budget.underWay--
    this.budget = null
  }
}
