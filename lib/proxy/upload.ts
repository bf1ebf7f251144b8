import type { LeastRate } from '../link/least-rate.js'
import { KeptContent } from './kept-content.js'

/** The content of a request on its way: what is kept of it, and how it is waited for. */
export class Upload {
  readonly kept = new KeptContent()
  /** Where content must not come too slowly. */
  pace: LeastRate | null = null
  /**
   * Gathered before a connection is taken: for its `length`, where it comes in chunks and the upstream may speak HTTP/1.0 only
   * (RFC 9112 6.1), or for its `route`, which wants it so.
   */
  gathersFor: 'nothing' | 'length' | 'route' = 'nothing'
  /** Bytes that count as gathered. */
  gathered = 0
  /** We said 100 (Continue), before there was an upstream that could: so that one is not asked for it. */
  expectMet = false
  /** The trailers that go on, as lines; '' for none. */
  trailers = ''

  get isGathered(): boolean {
    return this.gathersFor !== 'nothing'
  }
}
