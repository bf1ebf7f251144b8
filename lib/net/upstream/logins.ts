import type { OriginPool } from './origin-pool.js'
import type { UpstreamConnection } from './upstream-connection.js'

/**
 * The upstream connections on which one client connection has logged in, or was asked to (RFC 4559 6): they are its own, the only ones
 * that its requests to there ride on, and they end with it. At most one for each pool.
 */
export class Logins {
  private readonly own: UpstreamConnection[] = []

  /** From now on `connection`, which is in use, belongs to this client connection. */
  reserve(connection: UpstreamConnection): void {
    connection.logins = this
    connection.pool.book.reserve(connection)
    this.own.push(connection)
  }

  /** The member of a group on which it has logged in last; null: none. */
  among(group: { holds(pool: OriginPool): boolean }): OriginPool | null {
    return this.own.findLast(({ pool }) => group.holds(pool))?.pool ?? null
  }

  /** Its own connection of this pool; null: it has none there. */
  of(pool: OriginPool): UpstreamConnection | null {
    return this.own.find(own => own.pool === pool) ?? null
  }

  /** For the pools: this connection is gone. */
  lost(connection: UpstreamConnection): void {
    const at = this.own.indexOf(connection)
    if (at >= 0) this.own.splice(at, 1)
  }

  /** The client connection is no more. What carries an exchange, or is a tunnel, ends with that. */
  end(): void {
    for (const connection of [...this.own]) {
      connection.heir = null
      if (connection.entry.state === 'reserved') connection.end('login-ended')
    }
  }
}
