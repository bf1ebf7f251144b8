import * as net from 'node:net'
import type { Place, Scene } from '../bench.js'
import { fieldOf, request } from '../client.js'
import { plain } from '../said.js'
import { acceptFor, type Frame, FrameReader, frame, newKey, newMask, type Opcode } from '../websocket-frames.js'
import type { WireLog } from '../wire-log.js'

/** A field that the client sends for the next hop only. */
export const HOP_FIELD = 'X-Hop'
const HANDSHAKE_MS = 10_000

/**
 * One end of a WebSocket, written by hand on a socket: HTTP until the head of the peer is complete, then frames (RFC 6455). It
 * answers a ping with a pong of the same payload (5.5.3), and a close with a close (5.5.1), after which the server ends the
 * connection (7.1.1).
 */
export class WebSocketEnd {
  /** The head of the peer: latin1, with its blank line; '' before it is complete. */
  head = ''
  readonly frames: Frame[] = []
  /** Bytes after the heads. */
  sent = 0
  received = 0
  /** How the peer ended the connection; '' while it has not. */
  ended: '' | 'fin' | 'reset' = ''
  /** When the peer ended it, and when bytes last passed here: in ms since the run began. */
  endedAt = 0
  lastAt = 0
  private before: Buffer = Buffer.alloc(0)
  private readonly reader = new FrameReader()
  private readonly waiting = new Set<() => void>()

  /** @param isClient it masks what it sends (5.3), and leaves closing to the server */
  constructor(
    private readonly scene: Scene,
    private readonly socket: net.Socket,
    private readonly log: WireLog,
    private readonly isClient: boolean,
  ) {
    scene.bench.own(() => socket.destroy())
    const peer = isClient ? log.ends.to : log.ends.from
    socket.on('data', octets => {
      this.lastAt = scene.bench.now()
      log.bytes(peer, octets)
      try {
        this.read(this.take(octets))
      } catch {
        // A peer that sends bytes that are not a valid frame has failed the connection (7.1.7).
        socket.destroy()
      }
      this.changed()
    })
    socket.on('end', () => this.over('fin', () => log.fin(peer)))
    socket.on('error', () => this.over('reset', () => log.closed(peer, 'reset')))
    socket.on('close', () => log.closed(log.firstToEnd ?? peer, 'fin'))
  }

  /** Sends a head, which is not a frame. */
  say(head: string): void {
    this.put(Buffer.from(head, 'latin1'))
  }

  /** Sends raw bytes: a frame, or a part of one. */
  write(octets: Buffer): void {
    if (this.socket.writable) this.sent += octets.length
    this.put(octets)
  }

  send(opcode: Opcode, payload: string | Buffer): void {
    this.write(this.framed(opcode, Buffer.from(payload as string)))
  }

  framed(opcode: Opcode, payload: Buffer): Buffer {
    return frame(opcode, payload, this.isClient ? newMask() : null)
  }

  count(opcode: Opcode): number {
    return this.frames.filter(frame => frame.opcode === opcode).length
  }

  /** Resolves when the condition holds, the connection has ended, or so many real ms have passed. @returns whether it holds */
  until(isSo: () => boolean, forMs: number): Promise<boolean> {
    const { clock, signal } = this.scene.bench
    return new Promise((resolve, reject) => {
      const look = () => {
        if (isSo() || this.ended !== '' || signal.aborted) done()
      }
      const done = () => {
        timer.cancel()
        this.waiting.delete(look)
        signal.removeEventListener('abort', done)
        if (signal.aborted) reject(signal.reason)
        else resolve(isSo())
      }
      const timer = clock.hold(forMs, done)
      signal.addEventListener('abort', done, { once: true })
      this.waiting.add(look)
      look()
    })
  }

  private put(octets: Buffer): void {
    if (!this.socket.writable) return
    const { from, to } = this.log.ends
    this.log.bytes(this.isClient ? from : to, octets)
    this.lastAt = this.scene.bench.now()
    this.socket.write(octets)
  }

