import { BoundedMap } from '../link/bounded-map.js'
/**
 * Lets only so many be at it at the same time, and only few begin in one turn of the event loop; the others follow in the order in which
 * they came. For names that are watched: thousands of them, asked for at once, would hold up the thread that serves, and as
 * many sockets would be open.
 */
export class Turns {
  private busy = 0
  private begun = 0
  private resting = false
  private readonly waiting = new Set<() => void>()

  constructor(
    private readonly atOnceMax: number,
    private readonly beginMax = BEGIN_MAX,
  ) {}

  /**
   * Calls `begin` now or when it is its turn; it must not throw.
   * @returns ends the turn, or gives it up; may be called again
   */
  take(begin: () => void): () => void {
    let state: 'waiting' | 'busy' | 'over' = 'waiting'
    const turn = (): void => {
      state = 'busy'
      begin()
    }
    this.waiting.add(turn)
    this.go()
    return () => {
      const before = state
      state = 'over'
      if (before === 'waiting') this.waiting.delete(turn)
      if (before !== 'busy') return
      this.busy--
      this.go()
    }
  }

  private go(): void {
    for (const turn of this.waiting) {
      if (this.busy >= this.atOnceMax) return
      if (this.begun >= this.beginMax) {
        this.rest()
        return
      }
      this.waiting.delete(turn)
      this.busy++
      this.begun++
      this.rest()
      turn()
    }
  }

  /** From the next turn of the event loop on, others may begin. */
  private rest(): void {
    if (this.resting) return
    this.resting = true
    setImmediate(() => {
      this.resting = false
      this.begun = 0
      this.go()
    })
  }
}

/** Rounds of questions at once: their answers are there within milliseconds, and the silent ones leave room for others. */
const ROUNDS_MAX = 64
/** Beginning one takes some 0.1 ms. */
const BEGIN_MAX = 8
/** Sets of name servers that are told apart. */
const SETS_MAX = 64
const byServers = new BoundedMap<Turns>(SETS_MAX)

/** Those who ask the same name servers take turns; who asks others, silent or not, is no hindrance. */
export function turnsAt(nameservers: readonly string[] | null): Turns {
  const key = nameservers?.join() ?? ''
  const known = byServers.get(key)
  if (known !== undefined) return known
  const turns = new Turns(ROUNDS_MAX)
  byServers.set(key, turns)
  return turns
}
