import * as net from 'node:net'
import type { Clock } from '../clock.js'
import { acceptFrom } from './accept.js'
import { Transport, type TransportOwner } from './transport.js'

/** How long the check may make no progress: all of it takes about 5 ms on an idle machine. */
const LIMIT_MS = 5_000
/** How often progress is checked within that time. */
const LOOKS = 5
const SETTINGS = { readMode: 'onread', noDelay: true, tcpKeepAliveMs: 0 } as const
/** Sizes of the messages: text only, text with copied content, content written in place, more than the kernel takes at once. */
const MESSAGES = [1, 300, 5_000, 70_000, 400_000, 2]

/** The result: the reads and writes of `handle.ts` behave as the proxy relies on; or they do not; or it is unknown. */
export type SelfCheck = { readonly works: true } | { readonly works: false | 'unknown'; readonly why: string }

/**
 * Exercises the undocumented ways of reading and writing once, over a connection from this process to itself: an echo of messages
 * of several sizes, then both FINs. A Node version that behaves differently is found here, before any client is affected. Never
 * rejects.
 */
export function checkTransport(clock: Clock, limitMs = LIMIT_MS): Promise<SelfCheck> {
  return new Promise(resolve => {
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true })
    const open = new Set<Transport>()
    // On an overloaded machine the checks come late, but each sees what has arrived meanwhile.
    let looks = 0
    let seen = 0
    const timer = clock.every(limitMs / LOOKS, () => {
      let moved = 0
      for (const { bytesIn } of open) moved += bytesIn
      looks = moved === seen ? looks + 1 : 0
      seen = moved
      if (looks === LOOKS) settle({ works: false, why: `no data moved for ${limitMs} ms` })
    })
    function settle(result: SelfCheck): void {
      timer.cancel()
      server.close()
      for (const transport of open) transport.destroy()
      resolve(result)
    }
    const parts = { settle, open }
    server.on('error', error => settle({ works: 'unknown', why: error.message }))
    acceptFrom(server, { settings: SETTINGS }, (_peer, take) => {
      const echo = new Echo(parts)
      echo.transport = take(echo)
      open.add(echo.transport)
    })
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo
      const asker = new Asker(parts)
      asker.transport = Transport.dialed(asker, 'onread', onread => {
        const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, ...onread })
        return socket.once('connect', () => asker.ask())
      })
      open.add(asker.transport)
    })
  })
}

interface Parts {
  settle(result: SelfCheck): void
  readonly open: Set<Transport>
}

/** Echoes what arrives, as an exchange does: with text before it, and reading no faster than the data is taken. */
class Echo implements TransportOwner {
  transport!: Transport

  constructor(private readonly parts: Parts) {}

  onBytes(bytes: Buffer, from: number, to: number): void {
    const { transport } = this
    transport.writeContent(bytes, from, to, transport.isStable(bytes))
    transport.flush()
    if (transport.pressured) transport.pause()
  }

  onFlushed(): void {
    this.transport.resume()
  }

  onFin(): void {
    this.transport.end()
  }

  onClosed(error: NodeJS.ErrnoException | null): void {
    this.parts.open.delete(this.transport)
    if (error !== null) this.parts.settle({ works: false, why: `the connection broke: ${error.message}` })
  }

  onFault(fault: unknown): void {
    this.parts.settle({ works: false, why: String(fault) })
  }
}

/** Sends one message after the other, each when the previous one has come back unchanged. */
class Asker implements TransportOwner {
  transport!: Transport
  #message: Buffer = Buffer.alloc(0)
  #nth = 0
  #came = 0
  #isConnected = false

  constructor(private readonly parts: Parts) {}

  ask(): void {
    this.#isConnected = true
    this.#message = messageOf(MESSAGES[this.#nth]!)
    this.#came = 0
    this.transport.write(this.#message.toString('latin1'))
    this.transport.flush()
  }

  onBytes(bytes: Buffer, from: number, to: number): void {
    const end = this.#came + to - from
    const same = end <= this.#message.length && this.#message.compare(bytes, from, to, this.#came, end) === 0
    if (!same) {
      this.parts.settle({ works: false, why: `${this.#message.length} bytes came back changed` })
      return
    }
    this.#came = end
    if (end < this.#message.length) return
    this.#nth++
    if (this.#nth < MESSAGES.length) this.ask()
    else this.transport.end()
  }

  onFlushed(): void {}

  onFin(): void {
    const works = this.#nth === MESSAGES.length
    this.parts.settle(works ? { works } : { works, why: 'the connection ended early' })
  }

  onClosed(error: NodeJS.ErrnoException | null): void {
    this.parts.open.delete(this.transport)
    const why = error === null ? 'the connection ended early' : error.message
    this.parts.settle({ works: this.#isConnected ? false : 'unknown', why })
  }

  onFault(fault: unknown): void {
    this.parts.settle({ works: false, why: String(fault) })
  }
}

/** All byte values, in an order in which no two neighbouring pieces of 251 bytes are equal. */
function messageOf(length: number): Buffer {
  const message = Buffer.alloc(length)
  for (let at = 0; at < length; at++) message[at] = (at + Math.trunc(at / 251)) & 0xff
  return message
}
