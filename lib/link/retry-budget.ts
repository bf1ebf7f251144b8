/**
 * How many requests of a group may be under way for another time at once, after something of them was sent before. Where one server
 * fails, they find another one; where all fail, or one kind of request breaks every server, nobody gets much more than what clients ask
 * for. As Envoy has it: a share of what is under way, and always a few.
 */
export class RetryBudget {
  /** Those under way that have not had a byte of an answer yet. */
  underWay = 0

  /** @param load requests that the group has under way and waiting, those that are sent again included */
  admits(load: number): boolean {
    return this.underWay < Math.max(ALWAYS, load * SHARE)
  }
}

const SHARE = 0.2
const ALWAYS = 3
