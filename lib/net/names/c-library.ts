import { lookup } from 'node:dns'
import type { Address } from '../address.js'

/**
 * `getaddrinfo` of the C library, which finds names that are neither in the hosts file nor in DNS. It holds one of the four threads that
 * Node has for files, compression and passwords as well, for as long as it takes, and nothing frees that. So one name is asked for
 * at a time, few wait, and nobody waits for long.
 */
export class CLibrary {
  private busy = 0
  private readonly waiting = new Set<Wait>()

  constructor(
    private readonly ask: AskCLibrary = getaddrinfo,
    private readonly atOnceMax = AT_ONCE_MAX,
  ) {}

  /**
   * `done` is called once, later: without addresses when there are none, or nobody could be asked.
   * @returns forgets about it; `done` is not called then
   */
  find(name: string, done: (addresses: readonly Address[]) => void): () => void {
    const wait: Wait = { name, done }
    if (this.waiting.size >= WAITING_MAX) setImmediate(() => this.tell(wait, []))
    else this.waiting.add(wait)
    this.next()
    return () => {
      wait.done = null
      this.waiting.delete(wait)
    }
  }

  private next(): void {
    for (const wait of this.waiting) {
      if (this.busy >= this.atOnceMax) return
      this.waiting.delete(wait)
      this.busy++
      this.ask(wait.name, addresses => {
        this.busy--
        this.tell(wait, addresses)
        this.next()
      })
    }
  }

  private tell(wait: Wait, addresses: readonly Address[]): void {
    const { done } = wait
    wait.done = null
    done?.(addresses)
  }
}

/** Calls back once, later. */
export type AskCLibrary = (name: string, done: (addresses: readonly Address[]) => void) => void

interface Wait {
  readonly name: string
  done: ((addresses: readonly Address[]) => void) | null
}

/** Of the four threads of Node. */
const AT_ONCE_MAX = 1
const WAITING_MAX = 64

function getaddrinfo(name: string, done: (addresses: readonly Address[]) => void): void {
  lookup(name, { all: true, order: 'verbatim' }, (error, addresses) =>
    done(error === null ? (addresses as Address[]) : []),
  )
}
