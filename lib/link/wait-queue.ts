/** A FIFO queue of waiters, any of which may leave from its place. Every call is O(1). */
export class WaitQueue<W extends object> {
  readonly #waits = new Map<W, Wait<W>>()
  #first: Wait<W> | null = null
  #last: Wait<W> | null = null

  get size(): number {
    return this.#waits.size
  }

  get isEmpty(): boolean {
    return this.#first === null
  }

  has(waiter: W): boolean {
    return this.#waits.has(waiter)
  }

  /** @param waiter is not in the queue yet */
  push(waiter: W): void {
    const wait: Wait<W> = { waiter, before: this.#last, after: null }
    if (this.#last === null) this.#first = wait
    else this.#last.after = wait
    this.#last = wait
    this.#waits.set(waiter, wait)
  }

  /** Removes and returns the waiter that has waited longest; null if the queue is empty. */
  shift(): W | null {
    const first = this.#first
    if (first === null) return null
    this.#leave(first)
    return first.waiter
  }

  /** False if it is not in the queue. */
  remove(waiter: W): boolean {
    const wait = this.#waits.get(waiter)
    if (wait === undefined) return false
    this.#leave(wait)
    return true
  }

  #leave(wait: Wait<W>): void {
    if (wait.before === null) this.#first = wait.after
    else wait.before.after = wait.after
    if (wait.after === null) this.#last = wait.before
    else wait.after.before = wait.before
    this.#waits.delete(wait.waiter)
  }
}

interface Wait<W> {
  readonly waiter: W
  before: Wait<W> | null
  after: Wait<W> | null
}
