import type { Exchange } from './forward.js'

// Backpressure: neither side reads faster than the other takes, and whoever waits meanwhile has a deadline.

/** Hands what was written to the kernel, once for each call of a reader, and stops reading for a side that takes no more. */
export function flush(exchange: Exchange): void {
  const { client, upstream, settings } = exchange
  if (upstream === null) {
    client.flush()
    // Content that has nowhere to go yet stays where it is; gathered content is bounded and goes on.
    const waits = exchange.request === 'begun' && exchange.requestContent > 0 && exchange.response !== 'whole'
    if (waits && exchange.upload?.isGathered !== true) {
      client.pause()
      exchange.upload?.pace?.paused(client.readAt)
      client.deadline.clear() // its silence is ours; the wait for a connection has limits of its own
    }
    return
  }
  const { deadlines } = settings
  upstream.flush()
  client.flush()
  if (exchange.request === 'whole') client.restsFor(upstream.taker)
  else if (upstream.pressured) {
    if (!client.isPaused) {
      client.pause()
      exchange.upload?.pace?.paused(client.readAt)
      client.deadline.clear()
      upstream.deadline.set('requestBodyMs', deadlines.requestBodyMs)
    }
  } else if (exchange.requestContent > 0) client.relaysTo(upstream.taker)
  if (client.pressured) {
    if (!upstream.isPaused) {
      upstream.pause()
      upstream.deadline.clear()
      client.deadline.set('clientWriteMs', deadlines.clientWriteMs)
    }
    return
  }
  if (exchange.response !== 'begun') return
  upstream.relaysTo(client.taker)
  upstream.deadline.set('responseBodyMs', deadlines.responseBodyMs)
  if (client.hasEnded) exchange.onClientFin() // its patience begins anew with what came
}

/** The upstream has taken what it had been sent: the client may go on with its content. */
export function upstreamFlushed(exchange: Exchange): void {
  const { upstream, client, settings } = exchange
  if (upstream === null) return
  if (exchange.request === 'whole') {
    // Only now it has it all, and its time for the answer begins.
    if (exchange.response === 'none') upstream.deadline.set('responseHeadMs', settings.deadlines.responseHeadMs)
    return
  }
  upstream.deadline.clear()
  client.deadline.set('requestBodyMs', settings.deadlines.requestBodyMs)
  exchange.upload?.pace?.resumed(settings.clock.now())
  client.resume()
}

/** The client has taken what it had been sent: the upstream may go on with its response. */
export function clientFlushed(exchange: Exchange): void {
  const { upstream, client, settings } = exchange
  const { deadlines } = settings
  if (exchange.request === 'whole') {
    client.deadline.clear()
    if (client.hasEnded) exchange.onClientFin() // its patience begins anew
  } else client.deadline.set('requestBodyMs', deadlines.requestBodyMs)
  if (upstream === null) return
  if (exchange.response === 'begun') upstream.deadline.set('responseBodyMs', deadlines.responseBodyMs)
  else if (exchange.request === 'whole') upstream.deadline.set('responseHeadMs', deadlines.responseHeadMs)
  upstream.resume()
}
