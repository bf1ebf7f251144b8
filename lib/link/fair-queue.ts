/**
 * A queue for work of which only a few items may run at once, shared fairly by key (an address, a /64). The keys take turns, so a
 * key with a lot of work delays only itself. The number of waiting items is bounded: when all places are taken, a new item
 * displaces the last one of the key with most places, unless that is its own key.
 */
export class FairQueue<T> {
  readonly #settings: FairQueueSettings
  /** The waiting work by key; the key that is next comes first. */
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
      displaced = longest.pop()! // it has at least two
      this.#waiting--
    }
    if (own === undefined) this.#lines.set(key, [work])
    else own.push(work)
    this.#waiting++
    return { state: 'wait', displaced }
  }

  /** An item has finished. @returns the item to run in its place; null: nothing waits */
  next(): T | null {
    for (const [key, line] of this.#lines) {
      const work = line.shift()!
      this.#waiting--
      this.#lines.delete(key)
      if (line.length > 0) this.#lines.set(key, line) // after all others
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
  /** For all keys together. */
  readonly waitingMax: number
}

export interface Joined<T> {
  /** `run`: start it now; `wait`: `next` will return it; `full`: it was not accepted. */
  readonly state: 'run' | 'wait' | 'full'
  /** An item that was waiting and will never run, because its place was taken. */
  readonly displaced: T | null
}
