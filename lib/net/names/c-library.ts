import { lookup } from 'node:dns'
import type { Address } from '../address.js'

/**
 * `getaddrinfo` of the C library, which finds names that are neither in the hosts file nor in DNS. It occupies one of Node's
 * four threads, which files, compression and passwords also need, until it returns, and cannot be cancelled. So names are
 * looked up one at a time, few may wait, and no request waits long.
 */
export class CLibrary {
  private busy = 0
  private readonly waiting = new Set<Wait>()

  constructor(
    private readonly ask: AskCLibrary = getaddrinfo,
    private readonly atOnceMax = AT_ONCE_MAX,
  ) {}

  /**
   * `done` is called once, later: without addresses if there are none or too many lookups are waiting.
   * @returns abandons the lookup; `done` is not called then
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

/** Of Node's four threads. */
const AT_ONCE_MAX = 1
const WAITING_MAX = 64

function getaddrinfo(name: string, done: (addresses: readonly Address[]) => void): void {
  lookup(name, { all: true, order: 'verbatim' }, (error, addresses) =>
    done(error === null ? (addresses as Address[]) : []),
  )
}
