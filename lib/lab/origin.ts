import * as net from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { Timer } from '../net/clock.js'
import { RequestReader } from '../wire/request-reader.js'
import type { Place, Scene } from './bench.js'
import { chunked, connectionOptions, statusLine } from './origin-parts.js'
import { said } from './said.js'
import type { WireLog } from './wire-log.js'

/**
 * An origin that follows the standard, on a plain socket so that it controls every byte. HTTP/1.1 connections persist by default.
 * An HTTP/1.0 client that asks with `Connection: Keep-Alive` gets the echo, with `Keep-Alive: timeout=…, max=…` counting down, if
 * the length of the content is known; the connection of one that does not ask is closed after its response, and with `version:
 * '1.0'` that of every client that does not ask. `answer` can make it do anything else.
 */
export interface OriginOptions {
  /** `origin` when not given. */
  readonly party?: string
  /** 0 when not given: the system chooses. */
  readonly port?: number
  /** The version in its status lines. */
  readonly version?: '1.0' | '1.1'
  /** Real ms that a connection may be idle after a response; 0: for ever. Default 0. */
  readonly timeoutMs?: number
  /** The `timeout` that it announces in `Keep-Alive`, in seconds; not given: it announces nothing. */
  readonly announceS?: number
  /** Responses on one connection; the last one says close. `Keep-Alive` says how many more: after the first response one less. */
  readonly max?: number
  /** Real ms between a request and its response. */
  readonly delayMs?: number
  /** Connections served at once, as if each had its own process; further ones wait unread until one is closed. Not given: all. */
  readonly workers?: number
  /** The answer to a request. Default: 200 with a short text. */
  readonly answer?: (request: OriginRequest) => OriginAnswer | Promise<OriginAnswer>
}

export interface OriginRequest {
  readonly method: string
  readonly target: string
  readonly minor: 0 | 1
  /** latin1, with its blank line. */
  readonly head: string
  readonly content: Buffer
  /** Both from 1: the number of the connection at this origin, and of the request on its connection. */
  readonly connection: number
  readonly nth: number
  /** When its bytes came, in ms since the run began. */
  readonly cameAt: number
}

export interface OriginAnswer {
  readonly status?: number
  readonly fields?: Readonly<Record<string, string>>
  /** A string is latin1; a number means that many bytes. */
  readonly content?: string | Buffer | number
  /** `length` by default; `close`: ends with the connection; `chunked`. */
  readonly framing?: 'length' | 'chunked' | 'close'
  /** The value of Content-Length, if it has to be wrong. */
  readonly saidLength?: number
  /** Real ms before the answer, instead of the origin's own delay. */
  readonly delayMs?: number
  /**
   * `close`: says close and closes. `leave`: closes without saying so. `reset`: the same with a reset. `stay`: stays although it
   * should close.
   */
  readonly after?: 'keep' | 'close' | 'leave' | 'reset' | 'stay'
  /** Only this many bytes of the content are sent before `after`. */
  readonly stopAfter?: number
  /** Real ms between the sent bytes and `after`: time to read them, so that the end does not come at the same moment. */
  readonly afterMs?: number
  /** Raw bytes that are sent instead. */
  readonly raw?: string
}

const NEXT_REQUEST = said('for the next request', '다음 요청을 기다린다')
const CONTENT = 'Hello from the origin.\n'

export class LabOrigin implements Place {
  readonly observes = true
  /** All requests that came, in order. */
  readonly requests: OriginRequest[] = []
  /** Connections accepted so far, and connections open now. */
  accepted = 0
  open = 0
  /** Bytes received so far, on all connections. */
  received = 0
  /** When it last ended a connection itself, in ms since the run began. */
  endedAt = Number.NaN
  /** Accepted by the kernel, and waiting for a worker. */
  readonly unserved: net.Socket[] = []
  private from = 'client'
  private told = false

  private constructor(
    readonly scene: Scene,
    readonly options: OriginOptions,
    readonly party: string,
    readonly port: number,
  ) {}

