import { receivedTrace } from '../policy/trace-context.js'
import type { Lines } from '../wire/lines.js'
import type { Engine } from './engine.js'
import type { ExchangeRecord, Outcome } from './events.js'
import type { ExchangeView } from './exchange-view.js'
import { recordOf } from './record.js'
import type { ExchangeSpan } from './tracer.js'

/** Begins the span of an exchange, if there is a tracer. @param lines null: no head could be read */
export function beginSpan(
  { settings, client, asked, startedAt }: ExchangeView,
  lines: Lines | null,
): ExchangeSpan | null {
  const { tracer, clock } = settings
  if (tracer === null) return null
  return tracer.begin({
    method: asked.method,
    target: asked.target,
    host: asked.host,
    version: client.version,
    scheme: client.peer.scheme,
    clientAddress: client.peer.address,
    startedAt: clock.wallMs() - (clock.now() - startedAt),
    received: lines === null ? null : receivedTrace(lines),
  })
}

/**
 * Reports an ended exchange to the listeners and the tracer.
 * @param span null: what arrived was not a request, so no span has begun
 */
export function tell(
  engine: Engine,
  exchange: ExchangeView,
  span: ExchangeSpan | null,
  outcome: Outcome,
  endedBy: ExchangeRecord['endedBy'],
): void {
  const record = recordOf(exchange, outcome, endedBy)
  const ended = span ?? beginSpan(exchange, null)
  if (ended !== null) ended.end(record)
  if (engine.recorded) engine.emit('exchange', record)
}
