import { BoundedMap } from '../link/bounded-map.js'
/**
 * Limits how many jobs run at the same time and how many begin in one turn of the event loop; the others follow in order of
 * arrival. For watched names: thousands of lookups at once would block the serving thread and open as many sockets.
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
   * Calls `begin` now or when its turn comes; it must not throw.
   * @returns ends the turn, or gives up the place in the queue; may be called more than once
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

  /** Lets more begin in the next turn of the event loop. */
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

/** Lookups at once: answers arrive within milliseconds, and unanswered lookups still leave room for others. */
const ROUNDS_MAX = 64
/** Beginning one takes about 0.1 ms. */
const BEGIN_MAX = 8
/** Sets of name servers that are distinguished. */
const SETS_MAX = 64
const byServers = new BoundedMap<Turns>(SETS_MAX)

/** Lookups at the same name servers take turns; lookups at other servers, responsive or not, do not delay them. */
export function turnsAt(nameservers: readonly string[] | null): Turns {
  const key = nameservers?.join() ?? ''
  const known = byServers.get(key)
  if (known !== undefined) return known
  const turns = new Turns(ROUNDS_MAX)
  byServers.set(key, turns)
  return turns
}
