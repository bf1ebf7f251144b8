import type { ClientPeer } from '../net/client/client-stream.js'
import type { OriginPool } from '../net/upstream/origin-pool.js'
import type { UpstreamGroup } from '../net/upstream/upstream-group.js'
import { readCookie, setCookieLine } from '../policy/cookie.js'
import { hashKey } from '../policy/hash-key.js'
import type { RequestHead } from '../wire/request-head.js'

/**
 * Which server of a group gets a request, first and after a failure; and what is remembered of it for the next choice. Made only for
 * groups in which there is something to choose.
 */
export class Choice {
  /** The servers that have failed with it. */
  private readonly tried: OriginPool[] = []
  /** The `Set-Cookie` line that brings the client back to its server; ''. */
  stickyLine = ''

  private constructor(
    private readonly group: UpstreamGroup,
    /** What the request is distinguished by, '' for nothing. */
    private readonly key: string,
    private readonly secure: boolean,
  ) {}

  static of(group: UpstreamGroup, head: RequestHead, client: ClientPeer): Choice {
    const { hash, balance } = group.spec
    const key = balance.balance === 'hash' ? hashKey(head.lines, hash, client.address) : ''
    return new Choice(group, key, client.scheme === 'https')
  }

  /**
   * The server for a request, null when none is left. A client that has logged in on a connection to one of the servers comes back to that
   * one.
   */
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
   * Another server than `failed`, and than those that failed before it; null when there is none, or no more of them may be tried.
   * @param chunked the content comes in chunks, so the server must be known to take them
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

  /** From now on the client comes back to this server, if it keeps cookies. */
  private holdTo(pool: OriginPool): void {
    const { group, secure } = this
    this.stickyLine = setCookieLine(group.spec.sticky, group.stickyId(pool), { path: '/', secure })
  }
}
