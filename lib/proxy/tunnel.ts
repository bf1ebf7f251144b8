import { randomBytes } from 'node:crypto'
import type { Deadlines } from '../link/deadlines.js'
import { Deadline, type DeadlineWheel } from '../net/deadline-wheel.js'
import type { Transport, TransportOwner } from '../net/socket/transport.js'
import type { CloseReason } from '../policy/close-reason.js'
import { closeFrame, GOING_AWAY, WebSocketFrames } from '../wire/websocket-frames.js'

/** How a tunnel ended. Reported once, when both transports are closed. */
export interface TunnelEnd {
  readonly reason: CloseReason
  readonly endedBy: 'client' | 'upstream' | 'proxy'
  /** Bytes relayed, in each direction. */
  readonly fromClient: number
  readonly fromUpstream: number
}

/**
 * Two transports joined after CONNECT or a 101: bytes go both ways unchanged (RFC 9110 9.3.6, 7.8).
 *
 * | event | the other side |
 * | --- | --- |
 * | bytes | written; while the kernel does not accept them, this side is not read |
 * | FIN | passed on after everything before it; the other direction continues, under the same idle limit |
 * | reset | reset; but after a FIN everything had been sent: it is still delivered, and what arrives meanwhile is discarded |
 * | a write fails | nothing yet: what this side had sent before is read to its end, at the pace of the other side |
 * | idle limit | both closed |
 * | `leave` | of a WebSocket: a close frame to each side that is between two frames, then its end, or half a second |
 */
export class Tunnel {
  private readonly client: TunnelSide
  private readonly upstream: TunnelSide
  private readonly deadline: Deadline
  isLeaving = false
  private end: { reason: CloseReason; endedBy: TunnelEnd['endedBy'] } | null = null

  constructor(
    client: Transport,
    upstream: Transport,
    wheel: DeadlineWheel,
    private readonly deadlines: Deadlines,
    private readonly ended: (end: TunnelEnd) => void,
    private readonly faulted: (fault: unknown) => void,
    /** Its frames are tracked. */
    isWebSocket = false,
  ) {
    this.deadline = new Deadline(wheel, () => this.expired())
    this.client = new TunnelSide(this, client, 'client')
    this.upstream = new TunnelSide(this, upstream, 'upstream')
    this.client.peer = this.upstream
    this.upstream.peer = this.client
    client.owner = this.client
    upstream.owner = this.upstream
    if (!isWebSocket) return
    this.client.frames = new WebSocketFrames()
    this.upstream.frames = new WebSocketFrames()
  }

  /**
   * Ends the tunnel. A WebSocket sends close frames where it can (RFC 6455 7.4.1) and waits half a second for the answer; a side
   * that is in the middle of a frame ends at once.
   * @returns false: neither side can be told, and nothing was done
   */
  leave(reason: CloseReason): boolean {
    const { client, upstream } = this
    if (this.isLeaving) return true
    const [tellsClient, tellsUpstream] = [client.canBeTold, upstream.canBeTold]
    if (!tellsClient && !tellsUpstream) return false
    this.isLeaving = true
    this.blame(reason, 'proxy')
    this.deadline.set('lingerMs', FAREWELL_MS)
    client.leave(tellsClient ? closeFrame(GOING_AWAY, null) : '')
    upstream.leave(tellsUpstream ? closeFrame(GOING_AWAY, randomBytes(4)) : '')
    return true
  }

  /** Starts relaying, beginning with what either side sent before the tunnel was established. */
  start(fromClient: Buffer | null, fromUpstream: Buffer | null): void {
    this.touch()
    this.client.transport.persist()
    if (fromClient !== null) this.client.onBytes(fromClient, 0, fromClient.length)
    if (fromUpstream !== null) this.upstream.onBytes(fromUpstream, 0, fromUpstream.length)
    for (const side of [this.client, this.upstream]) {
      if (side.transport.closed) side.onClosed(null)
      else if (side.transport.finSeen) side.onFin()
      else if (!side.peer.transport.pressured) side.transport.resume()
    }
  }

  touch(): void {
    this.deadline.set('tunnelIdleMs', this.deadlines.tunnelIdleMs)
  }

  private expired(): void {
    if (this.isLeaving) {
      this.client.transport.destroy()
      this.upstream.transport.destroy()
      return
    }
    const left = [this.client, this.upstream].find(side => side.peer.isClosed)
    if (left?.transport.pressured && left.transport.tookSome())
      this.linger(left) // slow, but not stalled
    else this.close('tunnel-idle', 'proxy')
  }

