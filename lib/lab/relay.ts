import * as net from 'node:net'
import type { Place, Scene } from './bench.js'
import type { RunClock } from './running-clock.js'
import type { WireLog } from './wire-log.js'

/** The shape of a line, for experiments that need one slower than loopback. Real ms and bytes per real second. */
export interface Shape {
  /** Each direction; half of the round trip. */
  readonly delayMs?: number
  /** For all connections of the relay together, from the server to the client; they take turns, one segment each. */
  readonly bytesPerS?: number
  /** Creates a witness for each connection, for code that draws conclusions from the traffic. */
  readonly witness?: () => Witness
}

/** Sees what passes over one connection, in order, and which side sent it. */
export interface Witness {
  bytes(by: string, octets: Buffer): void
  /** `by` sends no more, or the connection has ended. */
  end(by: string): void
}

/**
 * Forwards bytes, FINs and resets as they come, and reports them: the observer between two proxies, which report nothing
 * themselves. With a shape it is a slow line. TCP ends at a relay, so nothing of TCP itself can be seen through it.
 * @returns the place to which `from` connects in order to reach `to`
 */
export async function openRelay(scene: Scene, from: string, to: Place, shape: Shape = {}): Promise<Place> {
  const line = new SharedLine(shape, scene.bench.clock)
  const place = {
    party: to.party,
    port: 0,
    observes: true,
    told: false,
    expect(_: string, told = false) {
      place.told = told
    },
  }
  to.expect(from, true)
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, near => {
    const far = net.connect({ host: '127.0.0.1', port: to.port, allowHalfOpen: true, noDelay: true })
    scene.bench.own(() => {
      near.destroy()
      far.destroy()
    })
    const log = scene.wire(from, to.party, place.told)
    log.opened(near)
    const seen = { log, witness: shape.witness?.() }
    pass({ source: near, sink: far, by: from, ...seen, carry: () => line.up() })
    pass({ source: far, sink: near, by: to.party, ...seen, ...line.lane() })
  })
  place.port = await scene.bench.listen(server)
  return place
}

interface Passing {
  readonly source: net.Socket
  readonly sink: net.Socket
  readonly by: string
  readonly log: WireLog
  readonly witness: Witness | undefined
  /** Bytes that go over the line at once. Not given: all available bytes. */
  readonly atOnce?: number
  /** Resolves when so many bytes have reached the other end of the line. */
  carry(size: number): Promise<void> | null
}

function pass({ source, sink, by, log, witness, atOnce, carry }: Passing): void {
  let before: Promise<void> = Promise.resolve()
  const inTurn = (then: () => void, carried: Promise<void> | null) => {
    if (carried === null) then()
    else before = before.then(() => carried).then(then)
  }
  const goOn = (octets: Buffer) =>
    inTurn(() => {
      log.bytes(by, octets)
      witness?.bytes(by, octets)
      if (sink.writable && !sink.write(octets)) {
        source.pause()
        sink.once('drain', () => source.resume())
      }
    }, carry(octets.length))
  source.on('data', octets => {
    const size = atOnce ?? octets.length
    for (let at = 0; at < octets.length; at += size) goOn(octets.subarray(at, at + size))
  })
  source.on('end', () =>
    inTurn(() => {
      log.fin(by)
      witness?.end(by)
      sink.end()
    }, carry(0)),
  )
  source.on('error', () => {
    log.closed(by, 'reset')
    sink.resetAndDestroy()
  })
  source.on('close', () => {
    log.closed(log.firstToEnd ?? by, 'fin')
    witness?.end(by)
  })
}

/** The bytes that one connection sends at once over a narrow line: the content of an Ethernet frame. */
const SEGMENT_BYTES = 1_460

interface Segment {
  readonly size: number
  arrived(): void
}

/** One line for all connections of the relay: those that have something to send take turns, so that all get the same share. */
class SharedLine {
  private readonly lanes: Segment[][] = []
  private freeAt = 0
  private busy = false

  constructor(
    private readonly shape: Shape,
    private readonly clock: RunClock,
  ) {}

  up(): Promise<void> | null {
    const { delayMs = 0 } = this.shape
    return delayMs > 0 ? this.after(delayMs) : null
  }

  /** A lane for one more connection. */
  lane(): Pick<Passing, 'atOnce' | 'carry'> {
    if (!this.shape.bytesPerS) return { carry: () => this.up() }
    const lane: Segment[] = []
    this.lanes.push(lane)
    const carry = (size: number) =>
      new Promise<void>(arrived => {
        lane.push({ size, arrived })
        if (!this.busy) void this.send()
      })
    return { atOnce: SEGMENT_BYTES, carry }
  }

  private async send(): Promise<void> {
    const { bytesPerS = 1, delayMs = 0 } = this.shape
    this.busy = true
    this.freeAt = Math.max(this.freeAt, this.clock.now())
    for (let lane = this.next(); lane; lane = this.next()) {
      const { size, arrived } = lane.shift() as Segment
      this.freeAt += (size / bytesPerS) * 1000
      const waitMs = this.freeAt - this.clock.now()
      if (waitMs > 0) await this.after(waitMs)
      if (delayMs > 0) void this.after(delayMs).then(arrived)
      else arrived()
    }
    this.busy = false
  }

  /** The next lane in turn that has something to send. */
  private next(): Segment[] | undefined {
    const at = this.lanes.findIndex(({ length }) => length > 0)
    if (at < 0) return undefined
    // This lane and those before it come last next time.
    this.lanes.push(...this.lanes.splice(0, at + 1))
    return this.lanes.at(-1)
  }

  private after(ms: number): Promise<void> {
    return new Promise(done => void this.clock.hold(ms, done))
  }
}
