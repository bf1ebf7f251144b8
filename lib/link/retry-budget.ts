/**
 * Limits how many requests of a group may be retried at once after part of them was sent. If one server fails, its requests find
 * another one; if all fail, or one kind of request breaks every server, the servers do not get much more load than clients cause.
 * As in Envoy: a share of the requests under way, and always a few.
 */
export class RetryBudget {
  /** The retries under way that have not received a byte of a response yet. */
  underWay = 0

  /** @param load the requests of the group that are under way or waiting, including retries */
  admits(load: number): boolean {
    return this.underWay < Math.max(ALWAYS, load * SHARE)
  }
}

const SHARE = 0.2
const ALWAYS = 3
