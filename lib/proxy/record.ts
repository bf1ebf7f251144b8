import type { ExchangeRecord, Outcome } from './events.js'
import type { ExchangeView } from './exchange-view.js'

/** A record under construction: optional fields are added and removed. */
type Draft = { -readonly [K in keyof ExchangeRecord]: ExchangeRecord[K] }

/**
 * The record of an exchange. Made only if the event has a listener.
 *
 * The usual exchange is one literal of one shape, since objects whose fields depend on conditions are slow to create. Fields
 * that are less common are added or deleted: a field that does not apply is absent, never undefined.
 */
export function recordOf(exchange: ExchangeView, outcome: Outcome, endedBy: ExchangeRecord['endedBy']): ExchangeRecord {
  const { settings, client, asked, tries, error, outbound, startedAt, headAt, sentAt, answeredAt } = exchange
  const { carriedBy } = tries
  const { clock, mode, recordFields } = settings
  const { peer } = client
  const total = clock.now() - startedAt
  const record: Draft = {
    id: `x${exchange.number}`,
    startedAt: clock.wallMs() - total,
    mode,
    method: asked.method,
    target: asked.target,
    host: asked.host,
    version: client.version,
    status: exchange.status,
    client: { id: peer.id, nth: peer.requests, address: peer.address },
    upstream:
      carriedBy === null
        ? NO_UPSTREAM
        : {
            id: carriedBy.id,
            nth: tries.nth,
            origin: carriedBy.pool.origin.key,
            address: carriedBy.address,
          },
    bytes: {
      requestHead: asked.headBytes,
      requestContent: exchange.requestContent,
      responseHead: exchange.answered.headBytes,
      responseContent: exchange.responseContent,
    },
    ms: {
      head: between(startedAt, headAt),
      wait: between(headAt, sentAt),
      firstByte: answeredAt === 0 ? -1 : between(sentAt, answeredAt),
      total: round(total),
    },
    retries: tries.retries,
    outcome,
    endedBy,
    clientVerdict: client.verdict,
    upstreamVerdict: exchange.upstreamVerdict ?? 'keep',
  }
  if (carriedBy === null) delete record.upstream
  if (exchange.upstreamVerdict === null) delete record.upstreamVerdict
  if (outbound !== null && outbound.nominated > 0) record.nominated = outbound.nominated
  if (outbound !== null && outbound.refusedUpgrade !== '') record.refusedUpgrade = outbound.refusedUpgrade
  if (exchange.requestId !== '') record.requestId = exchange.requestId
  if (exchange.routed?.named) record.route = exchange.routed.name
  if (peer.tls !== null) {
    record.scheme = 'https'
    if (peer.tls.certificate !== null) record.clientCertificate = peer.tls.certificate.about
  }
  if (recordFields) {
    record.referer = exchange.asked.field('referer')
    record.userAgent = exchange.asked.field('user-agent')
  }
  if (exchange.user !== '') record.user = exchange.user
  if (exchange.repairs > 0) record.repairs = exchange.repairs
  if (error !== null) {
    const { type, stage, side, deadline } = error
    const message = error.told(settings.door)
    record.error = deadline === undefined ? { type, message, stage, side } : { type, message, stage, side, deadline }
  }
  return record
}

/** The placeholder for `upstream`, which is deleted again. */
const NO_UPSTREAM = { id: '', nth: 0, origin: '', address: '' }

/** Milliseconds from one moment to another; 0 if one of them never came. */
const between = (from: number, to: number): number => (from === 0 || to === 0 ? 0 : round(to - from))

/** To the microsecond. */
const round = (ms: number): number => Math.round(ms * 1000) / 1000
