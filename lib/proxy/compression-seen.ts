import type { OriginPool } from '../net/upstream/origin-pool.js'
import { compressionShown } from '../policy/compressible.js'
import type { ResponseHead } from '../wire/response-head.js'
import type { Exchange } from './forward.js'

/** Notes whether a server compresses what it may, for requests that carry our Via: some compress only for those without (nginx). */
export function lookForCompression({ settings, outbound }: Exchange, head: ResponseHead, pool: OriginPool): void {
  if (!settings.viaRequest || !pool.isMember || outbound === null) return
  const shown = compressionShown(head, outbound.text())
  if (shown === 'compressed') pool.compressedSeen++
  else if (shown === 'plain') pool.plainSeen++
}
