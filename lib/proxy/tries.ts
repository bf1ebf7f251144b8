import type { RetryBudget } from '../link/retry-budget.js'
import type { UpstreamPeer } from '../net/upstream/upstream-stream.js'
import type { Choice } from './choose.js'

/** The tries of a request at upstreams: how many there were, and what is known of the last one. */
export class Tries {
  /** How often it was given to another connection or server, and how often of these something of it may have been sent before. */
  retries = 0
  resent = 0
  /** Where this try counts as one that another server had before it, until a byte of an answer is here. */
  private budget: RetryBudget | null = null
  /** What is remembered of the choice of a server; null: there was none to make. */
  choice: Choice | null = null
  // The last one.
  /** The connection, which outlives the exchange, and how many requests it had carried with this one. */
  carriedBy: UpstreamPeer | null = null
  nth = 0
  /** The upstream was told that its connection will close. */
  saidClose = false
  /** The upstream's 408 spoke of its idle limit. */
  stale = false
  /** It carries credentials for an upstream connection on which its client had logged in, or begun to, before. */
  goesOnWithLogin = false

  beginBudget(budget: RetryBudget): void {
    budget.underWay++
    this.budget = budget
  }

  /** The retry has its answer, or none will come: another request may be sent again in its place. */
  endBudget(): void {
    if (this.budget === null) return
    this.budget.underWay--
    this.budget = null
  }
}
