import type { LeastRate } from '../link/least-rate.js'
import { KeptContent } from './kept-content.js'

/** The content of a request in transit: what is kept of it, and how its arrival is timed. */
export class Upload {
  readonly kept = new KeptContent()
  /** Measures the minimum rate of the content; null: there is none. */
  pace: LeastRate | null = null
  /**
   * Why content is gathered before a connection is acquired: for its `length`, if it is chunked and the upstream may speak only
   * HTTP/1.0 (RFC 9112 6.1), or for its `route`, which asks for it.
   */
  gathersFor: 'nothing' | 'length' | 'route' = 'nothing'
  /** Bytes that count as gathered. */
  gathered = 0
  /** We sent 100 (Continue) before there was an upstream that could, so the upstream is not asked for it. */
  expectMet = false
  /** The forwarded trailers, as lines; '' for none. */
  trailers = ''

  get isGathered(): boolean {
    return this.gathersFor !== 'nothing'
  }
}
