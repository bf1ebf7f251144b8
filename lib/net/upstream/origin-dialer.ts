import type { DeadlineName } from '../../link/deadlines.js'
import { ProxyError } from '../../link/proxy-error.js'
import type { Address } from '../names/resolver.js'
import { type DialTarget, dialError, whereOf } from './dial.js'
import type { OriginPool } from './origin-pool.js'
import { UpstreamConnection } from './upstream-connection.js'
import type { UpstreamPool } from './upstream-pool.js'
import type { UpstreamWaiter } from './upstream-waiter.js'

/**
 * Makes the connections of one pool: resolves the name, makes room, dials. It knows which waiters still want a connection; a dial
 * whose waiter has withdrawn serves the next waiter.
 */
export class OriginDialer {
  /** The waiters that still want a connection; the value cancels the name lookup that is in progress for the waiter. */
  private readonly wanted = new Map<UpstreamWaiter, (() => void) | null>()
  /** The waiters to dial for in the current call. */
  private readonly due: UpstreamWaiter[] = []

  constructor(
    private readonly pool: OriginPool,
    private readonly all: UpstreamPool,
  ) {}

  /** The waiter wants a connection: one that is being dialled, or an existing one that is about to be handed to it. */
  wants(waiter: UpstreamWaiter): void {
    this.wanted.set(waiter, null)
  }

  /** Ends the wait. False: the waiter had already withdrawn. */
  serves(waiter: UpstreamWaiter): boolean {
    return this.wanted.delete(waiter)
  }

  /** The waiter withdraws: a dial for it continues, a lookup is cancelled. True: there was a lookup, and no dial will follow. */
  withdraw(waiter: UpstreamWaiter): boolean {
    const endLookup = this.wanted.get(waiter) ?? null
    this.wanted.delete(waiter)
    if (endLookup === null) return false
    endLookup()
    return true
  }

  /** Dials for a waiter that the book has counted as dialling. */
  dial(waiter: UpstreamWaiter): void {
    this.wants(waiter)
    this.begin(waiter)
  }

  private begin(waiter: UpstreamWaiter): void {
    if (!this.wanted.has(waiter)) {
      this.pool.undialed(null, null) // it has withdrawn before its turn came: the next one gets its place
      return
    }
    const { host, port, scheme, socketPath } = this.pool.origin
    const target: DialTarget = { host, port, secure: scheme === 'https', addresses: [] }
    if (socketPath !== undefined) {
      this.connect(waiter, { ...target, socketPath })
      return
    }
    const located = (error: ProxyError | null, addresses: readonly Address[]): void => {
      const isWanted = this.serves(waiter)
      if (error !== null || !isWanted) this.pool.undialed(isWanted ? waiter : null, error)
      else this.connect(waiter, { ...target, addresses })
    }
    const endLookup = this.pool.shared.handler.locate(host, port, located, waiter.clientAddress)
    if (endLookup !== null) this.wanted.set(waiter, endLookup)
  }

  /**
   * The same, from within a call that may itself end another dial. A dial that fails at once (its name is cached as unknown)
   * passes its place to the next waiter: in a loop, not by recursion, since a long queue would overflow the stack.
   */
  dialInTurn(waiter: UpstreamWaiter): void {
    this.wants(waiter)
    const { due } = this
    due.push(waiter)
    if (due.length > 1) return
    try {
      for (let nth = 0; nth < due.length; nth++) this.begin(due[nth]!)
    } finally {
      due.length = 0
    }
  }

  private connect(waiter: UpstreamWaiter, target: DialTarget): void {
    const { all, pool } = this
    const { proxyProtocol, limits } = pool.shared
    if (!all.makeRoom()) {
      this.serves(waiter)
      const text = `all ${limits.upstreamConnectionsTotalMax} upstream connections are busy`
      const remedy = { settings: ['upstreamConnectionsTotalMax'] } as const
      pool.undialed(
        waiter,
        new ProxyError('connection_limit_reached', text, { stage: 'acquire', side: 'proxy', remedy }),
      )
      return
    }
    all.dialed++
    this.wants(waiter)
    const to = proxyProtocol === 'off' ? target : { ...target, preface: waiter.preface(proxyProtocol) }
    const connection: UpstreamConnection = new UpstreamConnection(pool, all.number(), to, outcome => {
      all.dials.delete(connection)
      const isWanted = this.serves(waiter)
      if (outcome === null) pool.connected(connection, isWanted ? waiter : null)
      else pool.undialed(isWanted ? waiter : null, this.failure(connection, target, outcome))
    })
    all.dials.add(connection)
  }

  private failure(
    connection: UpstreamConnection,
    target: DialTarget,
    outcome: NodeJS.ErrnoException | DeadlineName | undefined,
  ): ProxyError {
    if (typeof outcome !== 'string') return dialError(outcome ?? null, target, connection.securing)
    const text = `no connection to ${whereOf(target)} within ${this.pool.shared.deadlines[outcome]} ms`
    return new ProxyError('connection_timeout', text, {
      stage: outcome === 'tlsMs' ? 'tls' : 'connect',
      side: 'upstream',
      deadline: outcome,
    })
  }
}
