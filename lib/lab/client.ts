import * as net from 'node:net'
import { ResponseReader } from '../wire/response-reader.js'
import type { Place, Scene } from './bench.js'
import { said } from './said.js'
import type { WireLog } from './wire-log.js'

/** The result of waiting for one response. */
export interface Received {
  /**
   * `whole`: complete by its framing. `truncated`: the connection ended before the message did. `silent`: the time was over first.
   * `ended`: the connection ended without a byte of it. `garbage`: what came is not a response.
   */
  readonly outcome: 'whole' | 'truncated' | 'silent' | 'ended' | 'garbage'
  /** 0: there was no head. */
  readonly status: number
  /** latin1, with its blank line; '' if there was none. */
  readonly head: string
  readonly content: Buffer
  /** From the call until its first byte came; equal to `tookMs` if none came. */
  readonly firstMs: number
  /** From the call until it was over. */
  readonly tookMs: number
}

export interface ClientOptions {
  readonly to: Place
  /** `client` when not given. */
  readonly party?: string
  /** Ends its side when the peer has ended its own, as nearly all programs do. Default true. */
  readonly answersFin?: boolean
  readonly localAddress?: string
  /** With `localAddress`: a port that several such connections may share as long as the four values differ. */
  readonly localPort?: number
  /** TCP_NODELAY: small writes leave at once. Default true. */
  readonly noDelay?: boolean
}

const FOR_THE_RESPONSE = said('for the response', '응답을 기다린다')
/** The longest wait, in real ms in which this machine lets us run: no wait of the lab may be without an end. */
const WAIT_MS_MAX = 120_000

/**
 * One connection of a client that sends what it is given and reads responses as the standard says. All events are seen at this
 * end.
 */
export class LabClient {
  readonly party: string
  /** How the peer ended the connection; '' while it has not. */
  ended: '' | 'fin' | 'reset' = ''
  /** The number of pieces in which bytes have come so far: bytes that were written at once may be read in pieces. */
  reads = 0
  private readonly reader = new ResponseReader()
  /** The reader is waiting for a response: after a wait in vain the response may still come. */
  private expecting = false
  private pending: Buffer = Buffer.alloc(0)
  /** When the last bytes came. */
  private cameAt = 0
  private wake: () => void = () => {}

  private constructor(
    private readonly scene: Scene,
    private readonly socket: net.Socket,
    private readonly log: WireLog,
    answersFin: boolean,
  ) {
    const peer = log.ends.to
    this.party = log.ends.from
    socket.on('data', octets => {
      this.reads += 1
      this.cameAt = scene.bench.now()
      log.bytes(peer, octets)
      this.pending = this.pending.length === 0 ? octets : Buffer.concat([this.pending, octets])
      this.wake()
    })
    socket.on('end', () => {
      log.fin(peer)
      this.ended ||= 'fin'
      if (answersFin && !socket.writableEnded) socket.end()
      this.wake()
    })
    socket.on('error', () => {
      this.ended = 'reset'
      log.closed(peer, 'reset')
      this.wake()
    })
    socket.on('close', () => {
      log.closed(log.firstToEnd ?? this.party, 'fin')
      this.wake()
    })
  }

