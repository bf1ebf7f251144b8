import type { ClientPeer } from '../net/client/client-stream.js'
import type { OriginPool } from '../net/upstream/origin-pool.js'
import type { UpstreamGroup } from '../net/upstream/upstream-group.js'
import { readCookie, setCookieLine } from '../policy/cookie.js'
import { hashKey } from '../policy/hash-key.js'
import type { RequestHead } from '../wire/request-head.js'

/**
 * Chooses the server of a group for a request, initially and after a failure, and remembers what the next choice needs. Created
 * only for groups in which there is a choice.
 */
export class Choice {
  /** The servers that have failed for this request. */
  private readonly tried: OriginPool[] = []
  /** The `Set-Cookie` line that brings the client back to its server; '' for none. */
  stickyLine = ''

  private constructor(
    private readonly group: UpstreamGroup,
    /** The value that is hashed; '' for none. */
    private readonly key: string,
    private readonly secure: boolean,
  ) {}

  static of(group: UpstreamGroup, head: RequestHead, client: ClientPeer): Choice {
    const { hash, balance } = group.spec
    const key = balance.balance === 'hash' ? hashKey(head.lines, hash, client.address) : ''
    return new Choice(group, key, client.scheme === 'https')
  }

  /** The server for a request, null when none is left. A client that has authenticated a connection to a server stays with it. */
  first(head: RequestHead, { logins }: ClientPeer, now: number): OriginPool | null {
    const { group, key, tried } = this
    const own = logins === null ? null : logins.among(group)
    if (own !== null) return own
    const { sticky } = group.spec
    if (sticky === '') return group.choose(now, key, tried)
    const held = group.bySticky(readCookie(head.lines, sticky), now)
    if (held !== null) return held
    const chosen = group.choose(now, key, tried)
    if (chosen !== null) this.holdTo(chosen)
    return chosen
  }

  /**
   * A server other than `failed` and those that failed before; null when there is none, or no more may be tried.
   * @param chunked the content is chunked, so the server must be known to accept chunks
   */
  next(failed: OriginPool, chunked: boolean, now: number): OriginPool | null {
    const { group, key, tried } = this
    tried.push(failed)
    if (tried.length > group.spec.retries) return null
    const next = group.choose(now, key, tried)
    if (next === null || (chunked && next.sendsChunks(false) !== 'chunked')) return null
    if (group.spec.sticky !== '') this.holdTo(next)
    return next
  }

  /** From now on the client returns to this server, if it accepts cookies. */
  private holdTo(pool: OriginPool): void {
    const { group, secure } = this
    this.stickyLine = setCookieLine(group.spec.sticky, group.stickyId(pool), { path: '/', secure })
  }
}
