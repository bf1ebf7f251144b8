import { isIdempotent } from '../link/exchange-facts.js'
import { LeastRate } from '../link/least-rate.js'
import type { Limits } from '../link/limits.js'
import { ProxyError } from '../link/proxy-error.js'
import type { OriginPool } from '../net/upstream/origin-pool.js'
import { readExpect } from '../policy/expect.js'
import type { RequestHead } from '../wire/request-head.js'
import { retriesFresh } from './choose.js'
import type { Engine } from './engine.js'
import type { Exchange } from './forward.js'
import type { Route } from './options/route-options.js'
import { rewriteAgain } from './rewrite-again.js'
import { Upload } from './upload.js'

// What becomes of a request's content before it is on its way: kept, gathered, or too slow to be waited for.

/** Content is going to come. */
export function beginUpload(exchange: Exchange): void {
  const { settings, client } = exchange
  const upload = new Upload()
  exchange.upload = upload
  if (settings.uploadBytesPerSecondMin === 0) return
  upload.pace = new LeastRate(settings.uploadBytesPerSecondMin)
  upload.pace.begin(client.readAt)
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

/** More content than a request may have is refused as soon as that is known (RFC 9110 15.5.14). */
export function isTooLong(exchange: Exchange, octets: number): boolean {
  const { requestContentBytesMax } = exchange.settings.limits
  if (requestContentBytesMax === 0 || octets <= requestContentBytesMax) return false
  const what = `the content is longer than ${requestContentBytesMax} octets`
  exchange.fail(
    new ProxyError('http_request_error', what, {
      stage: 'request-body',
      side: 'client',
      status: 413,
      remedy: { settings: ['requestContentBytesMax'] },
    }),
  )
  return true
}

/** Has the sender had its time? Then it is told so. */
export function isTooSlow(exchange: Exchange, { expectMet }: Upload, pace: LeastRate, octets: number): boolean {
  const { settings, client, outbound, requestContent } = exchange
  // Who was to wait for a 100 has its time from now on.
  if ((expectMet || outbound?.expectContinue === true) && requestContent === octets) pace.begin(client.readAt)
  pace.moved(octets, client.readAt)
  if (!pace.tooSlow(client.readAt)) return false
  exchange.engine.counts.refusedAsTooSlow++
  const what = `the content comes more slowly than ${settings.uploadBytesPerSecondMin} octets in a second`
  const error = new ProxyError('http_request_error', what, {
    stage: 'request-body',
    side: 'client',
    status: 408,
    remedy: { settings: ['uploadRate'] },
  })
  exchange.fail(error, 'client-gone', 'client-body-timeout')
  return true
}

/** Keeps content while it may have to be sent (again), as far as the limit goes. */
export function keepContent(exchange: Exchange, upload: Upload, bytes: Buffer, from: number, to: number): void {
  const { upstream, settings, asked } = exchange
  const { kept } = upload
  const { retryBytesMax } = settings.limits
  const sendable = upstream === null || (isIdempotent(asked.method) && (upstream.reused || retriesFresh(exchange)))
  if (!sendable || (upstream !== null && kept.octets + to - from > retryBytesMax)) {
    kept.drop()
    ungather(exchange.engine, upload)
    return
  }
  kept.add(bytes, from, to)
  if (upload.isGathered) boundGathering(exchange, upload, to - from)
}

/** So much more is gathered: it goes on as it came when that is more than may be, of this request or of all. */
function boundGathering(exchange: Exchange, upload: Upload, octets: number): void {
  const { routed, engine } = exchange
  const { kept, gathersFor } = upload
  const { retryBytesMax, gatheredBytesMax } = exchange.settings.limits
  upload.gathered += octets
  engine.counts.gathered += octets
  const isFull = engine.counts.gathered > gatheredBytesMax
  const bytes = routed?.bufferRequestBytes ?? 0
  const forRoute = gathersFor === 'route'
  const most = forRoute ? bytes : Math.max(retryBytesMax, bytes)
  if (!isFull && kept.octets <= most) return
  if (forRoute || exchange.pool!.sendsChunks(false) === 'chunked') {
    passOn(exchange, upload)
    return
  }
  const what = 'the upstream speaks HTTP/1.0, so content needs a length, and '
  const stage = 'request-body'
  exchange.fail(
    isFull
      ? new ProxyError(
          'proxy_internal_response',
          `${what}no more than ${gatheredBytesMax} bytes are gathered at once`,
          {
            stage,
            side: 'proxy',
            status: 503,
            remedy: { settings: ['gatheredBytesMax'] },
          },
        )
      : new ProxyError('http_request_error', `${what}chunked content of more than ${most} bytes is not gathered`, {
          stage,
          side: 'client',
          status: 411,
          remedy: { settings: ['retryBytesMax'] },
        }),
  )
}

/** Its content is not held any more, or will not be for long. */
export function ungather({ counts }: Engine, upload: Upload): void {
  counts.gathered -= upload.gathered
  upload.gathered = 0
}

/** No upstream is asked before the content is here: so nobody else will tell the client to send it (RFC 9110 10.1.1). */
export function meetsExpect(head: RequestHead): boolean {
  return head.minor === 1 && readExpect(head.lines) === 'continue'
}

/** It grows too long to be gathered: it goes on as it came. */
function passOn(exchange: Exchange, upload: Upload): void {
  upload.gathersFor = 'nothing'
  exchange.acquire(false, exchange.client.readAt)
}

/**
 * The content is here. Where it came in chunks it has a length now, which servers need that were made for CGI or for HTTP/1.0.
 * Trailers need chunks (RFC 9110 6.5.1): so they keep them, unless the upstream speaks HTTP/1.0, where they are left out (RFC 9112 7.1.2).
 */
export function sendGathered(exchange: Exchange, upload: Upload): void {
  const forLength = upload.gathersFor === 'length'
  upload.gathersFor = 'nothing'
  if (exchange.asked.framing === 'chunked' && (forLength || upload.trailers === ''))
    rewriteAgain(exchange, upload.kept.octets)
  exchange.acquire(false, exchange.client.readAt)
}
