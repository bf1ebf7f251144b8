import { ID } from '../wire/names.js'
import type { ResponseHead } from '../wire/response-head.js'

/** Shorter content gains little from compression, and servers have a minimum length of their own. */
const COMPRESSIBLE_MIN = 4_096

const TEXT = /^(?:text\/|image\/svg\+xml|application\/(?:[\w.-]+\+)?(?:json|xml|javascript)\b)/i
const TAKES_GZIP = /\r\naccept-encoding:[^\r]*\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*[,\r])/i

/**
 * What a response shows about whether its server compresses: 'compressed', or 'plain' for long text that could have been
 * compressed (RFC 9110 8.4, 12.5.3) and was not protected by `no-transform` (RFC 9111 5.2.2.6). Any other response shows nothing.
 * @param request the head of the request as it was sent
 */
export function compressionShown(head: ResponseHead, request: string): 'compressed' | 'plain' | 'nothing' {
  const { lines, status, framing, contentLength } = head
  const coding = lines.find(ID['content-encoding'])
  if (coding >= 0) return lines.value(coding).toLowerCase() === 'identity' ? 'nothing' : 'compressed'
  if (status !== 200 || framing !== 'length' || contentLength < COMPRESSIBLE_MIN) return 'nothing'
  const type = lines.find(ID['content-type'])
  if (type < 0 || !TEXT.test(lines.value(type))) return 'nothing'
  const cache = lines.find(ID['cache-control'])
  if (cache >= 0 && /no-transform/i.test(lines.value(cache))) return 'nothing'
  return TAKES_GZIP.test(request) ? 'plain' : 'nothing'
}