  static async open(scene: Scene, options: OriginOptions): Promise<LabOrigin> {
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, socket => origin.accept(socket))
    const port = await scene.bench.listen(server, options.port)
    const origin = new LabOrigin(scene, options, options.party ?? 'origin', port)
    return origin
  }

  expect(party: string, told = false): void {
    this.from = party
    this.told = told
  }

  private accept(socket: net.Socket): void {
    this.scene.bench.own(() => socket.destroy())
    if (this.open < (this.options.workers ?? Number.POSITIVE_INFINITY)) this.serve(socket)
    else this.unserved.push(socket.on('error', () => {}))
  }

  private serve(socket: net.Socket): void {
    this.accepted += 1
    this.open += 1
    const log = this.scene.wire(this.from, this.party, this.told)
    log.opened(socket)
    socket.on('close', () => {
      this.open -= 1
      const next = this.unserved.splice(0).filter(({ destroyed }) => !destroyed)
      this.unserved.push(...next.slice(1))
      if (next[0]) this.serve(next[0])
    })
    new OriginConnection(this, socket, log, this.accepted)
  }
}

/** One connection: one request at a time, in order, however many are sent at once. */
class OriginConnection {
  private readonly reader = new RequestReader()
  private pending: Buffer = Buffer.alloc(0)
  private cameAt = 0
  private served = 0
  private working = false
  /** The origin has closed: bytes that come now are no longer requests (RFC 9112 9.6). */
  private over = false
  private idle: Timer | undefined
  private got: { method: string; target: string; minor: 0 | 1; head: string; content: Buffer[] } | null = null

  constructor(
    private readonly origin: LabOrigin,
    private readonly socket: net.Socket,
    private readonly log: WireLog,
    private readonly nth: number,
  ) {
    const peer = log.ends.from
    socket.on('data', octets => {
      log.bytes(peer, octets)
      origin.received += octets.length
      this.cameAt = origin.scene.bench.now()
      this.pending = Buffer.concat([this.pending, octets])
      void this.work()
    })
    socket.on('end', () => {
      log.fin(peer)
      if (!this.working && !socket.writableEnded) socket.end()
    })
    socket.on('error', () => log.closed(peer, 'reset'))
    socket.on('close', () => {
      this.idle?.cancel()
      this.origin.scene.goesOn(this.origin.party)
      log.closed(log.firstToEnd ?? this.origin.party, 'fin')
    })
  }

  private async work(): Promise<void> {
    if (this.working || this.over) return
    this.working = true
    try {
      for (let request = this.next(); request !== null; request = this.next()) {
        this.idle?.cancel()
        this.origin.scene.goesOn(this.origin.party)
        this.origin.requests.push(request)
        const keep = await this.respond(request)
        if (!keep) return
        this.waitForNext()
      }
    } catch (error) {
      if ((error as Error).name === 'ProtocolError') this.refuse()
      else this.socket.destroy()
    } finally {
      this.working = false
    }
    if (this.socket.readableEnded && !this.socket.writableEnded) this.socket.end()
  }

  /** The next complete request. */
  private next(): OriginRequest | null {
    const { reader, pending } = this
    if (reader.done) reader.next()
    const at = reader.consume(pending, 0, pending.length, {
      onRequestHead: ({ method, target, minor, lines }) => {
        this.got = { method, target, minor, head: lines.text, content: [] }
      },
      onRequestContent: (bytes, from, to) => this.got?.content.push(Buffer.from(bytes.subarray(from, to))),
      onRequestEnd() {},
    })
    this.pending = pending.subarray(at)
    if (!reader.done || this.got === null) return null
    this.served += 1
    const { content, ...rest } = this.got
    return { ...rest, content: Buffer.concat(content), connection: this.nth, nth: this.served, cameAt: this.cameAt }
  }

