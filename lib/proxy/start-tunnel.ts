import type { Transport } from '../net/socket/transport.js'
import type { CloseReason } from '../policy/close-reason.js'
import type { ExchangeSteps } from './exchange-steps.js'
import { Tunnel, type TunnelEnd } from './tunnel.js'

/**
 * Joins the client's connection and `upstream` into a tunnel, and ends the exchange when the tunnel ends.
 * @param surplus what the upstream has sent after its head
 * @param ended returns the close reason of both connections
 * @param isWebSocket close frames are sent when the tunnel is cut off
 */
export function startTunnel(
  exchange: ExchangeSteps,
  upstream: Transport,
  surplus: Buffer | null,
  ended: (end: TunnelEnd) => CloseReason,
  isWebSocket = false,
): void {
  const { client, engine, settings } = exchange
  const { wheel } = engine
  const whenEnded = (end: TunnelEnd): void => {
    const reason = ended(end)
    exchange.tunnelEnded(reason, end)
    client.tunnelEnded(reason)
  }
  const whenFaulted = (fault: unknown): void => engine.fault(fault)
  const { deadlines } = settings
  const { transport, held } = client.becomeTunnel(isWebSocket ? reason => tunnel.leave(reason) : null)
  const tunnel = new Tunnel(transport, upstream, wheel, deadlines, whenEnded, whenFaulted, isWebSocket)
  exchange.tunnelBegan()
  tunnel.start(held, surplus)
}
