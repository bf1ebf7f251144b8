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

// What happens to the content of a request before it is sent: it is gathered or kept, or refused as too long or too slow.

/** The request has content, which is about to arrive. @param bytesPerSecondMin the minimum rate; 0: none */
export function beginUpload(bytesPerSecondMin: number, now: number): Upload {
  const upload = new Upload()
  if (bytesPerSecondMin === 0) return upload
  upload.pace = new LeastRate(bytesPerSecondMin)
  upload.pace.begin(now)
  return upload
}

/** Why the content is gathered before a connection is acquired, if it is. */
export function gathersFor({ framing }: RequestHead, pool: OriginPool, routed: Route | null): Upload['gathersFor'] {
  if (framing === 'chunked' && pool.sendsChunks(true) === 'length') return 'length'
  return routed !== null && routed.bufferRequestBytes > 0 && framing !== 'none' ? 'route' : 'nothing'
}

/** Whether the request must not be sent twice (RFC 9110 9.2.2), or cannot be, because not all of its content will be kept. */
export function isOnlyOnce(head: RequestHead, { retryBytesMax }: Limits): boolean {
  if (!isIdempotent(head.method)) return true
  return head.framing === 'chunked' || head.contentLength > retryBytesMax
}

/**
 * Whether the client waits for a 100 that no upstream can send, since none is asked before the content is here (RFC 9110 10.1.1).
 */
export function meetsExpect(head: RequestHead): boolean {
  return head.minor === 1 && readExpect(head.lines) === 'continue'
}

/** Content that is too long is refused as soon as that is known (RFC 9110 15.5.14). @returns null: it is not too long */
export function tooLong(bytes: number, { requestContentBytesMax }: Limits): ProxyError | null {
  if (requestContentBytesMax === 0 || bytes <= requestContentBytesMax) return null
  return new ProxyError('http_request_error', `the content is longer than ${requestContentBytesMax} bytes`, {
    stage: 'request-body',
    side: 'client',
    status: 413,
    remedy: { settings: ['requestContentBytesMax'] },
  })
}

/** Notes that `bytes` have arrived. @returns null: fast enough so far */
export function tooSlow(pace: LeastRate, bytes: number, bytesPerSecondMin: number, now: number): ProxyError | null {
  pace.moved(bytes, now)
  if (!pace.tooSlow(now)) return null
  return new ProxyError(
    'http_request_error',
    `the content arrives more slowly than ${bytesPerSecondMin} bytes per second`,
    {
      stage: 'request-body',
      side: 'client',
      status: 408,
      remedy: { settings: ['uploadRate'] },
    },
  )
}

/**
 * Counts `bytes` more as gathered.
 * @returns null: gathering continues; `pass-on`: the content is passed on as it arrives; or why it cannot be sent at all
 */
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
  if (!isFull && kept.bytes <= most) return null
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

/** Its content is no longer held, or soon will not be. */
export function ungather(counts: Pick<ExchangeCounts, 'gathered'>, upload: Upload): void {
  counts.gathered -= upload.gathered
  upload.gathered = 0
}

/**
 * Whether gathered content that was chunked is sent with a length, which servers made for CGI or HTTP/1.0 need. Trailers need
 * chunks (RFC 9110 6.5.1): content with trailers stays chunked, unless the upstream speaks HTTP/1.0; then the trailers are
 * dropped (RFC 9112 7.1.2).
 */
export function getsLength({ gathersFor, trailers }: Upload, framing: RequestHead['framing']): boolean {
  return framing === 'chunked' && (gathersFor === 'length' || trailers === '')
}