  private async respond(request: OriginRequest): Promise<boolean> {
    const { options, scene } = this.origin
    const answer = (await options.answer?.(request)) ?? {}
    const waitMs = answer.delayMs ?? options.delayMs ?? 0
    if (waitMs > 0) await scene.bench.wait(waitMs)
    const keep = this.keeps(request, answer)
    if (answer.raw !== undefined) await this.send(Buffer.from(answer.raw, 'latin1'))
    else await this.send(this.message(request, answer, keep))
    if (answer.afterMs) {
      await scene.bench.wait(answer.afterMs)
      await turn()
    }
    if (answer.after === 'reset') {
      this.origin.endedAt = scene.bench.now()
      this.log.closed(this.origin.party, 'reset')
      this.socket.resetAndDestroy()
      return false
    }
    if (!keep || answer.after === 'leave') this.end()
    return keep && answer.after !== 'leave'
  }

  /** As the standard says, unless the answer says otherwise. */
  private keeps({ minor, head, nth }: OriginRequest, { after, framing }: OriginAnswer): boolean {
    if (after === 'keep' || after === 'stay' || after === 'leave') return true
    if (after === 'close' || framing === 'close') return false
    if (nth >= (this.origin.options.max ?? Number.POSITIVE_INFINITY)) return false
    const options = connectionOptions(head)
    if (options.includes('close')) return false
    return (minor === 1 && this.origin.options.version !== '1.0') || options.includes('keep-alive')
  }

  private message(request: OriginRequest, answer: OriginAnswer, keep: boolean): Buffer {
    const { version = '1.1' } = this.origin.options
    const { status = 200, fields = {}, content = CONTENT, framing = 'length', stopAfter } = answer
    const octets = typeof content === 'number' ? Buffer.alloc(content, '.') : Buffer.from(content as string, 'latin1')
    const head: string[] = [statusLine(version, status)]
    for (const [name, value] of Object.entries(fields)) head.push(`${name}: ${value}`)
    if (framing === 'length' && status !== 101) head.push(`Content-Length: ${answer.saidLength ?? octets.length}`)
    if (framing === 'chunked') head.push('Transfer-Encoding: chunked')
    head.push(...this.aboutConnection(request, keep, fields))
    const body = framing === 'chunked' ? chunked(octets) : octets
    const sent = request.method === 'HEAD' ? Buffer.alloc(0) : body.subarray(0, stopAfter ?? body.length)
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), sent])
  }

  private aboutConnection(
    { minor, nth }: OriginRequest,
    keep: boolean,
    fields: Readonly<Record<string, string>>,
  ): string[] {
    if (Object.keys(fields).some(name => name.toLowerCase() === 'connection')) return []
    if (!keep) return ['Connection: close']
    const { version, announceS, max } = this.origin.options
    if (minor === 1 && version !== '1.0') return []
    const said = [
      ...(announceS === undefined ? [] : [`timeout=${announceS}`]),
      ...(max === undefined ? [] : [`max=${max - nth}`]),
    ]
    return ['Connection: Keep-Alive', ...(said.length > 0 ? [`Keep-Alive: ${said.join(', ')}`] : [])]
  }

  private waitForNext(): void {
    const { options, scene, party } = this.origin
    scene.waits(party, this.log.ends.from, NEXT_REQUEST)
    if (options.timeoutMs) this.idle = scene.bench.clock.hold(options.timeoutMs, () => this.end())
  }

  private send(octets: Buffer): Promise<void> {
    if (!this.socket.writable) return Promise.resolve()
    this.log.bytes(this.origin.party, octets)
    return new Promise(done => this.socket.write(octets, () => done()))
  }

  private end(): void {
    this.origin.endedAt = this.origin.scene.bench.now()
    this.over = true
    this.log.fin(this.origin.party)
    this.socket.end()
    // A peer that never answers the FIN must not hold the connection for ever.
    const { bench } = this.origin.scene
    bench.clock.after(bench.ms(5_000), () => this.socket.destroy())
  }

  private refuse(): void {
    const content = 'The origin cannot read this request.\n'
    void this.send(
      Buffer.from(
        `HTTP/1.1 400 Bad Request\r\nContent-Length: ${content.length}\r\nConnection: close\r\n\r\n${content}`,
      ),
    ).then(() => this.end())
  }
}
