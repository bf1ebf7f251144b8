import { isIdempotent } from '../link/exchange-facts.js'
import { LeastRate } from '../link/least-rate.js'
import type { Limits } from '../link/limits.js'
import { ProxyError } from '../link/proxy-error.js'
import type { OriginPool } from '../net/upstream/origin-pool.js'
import { readExpect } from '../policy/expect.js'
import type { RequestHead } from '../wire/request-head.js'
import type { ExchangeCounts } from './engine.js'
import type { Route } from './options/route-options.js'
import { Upload } from './upload.js'

// What becomes of a request's content before it is on its way: gathered, kept, too long, or too slow to be waited for.

/** Content is going to come. @param bytesPerSecondMin 0: it may come as slowly as it likes */
export function beginUpload(bytesPerSecondMin: number, now: number): Upload {
  const upload = new Upload()
  if (bytesPerSecondMin === 0) return upload
  upload.pace = new LeastRate(bytesPerSecondMin)
  upload.pace.begin(now)
  return upload
}

/** Why the content is gathered before a connection is taken, if it is. */
export function gathersFor({ framing }: RequestHead, pool: OriginPool, routed: Route | null): Upload['gathersFor'] {
  if (framing === 'chunked' && pool.sendsChunks(true) === 'length') return 'length'
  return routed !== null && routed.bufferRequestBytes > 0 && framing !== 'none' ? 'route' : 'nothing'
}

/** Must this request not be sent twice, whatever happens (RFC 9110 9.2.2), or can it not, as not all of its content will be kept? */
export function isOnlyOnce(head: RequestHead, { retryBytesMax }: Limits): boolean {
  if (!isIdempotent(head.method)) return true
  return head.framing === 'chunked' || head.contentLength > retryBytesMax
}

/** The client waits for a 100 that no upstream can say: none is asked before the content is here (RFC 9110 10.1.1). */
export function meetsExpect(head: RequestHead): boolean {
  return head.minor === 1 && readExpect(head.lines) === 'continue'
}

/** More content than a request may have is refused as soon as that is known (RFC 9110 15.5.14). @returns null: it is not too long */
export function tooLong(bytes: number, { requestContentBytesMax }: Limits): ProxyError | null {
  if (requestContentBytesMax === 0 || bytes <= requestContentBytesMax) return null
  return new ProxyError('http_request_error', `the content is longer than ${requestContentBytesMax} bytes`, {
    stage: 'request-body',
    side: 'client',
    status: 413,
    remedy: { settings: ['requestContentBytesMax'] },
  })
}

/** So many bytes have come. @returns null: fast enough, so far */
export function tooSlow(pace: LeastRate, bytes: number, bytesPerSecondMin: number, now: number): ProxyError | null {
  pace.moved(bytes, now)
  if (!pace.tooSlow(now)) return null
  return new ProxyError(
    'http_request_error',
    `the content comes more slowly than ${bytesPerSecondMin} bytes per second`,
    {
      stage: 'request-body',
      side: 'client',
      status: 408,
      remedy: { settings: ['uploadRate'] },
    },
  )
}

/** So much more is gathered. @returns null: it may go on so; `pass-on`: it goes on as it came; or why it cannot be sent at all */
export function gather(
  upload: Upload,
  bytes: number,
  counts: Pick<ExchangeCounts, 'gathered'>,
  { retryBytesMax, gatheredBytesMax }: Limits,
  { pool, routed }: { readonly pool: OriginPool | null; readonly routed: Route | null },
): 'pass-on' | ProxyError | null {
  const { kept, gathersFor } = upload
  upload.gathered += bytes
  counts.gathered += bytes
  const isFull = counts.gathered > gatheredBytesMax
  const ofRoute = routed?.bufferRequestBytes ?? 0
  const forRoute = gathersFor === 'route'
  const most = forRoute ? ofRoute : Math.max(retryBytesMax, ofRoute)
  if (!isFull && kept.octets <= most) return null
  if (forRoute || pool!.sendsChunks(false) === 'chunked') {
    upload.gathersFor = 'nothing'
    return 'pass-on'
  }
  const what = 'the upstream speaks HTTP/1.0, so content needs a length, and '
  const stage = 'request-body'
  if (isFull)
    return new ProxyError(
      'proxy_internal_response',
      `${what}no more than ${gatheredBytesMax} bytes are gathered at once`,
      { stage, side: 'proxy', status: 503, remedy: { settings: ['gatheredBytesMax'] } },
    )
  return new ProxyError('http_request_error', `${what}chunked content of more than ${most} bytes is not gathered`, {
    stage,
    side: 'client',
    status: 411,
    remedy: { settings: ['retryBytesMax'] },
  })
}

/** Its content is not held any more, or will not be for long. */
export function ungather(counts: Pick<ExchangeCounts, 'gathered'>, upload: Upload): void {
  counts.gathered -= upload.gathered
  upload.gathered = 0
}

/**
 * The content is here, whole. Where it came in chunks it has a length now, which servers need that were made for CGI or for HTTP/1.0.
 * Trailers need chunks (RFC 9110 6.5.1): with trailers the content stays chunked, unless the upstream speaks HTTP/1.0, where they are left
 * out (RFC 9112 7.1.2).
 */
export function getsLength({ gathersFor, trailers }: Upload, framing: RequestHead['framing']): boolean {
  return framing === 'chunked' && (gathersFor === 'length' || trailers === '')
}
