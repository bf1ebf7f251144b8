import type { ExchangeRecord, Outcome } from './events.js'
import type { Exchange } from './forward.js'

/** The exchange as those who watch it see it. Made only when somebody listens. */
export function recordOf(exchange: Exchange, outcome: Outcome, endedBy: ExchangeRecord['endedBy']): ExchangeRecord {
  const { engine, client, carriedBy, error, outbound, startedAt } = exchange
  const { clock, mode } = engine.settings
  const now = clock.now()
  const total = now - startedAt
  const since = (from: number, to: number): number => (from === 0 || to === 0 ? 0 : round(to - from))
  return {
    id: `x${exchange.number}`,
    startedAt: clock.wallMs() - total,
    mode,
    method: exchange.asked.method,
    target: exchange.asked.target,
    host: exchange.asked.host,
    version: exchange.asked.minor === 0 ? '1.0' : '1.1',
    status: exchange.status,
    client: { id: client.id, nth: client.requests, address: client.address },
    ...(carriedBy === null
      ? {}
      : {
          upstream: {
            id: carriedBy.id,
            nth: exchange.carriedNth,
            origin: carriedBy.pool.origin.key,
            address: carriedBy.address,
          },
        }),
    bytes: {
      requestHead: exchange.asked.headOctets,
      requestContent: exchange.requestContent,
      responseHead: exchange.answered.headOctets,
      responseContent: exchange.responseContent,
    },
    ms: {
      head: since(startedAt, exchange.headAt),
      wait: since(exchange.headAt, exchange.sentAt),
      firstByte: exchange.answeredAt === 0 ? -1 : since(exchange.sentAt, exchange.answeredAt),
      total: round(total),
    },
    retries: exchange.retries,
    outcome,
    ...(error === null
      ? {}
      : {
          error: {
            type: error.type,
            message: error.message,
            stage: error.stage,
            side: error.side,
            ...(error.deadline === undefined ? {} : { deadline: error.deadline }),
          },
        }),
    endedBy,
    clientVerdict: exchange.clientVerdict,
    ...(exchange.upstreamVerdict === null ? {} : { upstreamVerdict: exchange.upstreamVerdict }),
    ...(outbound !== null && outbound.nominated > 0 ? { nominated: outbound.nominated } : {}),
    ...(outbound !== null && outbound.refusedUpgrade !== '' ? { refusedUpgrade: outbound.refusedUpgrade } : {}),
    ...(exchange.repairs > 0 ? { repairs: exchange.repairs } : {}),
  }
}

/** Milliseconds to the microsecond. */
const round = (ms: number): number => Math.round(ms * 1000) / 1000
