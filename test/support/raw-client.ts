import * as net from 'node:net'
import { performance } from 'node:perf_hooks'

/**
 * A scripted client that knows no HTTP: it sends the given bytes, and waits for bytes.
 * What happened on its connection, in order and with times, is in `events`.
 *
 * Every wait has a deadline; when it passes, the error shows what was received instead.
 */
export interface RawClient {
  /** The address that the peer sees: `127.0.0.1:50123`. */
  readonly name: string
  readonly events: readonly RawEvent[]
  /** How the peer ended the connection, as far as is known. */
  readonly ended: '' | 'fin' | 'reset'
  /** Bytes received that no read has taken yet. */
  readonly waiting: Buffer
  /** Everything received since the connection was opened. */
  readonly received: Buffer
  /** A string is latin1. Resolves when the kernel has taken the bytes. */
  send(bytes: string | Uint8Array): Promise<void>
  /** Takes what was received up to and including the pattern, as latin1 text. A RegExp must not be sticky or global. */
  readUntil(pattern: string | Uint8Array | RegExp, deadlineMs?: number): Promise<string>
  /** Takes exactly `count` bytes. */
  readBytes(count: number, deadlineMs?: number): Promise<Buffer>
  /** Takes everything received until the peer ends the connection, and how it did. */
  readToEnd(deadlineMs?: number): Promise<{ bytes: Buffer; how: 'fin' | 'reset' }>
  /** Resolves when neither a byte nor an end has arrived for this long (ms); rejects as soon as one does. */
  silence(forMs?: number): Promise<void>
  /** Stops reading from the kernel, so that the peer meets a full window, until `resume`. */
  pause(): void
  resume(): void
  /** Sends a FIN; bytes may still arrive. */
  halfClose(): void
  /** Sends a RST. */
  reset(): void
  /** Closes both directions without waiting. */
  destroy(): void
}

export interface RawEvent {
  /** ms since the client began to connect. */
  at: number
  what: 'connected' | 'sent' | 'received' | 'half-closed' | 'fin' | 'reset' | 'closed'
  /** latin1 text of what was sent or received. */
  text?: string
}

/**
 * The limit of every wait without its own, in ms. It turns a hang into a readable error and measures nothing, so it is far
 * longer than a busy machine needs, and shorter than the limit of the test runner.
 */
export const WAIT_MS = 240_000

export interface RawClientOptions {
  port: number
  host?: string
  localAddress?: string
  /** For every wait without its own, in ms; default `WAIT_MS`. */
  deadlineMs?: number
  /** A connected stream to use instead of a new connection (such as a TLS socket). */
  socket?: net.Socket
}

/** @throws the connect error. */
export async function connectRaw(options: RawClientOptions): Promise<RawClient> {
  const client = new Client(options)
  await client.opened
  return client
}

class Client implements RawClient {
  readonly events: RawEvent[] = []
  readonly opened: Promise<void>
  ended: '' | 'fin' | 'reset' = ''
  name = ''
  #socket: net.Socket
  #began = performance.now()
  /**
   * Its first `#filled` bytes hold what was received. It grows by doubling: concatenating at each read costs the square of the
   * size.
   */
  #store: Buffer = Buffer.alloc(0)
  #filled = 0
  #taken = 0
  #deadlineMs: number
  /** Called at every change: a read checks again whether it has what it waits for. */
  #wake: () => void = () => {}
  /** Ends a silence. */
  #broken: () => void = () => {}
  #waiting = false