  /** @returns the bytes after the head */
  private take(octets: Buffer): Buffer {
    if (this.head !== '') return octets
    this.before = Buffer.concat([this.before, octets])
    const end = this.before.indexOf('\r\n\r\n')
    if (end < 0) return Buffer.alloc(0)
    this.head = this.before.toString('latin1', 0, end + 4)
    return this.before.subarray(end + 4)
  }

  private read(octets: Buffer): void {
    this.received += octets.length
    for (const each of this.reader.read(octets)) {
      if (each.masked === this.isClient) throw new RangeError('masked where it must not be, or not where it must (5.1)')
      this.frames.push(each)
      this.tellOf(each)
      if (each.opcode === 'ping') this.send('pong', each.payload)
      if (each.opcode !== 'close' || this.isClient) continue
      this.send('close', each.payload)
      this.leave()
    }
  }

  /** Reports a frame in clear text: the frames are masked and cannot be read on the wire. */
  private tellOf({ opcode, payload }: Frame): void {
    const { from, to } = this.log.ends
    const text = opcode === 'close' ? '' : `: ${payload.toString('latin1')}`
    this.scene.note(plain(`${opcode}${text}`), this.isClient ? from : to)
  }

  private over(how: 'fin' | 'reset', tell: () => void): void {
    tell()
    if (this.ended === '') this.endedAt = this.scene.bench.now()
    this.ended ||= how
    if (how === 'fin' && !this.socket.writableEnded) this.leave()
    this.changed()
  }

  /** Sends a FIN. */
  leave(): void {
    this.log.fin(this.isClient ? this.log.ends.from : this.log.ends.to)
    this.socket.end()
  }

  private changed(): void {
    for (const look of this.waiting) look()
  }
}

/** A server that accepts every WebSocket, and the ends that it accepted. */
export interface WebSocketServer extends Place {
  readonly accepted: WebSocketEnd[]
}

export async function webSocketServer(scene: Scene): Promise<WebSocketServer> {
  const accepted: WebSocketEnd[] = []
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    const log = scene.wire('proxy', 'origin')
    log.opened(socket)
    const end = new WebSocketEnd(scene, socket, log, false)
    accepted.push(end)
    const agree = (asked: boolean) => {
      if (asked) end.say(agreement(end.head))
    }
    // A rejection means that the run was cancelled; the run reports that itself.
    end.until(() => end.head !== '', HANDSHAKE_MS).then(agree, () => {})
  })
  const port = await scene.bench.listen(server)
  return { party: 'origin', port, observes: true, expect() {}, accepted }
}

function agreement(head: string): string {
  const accept = acceptFor(fieldOf(head, 'sec-websocket-key'))
  const fields = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Accept': accept }
  return request('HTTP/1.1 101 Switching Protocols', fields)
}

/** A client whose upgrade was accepted. @throws if it was not */
export async function webSocket(scene: Scene, to: Place): Promise<WebSocketEnd> {
  const socket = net.connect({ host: '127.0.0.1', port: to.port, allowHalfOpen: true, noDelay: true })
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  const log = scene.wire('client', to.party)
  log.opened(socket)
  const client = new WebSocketEnd(scene, socket, log, true)
  const key = newKey()
  const fields = {
    Host: 'origin',
    Connection: `keep-alive, Upgrade, ${HOP_FIELD}`,
    Upgrade: 'websocket',
    [HOP_FIELD]: 'for the next hop',
    'Sec-WebSocket-Key': key,
    'Sec-WebSocket-Version': '13',
  }
  client.say(request('GET /chat HTTP/1.1', fields))
  await client.until(() => client.head !== '', HANDSHAKE_MS)
  const [line = ''] = client.head.split('\r\n')
  if (!line.startsWith('HTTP/1.1 101') || fieldOf(client.head, 'sec-websocket-accept') !== acceptFor(key))
    throw new Error(`no agreement to a WebSocket: ${line || 'no answer'}`)
  return client
}
