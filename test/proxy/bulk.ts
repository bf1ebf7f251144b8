import * as net from 'node:net'
import type { Test } from 'tap'
import { WAIT_MS } from '../support/raw-client.js'

/** A peer for large content: it counts and checks every byte that it receives, and keeps none. */
export class BulkPeer {
  /** Bytes of content received, and how many of them were not `letter`. */
  received = 0
  foreign = 0
  letter = 'x'
  /** Bytes that the kernel has accepted of what is being poured. */
  poured = 0
  ended: '' | 'fin' | 'reset' = ''
  readonly #socket: net.Socket
  #head: string | null = null
  #expected: Buffer = Buffer.alloc(0)
  #wake: () => void = () => {}

  constructor(socket: net.Socket) {
    this.#socket = socket
    socket.on('data', bytes => this.#got(bytes))
    socket.on('error', () => {})
    socket.on('close', (broken: boolean) => {
      this.ended ||= broken ? 'reset' : 'fin'
      this.#wake()
    })
    socket.on('end', () => {
      this.ended ||= 'fin'
      this.#wake()
    })
  }

  send(text: string): void {
    this.#socket.write(text, 'latin1')
  }

  /** Sends this much of one letter as fast as it is accepted; ends early when the peer does. */
  async pour(letter: string, length: number): Promise<void> {
    const block = Buffer.alloc(256 * 1024, letter)
    this.poured = 0
    while (this.poured < length && !this.#socket.destroyed) {
      const part = block.subarray(0, Math.min(block.length, length - this.poured))
      await new Promise<void>(done => this.#socket.write(part, () => done()))
      this.poured += part.length
    }
  }

  /** The next head; what follows is content, of this letter. */
  async head(letter = 'x'): Promise<string> {
    this.letter = letter
    this.received = this.foreign = 0
    this.#head = ''
    await this.#until(() => this.#head === null || this.#head.endsWith('\r\n\r\n'))
    const head = this.#head
    this.#head = null
    return head
  }

  /** Waits until this much content has arrived. */
  content(length: number): Promise<void> {
    return this.#until(() => this.received >= length)
  }

  end(): Promise<void> {
    return this.#until(() => this.ended !== '')
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  reset(): void {
    this.#socket.resetAndDestroy()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #got(bytes: Buffer): void {
    let from = 0
    if (this.#head !== null && !this.#head.endsWith('\r\n\r\n')) {
      const text = this.#head + bytes.toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      from = end < 0 ? bytes.length : end + 4 - this.#head.length
      this.#head = end < 0 ? text : text.slice(0, end + 4)
    }
    if (from < bytes.length) this.#look(bytes.subarray(from))
    this.#wake()
  }

  #look(content: Buffer): void {
    this.received += content.length
    if (this.#expected.length < content.length || this.#expected[0] !== this.letter.charCodeAt(0))
      this.#expected = Buffer.alloc(Math.max(content.length, 65_536), this.letter)
    if (content.equals(this.#expected.subarray(0, content.length))) return
    for (const byte of content) if (byte !== this.#expected[0]) this.foreign++
  }

  #until(condition: () => boolean): Promise<void> {
    return new Promise((done, failed) => {
      const timer = setTimeout(() => {
        failed(new Error(`${this.received} bytes of content and ${JSON.stringify(this.#head)} within ${WAIT_MS} ms`))
      }, WAIT_MS)
      this.#wake = () => {
        if (!condition()) return
        clearTimeout(timer)
        this.#wake = () => {}
        done()
      }
      this.#wake()
    })
  }
}

/** A client of the proxy on this port, ended with the test. */
export async function bulkClient(t: Test, port: number): Promise<BulkPeer> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  await new Promise<void>((done, failed) => socket.once('connect', done).once('error', failed))
  t.teardown(() => socket.destroy())
  return new BulkPeer(socket)
}

/** An origin whose connections are bulk peers, in the order of accepting. */
export async function bulkOrigin(t: Test): Promise<{ url: string; accepted(nth: number): Promise<BulkPeer> }> {
  const peers: BulkPeer[] = []
  let wake = (): void => {}
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    peers.push(new BulkPeer(socket))
    wake()
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.teardown(async () => {
    for (const peer of peers) peer.destroy()
    await new Promise(done => server.close(done))
  })
  return {
    url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    accepted: nth =>
      new Promise(done => {
        wake = () => {
          if (peers.length > nth) done(peers[nth]!)
        }
        wake()
      }),
  }
}
