import { PoolBook, type PoolLimits } from '../../lib/link/pool-book.js'
import { PoolEntry } from '../../lib/link/pool-entry.js'

export const LIMITS: PoolLimits = {
  upstreamConnectionsMax: 2,
  upstreamIdleMax: 2,
  upstreamWaitingMax: 2,
  upstreamRequestsMax: 0,
  upstreamAgeMs: 0,
  upstreamIdleMs: 4_000,
}

export class Connection {
  readonly entry: PoolEntry<Connection> = new PoolEntry<Connection>(this)
  constructor(readonly name: string) {}
}

export interface Waiter {
  readonly name: string
}

export const w1 = { name: 'w1' }
export const w2 = { name: 'w2' }
export const w3 = { name: 'w3' }

/** A book, the connections that it had closed, and a function that makes a busy connection. */
export function bench(limits: Partial<PoolLimits> = {}) {
  const closed: string[] = []
  const book = new PoolBook<Connection, Waiter>('http://h:1', { ...LIMITS, ...limits }, (connection, reason) => {
    closed.push(`${connection.name} ${reason}`)
  })
  const dialed = (name: string, now = 0, jitter = 0): Connection => {
    if (book.acquire({ name }, now, true) !== 'dial') throw new Error(`no room for ${name}`)
    const connection = new Connection(name)
    book.dialed(connection, now, jitter)
    return connection
  }
  return { book, closed, dialed }
}
