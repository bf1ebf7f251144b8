import * as net from 'node:net'
import type { Place, Scene } from './bench.js'
import type { WireLog } from './wire-log.js'

/** How a line is shaped, where an experiment needs one that is slower than loopback. Real ms and octets per real second. */
export interface Shape {
  /** Each direction; half of the round trip. */
  readonly delayMs?: number
  /** All connections of the relay together, from the server to the client. */
  readonly bytesPerS?: number
}

/**
 * Passes octets, FINs and resets on as they come, and tells what it saw: the witness between two proxies, neither of which is asked.
 * With a shape it is a slow line. A relay ends TCP, so nothing of TCP itself can be seen through it.
 * @returns where `from` is to connect, in order to reach `to`
 */
export async function openRelay(scene: Scene, from: string, to: Place, shape: Shape = {}): Promise<Place> {
  const line = new SharedLine(shape)
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, near => {
    const far = net.connect({ host: '127.0.0.1', port: to.port, allowHalfOpen: true, noDelay: true })
    scene.bench.own(() => {
      near.destroy()
      far.destroy()
    })
    const log = scene.wire(from, to.party)
    log.opened(near)
    pass({ source: near, sink: far, by: from, log, carry: octets => line.up(octets) })
    pass({ source: far, sink: near, by: to.party, log, carry: octets => line.down(octets) })
  })
  const port = await scene.bench.listen(server)
  return { party: to.party, port, observes: true, expect: to.expect }
}

interface Passing {
  readonly source: net.Socket
  readonly sink: net.Socket
  readonly by: string
  readonly log: WireLog
  /** Resolves when the octets have come to the other end of the line. */
  carry(octets: Buffer): Promise<void> | null
}

function pass({ source, sink, by, log, carry }: Passing): void {
  let before: Promise<void> = Promise.resolve()
  const inTurn = (then: () => void, carried: Promise<void> | null) => {
    if (carried === null) then()
    else before = before.then(() => carried).then(then)
  }
  source.on('data', octets => {
    const carried = carry(octets)
    inTurn(() => {
      log.bytes(by, octets)
      if (sink.writable && !sink.write(octets)) {
        source.pause()
        sink.once('drain', () => source.resume())
      }
    }, carried)
  })
  source.on('end', () =>
    inTurn(
      () => {
        log.fin(by)
        sink.end()
      },
      carry(Buffer.alloc(0)),
    ),
  )
  source.on('error', () => {
    log.closed(by, 'reset')
    sink.resetAndDestroy()
  })
  source.on('close', () => log.closed(log.firstToEnd ?? by, 'fin'))
}

/** One line for all who come through: what is sent waits for what was sent before it. */
class SharedLine {
  private freeAt = 0

  constructor(private readonly shape: Shape) {}

  up(_octets: Buffer): Promise<void> | null {
    const { delayMs = 0 } = this.shape
    return delayMs > 0 ? after(delayMs) : null
  }

  down(octets: Buffer): Promise<void> | null {
    const { delayMs = 0, bytesPerS = 0 } = this.shape
    if (bytesPerS === 0) return delayMs > 0 ? after(delayMs) : null
    const now = performance.now()
    this.freeAt = Math.max(this.freeAt, now) + (octets.length / bytesPerS) * 1000
    return after(this.freeAt - now + delayMs)
  }
}

function after(ms: number): Promise<void> {
  return new Promise(done => setTimeout(done, ms))
}
