import type { OriginPool } from '../net/upstream/origin-pool.js'
import { compressionShown } from '../policy/compressible.js'
import type { OutboundRequest } from '../policy/rewrite-request.js'
import type { ResponseHead } from '../wire/response-head.js'

/**
 * Records in the pool whether a server compresses compressible content when the request carries our Via: some servers (nginx)
 * compress only for requests without Via.
 */
export function noteCompression(pool: OriginPool, sent: OutboundRequest, head: ResponseHead): void {
  const shown = compressionShown(head, sent.text())
  if (shown === 'compressed') pool.record.compressedSeen++
  else if (shown === 'plain') pool.record.plainSeen++
}
