import type { ClientStream } from '../net/client/client-stream.js'
import type { UpstreamStream } from '../net/upstream/upstream-stream.js'
import type { Progress } from './exchange-view.js'
import type { Settings } from './options/settings.js'
import type { Upload } from './upload.js'

// Backpressure: neither side reads faster than the other takes, and the side that waits meanwhile has a deadline.

/** The two sides of an exchange, and how far its messages have come. */
export interface TwoSides {
  readonly client: ClientStream
  readonly upstream: UpstreamStream | null
  readonly upload: Upload | null
  readonly request: Progress
  readonly response: Progress
  /** Bytes of the request's content so far. */
  readonly requestContent: number
  readonly settings: Settings
  /** The client has ended its side: it is waited for again, from now on. */
  onClientFin(): void
}

/** Hands what was written to the kernel, once for each call of a reader, and stops reading for a side that takes no more. */
export function flush(sides: TwoSides): void {
  const { client, upstream, settings } = sides
  if (upstream === null) {
    client.flush()
    // Content that has nowhere to go yet stays where it is; gathered content is bounded and goes on.
    const waits = sides.request === 'begun' && sides.requestContent > 0 && sides.response !== 'whole'
    if (waits && sides.upload?.isGathered !== true) {
      client.pause()
      sides.upload?.pace?.paused(client.readAt)
      client.deadline.clear() // its silence is ours; the wait for a connection has limits of its own
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

/** The upstream has taken what it had been sent: the client may go on with its content. */
export function upstreamFlushed({ client, upstream, upload, request, response, settings }: TwoSides): void {
  if (upstream === null) return
  if (request === 'whole') {
    // Only now it has it all, and its time for the answer begins.
    if (response === 'none') upstream.deadline.set('responseHeadMs', settings.deadlines.responseHeadMs)
    return
  }
  upstream.deadline.clear()
  client.deadline.set('requestBodyMs', settings.deadlines.requestBodyMs)
  upload?.pace?.resumed(settings.clock.now())
  client.resume()
}

/** The client has taken what it had been sent: the upstream may go on with its response. */
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