  constructor({ port, host = '127.0.0.1', localAddress, deadlineMs = WAIT_MS, socket }: RawClientOptions) {
    this.#deadlineMs = deadlineMs
    const from = localAddress === undefined ? {} : { localAddress }
    this.#socket = socket ?? net.connect({ port, host, allowHalfOpen: true, noDelay: true, ...from })
    this.opened = socket ? Promise.resolve(this.#connected()) : this.#connect()
    this.#socket.on('data', bytes => this.#got(bytes))
    this.#socket.on('end', () => this.#over('fin'))
    this.#socket.on('error', () => this.#over('reset'))
    this.#socket.on('close', () => {
      this.#note('closed')
      this.#over('fin')
    })
  }

  get received(): Buffer {
    return this.#store.subarray(0, this.#filled)
  }

  get waiting(): Buffer {
    return this.#store.subarray(this.#taken, this.#filled)
  }

  send(bytes: string | Uint8Array): Promise<void> {
    const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
    this.#note('sent', data)
    return new Promise((done, failed) => this.#socket.write(data, error => (error ? failed(error) : done())))
  }

  async readUntil(pattern: string | Uint8Array | RegExp, deadlineMs = this.#deadlineMs): Promise<string> {
    // What was searched already is not searched again.
    let searched = 0
    const end = await this.#wait(`${pattern instanceof Uint8Array ? '(bytes)' : pattern}`, deadlineMs, () => {
      const found = endOf(this.waiting, pattern, searched)
      if (!(pattern instanceof RegExp)) searched = Math.max(0, this.waiting.length - pattern.length)
      return found
    })
    return this.#take(end).toString('latin1')
  }

  async readBytes(count: number, deadlineMs = this.#deadlineMs): Promise<Buffer> {
    const end = await this.#wait(`${count} bytes`, deadlineMs, () => (this.#filled - this.#taken >= count ? count : -1))
    return this.#take(end)
  }

  async readToEnd(deadlineMs = this.#deadlineMs): Promise<{ bytes: Buffer; how: 'fin' | 'reset' }> {
    await this.#wait('the end', deadlineMs, () => (this.ended ? 0 : -1))
    return { bytes: this.#take(this.waiting.length), how: this.ended as 'fin' | 'reset' }
  }

  async silence(forMs = 50): Promise<void> {
    const before = this.#filled
    await new Promise<void>(done => {
      const timer = setTimeout(done, forMs)
      this.#broken = () => {
        clearTimeout(timer)
        done()
      }
      if (this.ended) this.#broken()
    })
    this.#broken = () => {}
    if (this.#filled > before)
      throw new Error(`Silence was expected, but received ${show(this.received.subarray(before))}`)
    if (this.ended) throw new Error(`Silence was expected, but the peer ended the connection (${this.ended})`)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  halfClose(): void {
    this.#note('half-closed')
    this.#socket.end()
  }

  reset(): void {
    this.#socket.resetAndDestroy()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #connect(): Promise<void> {
    return new Promise((done, failed) => {
      this.#socket.once('error', failed)
      this.#socket.once('connect', () => {
        this.#socket.off('error', failed)
        done(this.#connected())
      })
    })
  }

  #connected(): void {
    this.name = `${this.#socket.localAddress}:${this.#socket.localPort}`
    this.#note('connected')
  }

  #got(bytes: Buffer): void {
    const filled = this.#filled + bytes.length
    if (filled > this.#store.length) {
      // Slices handed out before keep the old buffer.
      const larger = Buffer.allocUnsafe(Math.max(filled, 2 * this.#store.length, 1024))
      this.#store.copy(larger, 0, 0, this.#filled)
      this.#store = larger
    }
    bytes.copy(this.#store, this.#filled)
    this.#filled = filled
    this.#note('received', bytes)
    this.#broken()
    this.#wake()
  }

  #over(how: 'fin' | 'reset'): void {
    if (this.ended) return
    this.ended = how
    this.#note(how)
    this.#broken()
    this.#wake()
  }

  #take(count: number): Buffer {
    const taken = this.waiting.subarray(0, count)
    this.#taken += count
    return taken
  }

  #note(what: RawEvent['what'], bytes?: Uint8Array): void {
    const at = performance.now() - this.#began
    this.events.push(bytes ? { at, what, text: textOf(bytes) } : { at, what })
  }

  /** Waits until `look` returns an offset (>= 0). Only one wait at a time: a script is a sequence. */
  #wait(what: string, deadlineMs: number, look: () => number): Promise<number> {
    if (this.#waiting)
      throw new Error(`${this.name} is already waiting: a second wait, for ${what}, would take its bytes`)
    this.#waiting = true
    return new Promise((done, failed) => {
      const stop = () => {
        clearTimeout(timer)
        this.#waiting = false
        this.#wake = () => {}
      }
      const fail = (why: string) => {
        stop()
        failed(new Error(`${this.name || 'raw client'} waited for ${what}: ${why}; it has ${show(this.waiting)}`))
      }
      const timer = setTimeout(() => fail(`no match within ${deadlineMs} ms`), deadlineMs)
      this.#wake = () => {
        const end = look()
        if (end < 0 && this.ended) return fail(`the peer ended the connection (${this.ended})`)
        if (end < 0) return
        stop()
        done(end)
      }
      this.#wake()
    })
  }
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}

/** @param from bytes before it do not begin the pattern */
function endOf(bytes: Buffer, pattern: string | Uint8Array | RegExp, from: number): number {
  if (pattern instanceof RegExp) {
    const found = pattern.exec(bytes.toString('latin1'))
    return found ? found.index + found[0].length : -1
  }
  const wanted = typeof pattern === 'string' ? Buffer.from(pattern, 'latin1') : pattern
  const at = bytes.indexOf(wanted, from)
  return at < 0 ? -1 : at + wanted.length
}

function show(bytes: Buffer): string {
  const text = JSON.stringify(bytes.toString('latin1', 0, 400))
  return bytes.length > 400 ? `${text} … (${bytes.length} bytes)` : text
}