  /** @throws the connect error */
  static connect(scene: Scene, options: ClientOptions): Promise<LabClient> {
    const { to, party = 'client', answersFin = true, localAddress, localPort, noDelay = true } = options
    const began = scene.bench.now()
    const from = { ...(localAddress ? { localAddress } : {}), ...(localPort ? { localPort } : {}) }
    const socket = net.connect({ host: to.host ?? '127.0.0.1', port: to.port, allowHalfOpen: true, noDelay, ...from })
    scene.bench.own(() => socket.destroy())
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        const log = scene.wire(party, to.party)
        log.opened(socket, scene.bench.now() - began)
        resolve(new LabClient(scene, socket, log, answersFin))
      })
    })
  }

  /** The four values: local address and port, remote address and port. */
  get addresses(): readonly [string, string] {
    const { localAddress, localPort, remoteAddress, remotePort } = this.socket
    return [`${localAddress}:${localPort}`, `${remoteAddress}:${remotePort}`]
  }

  get connection(): string {
    return this.log.connection
  }

  /** A string is latin1. Resolves when the kernel has taken the bytes, or can no longer take them. */
  send(octets: string | Uint8Array): Promise<void> {
    const bytes = typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets
    this.log.bytes(this.party, bytes)
    return new Promise(done => this.socket.write(bytes, () => done()))
  }

  /**
   * Waits for the response to the oldest request that has none yet; interim responses are skipped.
   * @param forMs real ms (scale it yourself); then the outcome is `silent`
   */
  async response({ forMs = WAIT_MS_MAX, method = 'GET', what = FOR_THE_RESPONSE } = {}): Promise<Received> {
    const began = this.scene.bench.now()
    const until = this.scene.bench.clock.now() + forMs
    const got = { status: 0, head: '', content: [] as Buffer[], beganAt: Number.POSITIVE_INFINITY }
    const over = (outcome: Received['outcome']): Received => {
      this.scene.goesOn(this.party)
      const { status, head, content, beganAt } = got
      const tookMs = this.scene.bench.now() - began
      const firstMs = Math.min(Math.max(0, beganAt - began), tookMs)
      return { outcome, status, head, content: Buffer.concat(content), firstMs, tookMs }
    }
    this.scene.waits(this.party, this.log.ends.to, what)
    if (!this.expecting) this.reader.expect(method)
    this.expecting = true
    try {
      while (!this.read(got)) {
        if (this.ended !== '') return over(this.finish(got))
        const left = until - this.scene.bench.clock.now()
        if (left <= 0 || !(await this.change(left))) return over('silent')
      }
      return over('whole')
    } catch (error) {
      if ((error as Error).name !== 'ProtocolError') throw error
      return over('garbage')
    }
  }

  /** Resolves with how the peer ended the connection, or with '' when the time is over. `forMs` is real. */
  async end(forMs = WAIT_MS_MAX): Promise<'' | 'fin' | 'reset'> {
    const { clock } = this.scene.bench
    for (const until = clock.now() + forMs; this.ended === '' && clock.now() < until; )
      await this.change(until - clock.now())
    return this.ended
  }

  /** Resolves when both sides have ended the connection (true), or the time is over. `forMs` is real. */
  async over(forMs = WAIT_MS_MAX): Promise<boolean> {
    const { clock } = this.scene.bench
    for (const until = clock.now() + forMs; !this.log.isOver && clock.now() < until; )
      await this.change(until - clock.now())
    return this.log.isOver
  }

  /** Bytes that came and belong to no response. */
  get surplus(): Buffer {
    return this.pending
  }

  /** Sends a FIN; bytes may still come. */
  halfClose(): void {
    this.log.fin(this.party)
    this.socket.end()
  }

  close(): void {
    this.log.fin(this.party)
    this.log.closed(this.log.firstToEnd ?? this.party, 'fin')
    this.socket.destroySoon()
  }

  reset(): void {
    this.log.closed(this.party, 'reset')
    this.socket.resetAndDestroy()
  }

  /** Takes nothing from the kernel until `resume`. */
  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  private read(got: { status: number; head: string; content: Buffer[]; beganAt: number }): boolean {
    const { pending } = this
    if (pending.length > 0) got.beganAt = Math.min(got.beganAt, this.cameAt)
    const at = this.reader.consume(pending, 0, pending.length, {
      onResponseHead: ({ status, lines }) => {
        if (status < 200 && status !== 101) return
        got.status = status
        got.head = lines.text
      },
      onResponseContent: (bytes, from, to) => got.content.push(Buffer.from(bytes.subarray(from, to))),
      onResponseEnd() {},
    })
    this.pending = pending.subarray(at)
    if (this.reader.done) this.expecting = false
    return this.reader.done
  }

  /** The connection ended: at the end of the content, or in the middle of a message? */
  private finish(got: { status: number }): Received['outcome'] {
    if (this.ended === 'fin' && got.status !== 0 && this.reader.contentLeft < 0) {
      try {
        this.reader.end({ onResponseHead() {}, onResponseContent() {}, onResponseEnd() {} })
        this.expecting = false
        return 'whole'
      } catch {
        return 'truncated'
      }
    }
    return this.reader.started || got.status !== 0 ? 'truncated' : 'ended'
  }

  /** @returns false: nothing changed in that time */
  private change(forMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const { clock, signal } = this.scene.bench
      const done = (changed: boolean) => {
        timer.cancel()
        signal.removeEventListener('abort', aborted)
        this.wake = () => {}
        resolve(changed)
      }
      const timer = clock.hold(forMs, () => done(false))
      const aborted = () => {
        done(false)
        reject(signal.reason)
      }
      if (signal.aborted) return aborted()
      signal.addEventListener('abort', aborted, { once: true })
      this.wake = () => done(true)
    })
  }
}

/** The head of a request: the request line, and the fields in the given order. */
export function request(line: string, fields: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${line}\r\n${lines.join('')}\r\n`
}

/** The value of a field of a head, '' if it is missing; several lines are joined with a comma. */
export function fieldOf(head: string, name: string): string {
  const lower = `${name.toLowerCase()}:`
  const lines = head.split('\r\n').slice(1)
  return lines
    .filter(line => line.toLowerCase().startsWith(lower))
    .map(line => line.slice(lower.length).trim())
    .join(', ')
}
