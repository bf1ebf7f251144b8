/**
 * Work of which only a little may run at once, shared out by key (an address, a /64): the keys take turns, so one that brings a lot
 * delays its own work and not that of others. What waits is bounded: when all places are taken, a newcomer gets the last place of the
 * key that has most of them, unless that is its own key.
 */
export class FairQueue<T> {
  readonly #settings: FairQueueSettings
  /** What waits, by key; the key whose turn it is comes first. */
  readonly #lines = new Map<string, T[]>()
  #running = 0
  #waiting = 0

  constructor(settings: FairQueueSettings) {
    this.#settings = settings
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiting
  }

  join(key: string, work: T): Joined<T> {
    if (this.#running < this.#settings.runningMax) {
      this.#running++
      return { state: 'run', displaced: null }
    }
    const own = this.#lines.get(key)
    let displaced: T | null = null
    if (this.#waiting >= this.#settings.waitingMax) {
      const longest = this.#longest()
      if (longest.length <= (own?.length ?? 0) + 1) return { state: 'full', displaced: null }
      displaced = longest.pop()! // it has two at least
      this.#waiting--
    }
    if (own === undefined) this.#lines.set(key, [work])
    else own.push(work)
    this.#waiting++
    return { state: 'wait', displaced }
  }

  /** One that ran is over. @returns what runs in its place; null: nothing waits */
  next(): T | null {
    for (const [key, line] of this.#lines) {
      const work = line.shift()!
      this.#waiting--
      this.#lines.delete(key)
      if (line.length > 0) this.#lines.set(key, line) // behind all others
      return work
    }
    this.#running--
    return null
  }

  #longest(): T[] {
    let longest: T[] = []
    for (const line of this.#lines.values()) if (line.length > longest.length) longest = line
    return longest
  }
}

export interface FairQueueSettings {
  /** At least 1. */
  readonly runningMax: number
  /** Of all keys together. */
  readonly waitingMax: number
}

export interface Joined<T> {
  /** `run`: it has to be begun now; `wait`: `next` will give it out; `full`: it was not taken. */
  readonly state: 'run' | 'wait' | 'full'
  /** It waited, and will never run: its place was taken. */
  readonly displaced: T | null
}