  /** The other side is closed and its data complete: the rest is delivered to this side, within a limit. */
  linger({ isClosed, transport }: TunnelSide): void {
    if (isClosed) return
    const name = transport.pressured ? 'clientWriteMs' : 'lingerMs'
    this.deadline.set(name, this.deadlines[name])
  }

  /** Ends both sides at once. The first reason given counts. */
  close(reason: CloseReason, endedBy: TunnelEnd['endedBy']): void {
    this.end ??= { reason, endedBy }
    this.client.transport.destroy()
    this.upstream.transport.destroy()
  }

  blame(reason: CloseReason, endedBy: TunnelEnd['endedBy']): void {
    this.end ??= { reason, endedBy }
  }

  fault(fault: unknown): void {
    this.faulted(fault)
    this.close('internal-error', 'proxy')
  }

  sideClosed(): void {
    if (!this.client.isClosed || !this.upstream.isClosed) return
    this.deadline.end()
    const end = this.end ?? { reason: 'tunnel-ended', endedBy: 'proxy' }
    this.ended({ ...end, fromClient: this.client.relayed, fromUpstream: this.upstream.relayed })
  }
}

class TunnelSide implements TransportOwner {
  peer!: TunnelSide
  relayed = 0
  isClosed = false
  /** Of a WebSocket: the frames that this side has sent. */
  frames: WebSocketFrames | null = null

  constructor(
    private readonly tunnel: Tunnel,
    readonly transport: Transport,
    private readonly name: 'client' | 'upstream',
  ) {}

  /** What was sent to it ends between two frames, and it can still be written to. */
  get canBeTold(): boolean {
    const { finSent, closed, cannotSend } = this.transport
    return this.peer.frames?.between === true && !finSent && !closed && !cannotSend
  }

  /** Relaying has stopped. `farewell`: the last bytes to send to this side; '' if nothing can be sent. */
  leave(farewell: string): void {
    const { transport } = this
    if (farewell === '') {
      transport.destroy()
      return
    }
    transport.leaving = true
    transport.write(farewell)
    transport.flush()
    transport.resume()
    this.endWhenAnswered()
  }

  /** This side has sent its close frame, too, so the connection ends (RFC 6455 7.1.1). */
  private endWhenAnswered(): void {
    if (this.frames!.closed) this.transport.end()
  }

  onBytes(bytes: Buffer, from: number, to: number): void {
    if (this.frames !== null) this.frames.consume(bytes, from, to)
    if (this.tunnel.isLeaving) {
      this.endWhenAnswered()
      return
    }
    if (this.peer.isClosed) return
    this.tunnel.touch()
    this.relayed += to - from
    const peer = this.peer.transport
    peer.writeContent(bytes, from, to, this.transport.isStable(bytes))
    peer.flush()
    if (peer.pressured) this.transport.pause()
    this.transport.lease.suit(peer)
  }

  onFlushed(): void {
    if (this.tunnel.isLeaving) return
    if (this.peer.isClosed) {
      this.tunnel.linger(this)
      return
    }
    this.tunnel.touch()
    this.peer.transport.resume()
  }

  onFin(): void {
    if (this.tunnel.isLeaving) {
      this.transport.end()
      return
    }
    this.tunnel.blame('tunnel-ended', this.name)
    this.peer.transport.end()
  }

  onClosed(error: NodeJS.ErrnoException | null): void {
    if (this.isClosed) return
    this.isClosed = true
    const peer = this.peer.transport
    if (this.tunnel.isLeaving) {
      this.tunnel.sideClosed()
      return
    }
    if (this.transport.finSeen) {
      // However it ended, its bytes are still to be delivered (R165); unread bytes of the peer would turn our FIN into a reset.
      peer.end()
      peer.resume()
      this.tunnel.linger(this.peer)
    } else if (error === null) peer.destroy()
    else {
      this.tunnel.blame('tunnel-ended', this.name)
      peer.reset()
    }
    this.tunnel.sideClosed()
  }

  onFault(fault: unknown): void {
    this.tunnel.fault(fault)
  }
}

/** How long to wait for the answer to our close frame: less than a drain waits for the connections it has destroyed. */
const FAREWELL_MS = 500
