import type { ClientStream } from '../net/client/client-stream.js'
import type { UpstreamStream } from '../net/upstream/upstream-stream.js'
import type { Progress } from './exchange-view.js'
import type { Settings } from './options/settings.js'
import type { Upload } from './upload.js'

// Backpressure: neither side is read faster than the other accepts, and the side that is waited for has a deadline.

/** The two sides of an exchange, and how far its messages have come. */
export interface TwoSides {
  readonly client: ClientStream
  readonly upstream: UpstreamStream | null
  readonly upload: Upload | null
  readonly request: Progress
  readonly response: Progress
  /** Bytes of request content so far. */
  readonly requestContent: number
  readonly settings: Settings
  /** The client has half-closed: `halfClosedMs` starts again now. */
  onClientFin(): void
}

/** Hands what was written to the kernel, once per call of a reader, and stops reading for a side that accepts no more. */
export function flush(sides: TwoSides): void {
  const { client, upstream, settings } = sides
  if (upstream === null) {
    client.flush()
    // Content that cannot be sent anywhere yet stays in the socket; gathered content is bounded, so it is still read.
    const waits = sides.request === 'begun' && sides.requestContent > 0 && sides.response !== 'whole'
    if (waits && sides.upload?.isGathered !== true) {
      client.pause()
      sides.upload?.pace?.paused(client.readAt)
      client.deadline.clear() // it is silent because we do not read; the wait for a connection has its own limits
    }
    return
  }
  const { deadlines } = settings
  upstream.flush()
  client.flush()
  if (sides.request === 'whole') client.restsFor(upstream.taker)
  else if (upstream.pressured) {
    if (!client.isPaused) {
      client.pause()
      sides.upload?.pace?.paused(client.readAt)
      client.deadline.clear()
      upstream.deadline.set('requestBodyMs', deadlines.requestBodyMs)
    }
  } else if (sides.requestContent > 0) client.relaysTo(upstream.taker)
  if (client.pressured) {
    if (!upstream.isPaused) {
      upstream.pause()
      upstream.deadline.clear()
      client.deadline.set('clientWriteMs', deadlines.clientWriteMs)
    }
    return
  }
  if (sides.response !== 'begun') return
  upstream.relaysTo(client.taker)
  upstream.deadline.set('responseBodyMs', deadlines.responseBodyMs)
  if (client.hasEnded) sides.onClientFin()
}

/** The upstream has accepted what it was sent: the client may continue with its content. */
export function upstreamFlushed({ client, upstream, upload, request, response, settings }: TwoSides): void {
  if (upstream === null) return
  if (request === 'whole') {
    // Only now does it have the whole request, and its time to respond begins.
    if (response === 'none') upstream.deadline.set('responseHeadMs', settings.deadlines.responseHeadMs)
    return
  }
  upstream.deadline.clear()
  client.deadline.set('requestBodyMs', settings.deadlines.requestBodyMs)
  upload?.pace?.resumed(settings.clock.now())
  client.resume()
}

/** The client has accepted what it was sent: the upstream may continue with its response. */
export function clientFlushed(sides: TwoSides): void {
  const { client, settings } = sides
  const { deadlines } = settings
  if (sides.request === 'whole') {
    client.deadline.clear()
    if (client.hasEnded) sides.onClientFin()
  } else client.deadline.set('requestBodyMs', deadlines.requestBodyMs)
  const { upstream } = sides
  if (upstream === null) return
  if (sides.response === 'begun') upstream.deadline.set('responseBodyMs', deadlines.responseBodyMs)
  else if (sides.request === 'whole') upstream.deadline.set('responseHeadMs', deadlines.responseHeadMs)
  upstream.resume()
}
