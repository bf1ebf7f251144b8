import type { OriginPool } from './origin-pool.js'
import type { UpstreamConnection } from './upstream-connection.js'

/**
 * The upstream connections on which one client connection has logged in, or was asked to (RFC 4559 6). They belong to it: its
 * requests to those upstreams use no others, and they end with it. At most one per pool.
 */
export class Logins {
  private readonly own: UpstreamConnection[] = []

  /** Reserves `connection`, which is in use, for this client connection. */
  reserve(connection: UpstreamConnection): void {
    connection.logins = this
    connection.pool.book.reserve(connection)
    this.own.push(connection)
  }

  /** The member of the group on which it logged in last; null: none. */
  among(group: { holds(pool: OriginPool): boolean }): OriginPool | null {
    return this.own.findLast(({ pool }) => group.holds(pool))?.pool ?? null
  }

  /** Its own connection in this pool; null: none. */
  of(pool: OriginPool): UpstreamConnection | null {
    return this.own.find(own => own.pool === pool) ?? null
  }

  /** For the pools: this connection is closed. */
  lost(connection: UpstreamConnection): void {
    const at = this.own.indexOf(connection)
    if (at >= 0) this.own.splice(at, 1)
  }

  /** The client connection has ended. A connection that carries an exchange or is a tunnel ends with that exchange or tunnel. */
  end(): void {
    for (const connection of [...this.own]) {
      connection.heir = null
      if (connection.entry.state === 'reserved') connection.end('login-ended')
    }
  }
}
