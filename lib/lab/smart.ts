import * as net from 'node:net'
import type { Timer } from '../net/clock.js'
import { membersOf } from '../wire/list.js'
import { RequestReader } from '../wire/request-reader.js'
import type { ContentFraming } from '../wire/response-head.js'
import { ResponseReader } from '../wire/response-reader.js'
import type { Place, Scene } from './bench.js'
import { said } from './said.js'

/**
 * The smart proxy of the nineties, as Netscape intended it: an emulation for the laboratory only. hopwise never does this (RFC
 * 9112 C.2.2).
 *
 * It understands `Proxy-Connection: Keep-Alive` from a client as a wish about their connection, just like `Connection:
 * Keep-Alive`. It forwards neither of them, but asks the next server with its own `Connection: Keep-Alive`, and answers its
 * client with the field with which it was asked. If both agree, it keeps both sides. So it believes that the sender of the field
 * also wrote it: a mistake that becomes visible when there is a dumb proxy next to it.
 *
 * For every client connection it has at most one connection to the next server. Messages are framed as RFC 9112 6.3 says; a
 * message without a length ends with the connection, as in HTTP/1.0.
 */
export interface SmartOptions {
  /** Real ms that a client's connection may be idle after a response; 0: for ever. Default 0. */
  readonly idleMs?: number
  /** The `timeout` that it announces in `Keep-Alive`, in seconds; not given: it announces nothing. */
  readonly announceS?: number
}

const FOR_THE_RESPONSE = said('for the response', '응답을 기다린다')
const NEXT_REQUEST = said('for the next request', '다음 요청을 기다린다')
/** The whole content of a request is read before it is forwarded. */
const CONTENT_BYTES_MAX = 1_048_576
/** Fields of this hop only. */
const STRIPPED: ReadonlySet<string> = new Set(['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding'])
/** … and also those that are removed when the next hop gets another framing. */
const FRAMED: ReadonlySet<string> = new Set([...STRIPPED, 'content-length'])

/** @returns the place to reach it; it listens until the run is over */
export async function openSmart(scene: Scene, party: string, to: Place, options: SmartOptions = {}): Promise<Place> {
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, client => {
    scene.bench.own(() => client.destroy())
    new SmartConnection({ scene, party, to, from, options }, client)
  })
  let from = 'client'
  const expect = (who: string) => {
    from = who
  }
  return { party, port: await scene.bench.listen(server), observes: false, expect }
}

interface Standing {
  readonly scene: Scene
  readonly party: string
  readonly to: Place
  /** The party on the other side of the client's connection. */
  readonly from: string
  readonly options: SmartOptions
}

interface Asked {
  readonly method: string
  /** latin1, with its blank line. */
  readonly head: string
  readonly content: Buffer
  /** The fields in which the client asked for its connection to be kept, in the spelling of an answer. */
  readonly wishes: readonly string[]
}

/** One client connection and the connection to the next server that belongs to it: one request at a time. */
class SmartConnection {
  private readonly reader = new RequestReader()
  private pending: Buffer = Buffer.alloc(0)
  private got: { method: string; head: string; content: Buffer[]; size: number } | null = null
  private busy = false
  private idle: Timer | undefined
  private server: NextServer | null = null

  constructor(
    private readonly at: Standing,
    private readonly client: net.Socket,
  ) {
    client.on('data', octets => {
      this.pending = Buffer.concat([this.pending, octets])
      this.next()
    })
    client.on('end', () => this.busy || client.end())
    client.on('error', () => {})
    client.on('close', () => {
      this.idle?.cancel()
      at.scene.goesOn(at.party)
      this.server?.close()
    })
  }

  /** Reads until a request is complete, and forwards it. */
  private next(): void {
    if (this.busy) return
    const asked = this.read()
    if (asked === null) return
    this.busy = true
    this.idle?.cancel()
    const { scene, party, to } = this.at
    scene.goesOn(party)
    if (!this.server?.usable) this.server = new NextServer(scene, to)
    this.server.ask(asked, {
      head: (head, framing) => this.client.write(this.responseHead(head, framing, asked), 'latin1'),
      content: octets => this.client.write(octets),
      end: framing => this.answered(this.keeps(asked, framing)),
      broken: begun => this.broken(begun),
    })
    scene.waits(party, to.party, FOR_THE_RESPONSE)
  }

  private read(): Asked | null {
    const { reader } = this
    if (reader.done) reader.next()
    try {
      const at = reader.consume(this.pending, 0, this.pending.length, {
        onRequestHead: ({ method, lines }) => {
          this.got = { method, head: lines.text, content: [], size: 0 }
        },
        onRequestContent: (bytes, from, to) => this.take(bytes, from, to),
        onRequestEnd() {},
      })
      this.pending = this.pending.subarray(at)
    } catch {
      this.client.destroy() // not a request, or too large: a proxy of that time just closes
      return null
    }
    if (!reader.done || this.got === null) return null
    const { method, head, content } = this.got
    return { method, head, content: Buffer.concat(content), wishes: wishesIn(head) }
  }

  private take(bytes: Buffer, from: number, to: number): void {
    const { got } = this
    if (got === null) return
    got.size += to - from
    if (got.size > CONTENT_BYTES_MAX) throw new Error('the content is too large')
    got.content.push(Buffer.from(bytes.subarray(from, to)))
  }

  /** Keeps only clients that asked for it, and only if the content ends without the end of the connection. */
  private keeps({ wishes }: Asked, framing: ContentFraming): boolean {
    return wishes.length > 0 && (framing === 'length' || framing === 'none')
  }

  /** The head with our own agreement, in the field in which we were asked, or with our own close. */
  private responseHead(head: string, framing: ContentFraming, asked: Asked): string {
    const lines = linesWithout(head, framing === 'chunked' ? FRAMED : STRIPPED)
    const { announceS } = this.at.options
    if (this.keeps(asked, framing)) {
      for (const name of asked.wishes) lines.push(`${name}: Keep-Alive`)
      if (announceS !== undefined) lines.push(`Keep-Alive: timeout=${announceS}`)
    } else lines.push('Connection: close')
    return `${lines.join('\r\n')}\r\n\r\n`
  }

  private answered(keep: boolean): void {
    const { scene, party, from, options } = this.at
    this.busy = false
    scene.goesOn(party)
    if (!keep || this.client.readableEnded) {
      this.client.end()
      return
    }
    scene.waits(party, from, NEXT_REQUEST)
    if (options.idleMs) this.idle = scene.bench.clock.hold(options.idleMs, () => this.client.destroySoon())
    this.next()
  }

  /**
   * The next server closed before its response was complete. A client with half an answer must see that it is half (RFC 9112 8).
   */
  private broken(begun: boolean): void {
    this.busy = false
    this.server = null
    if (begun) this.client.resetAndDestroy()
    else this.client.end()
  }
}

/** The receiver of a response. */
interface Answered {
  head(head: string, framing: ContentFraming): void
  content(octets: Buffer): void
  end(framing: ContentFraming): void
  /** `begun`: some of the response had come. */
  broken(begun: boolean): void
}

/** The connection to the next server. */
class NextServer {
  private readonly reader = new ResponseReader()
  private readonly socket: net.Socket
  private answered: Answered | null = null
  private framing: ContentFraming = 'none'
  private agreed = false
  private begun = false

  constructor(scene: Scene, to: Place) {
    this.socket = net.connect({ host: '127.0.0.1', port: to.port, noDelay: true })
    scene.bench.own(() => this.socket.destroy())
    this.socket.on('data', octets => this.take(octets))
    this.socket.on('error', () => {})
    this.socket.on('close', () => this.over())
  }

  /** The server agreed to keep the connection, and it is still open. */
  get usable(): boolean {
    return this.agreed && !this.socket.destroyed && this.socket.writable
  }

  ask(asked: Asked, answered: Answered): void {
    this.answered = answered
    this.begun = false
    this.reader.expect(asked.method)
    this.socket.write(Buffer.concat([Buffer.from(requestHead(asked), 'latin1'), asked.content]))
  }

  close(): void {
    this.answered = null
    this.socket.destroy()
  }

  private take(octets: Buffer): void {
    if (this.answered === null) {
      this.close() // bytes that were not requested
      return
    }
    this.begun = true
    try {
      this.reader.consume(octets, 0, octets.length, {
        onResponseHead: ({ status, framing, lines }) => {
          if (status < 200) return // HTTP/1.0 does not know interim responses
          this.framing = framing
          this.agreed = optionsIn(lines.text, 'connection').includes('keep-alive') && framing !== 'close'
          this.answered?.head(lines.text, framing)
        },
        onResponseContent: (bytes, from, to) => this.answered?.content(Buffer.from(bytes.subarray(from, to))),
        onResponseEnd: () => this.end(),
      })
    } catch {
      this.socket.destroy()
    }
  }

  private end(): void {
    const { answered } = this
    this.answered = null
    if (!this.agreed) this.socket.end()
    answered?.end(this.framing)
  }

  /** The connection has ended: this is the end of content without a length, and too early for everything else. */
  private over(): void {
    this.agreed = false
    if (this.answered === null) return
    const { answered, begun } = this
    if (this.reader.inContent && this.framing === 'close') this.end()
    else {
      this.answered = null
      answered.broken(begun)
    }
  }
}

/** The head for the next server: without the fields of this hop, but with our own wish. */
function requestHead({ head, content, wishes }: Asked): string {
  const framed = /^(?:transfer-encoding|content-length):/im.test(head)
  const lines = linesWithout(head, FRAMED)
  if (framed) lines.push(`Content-Length: ${content.length}`)
  if (wishes.length > 0) lines.push('Connection: Keep-Alive')
  return `${lines.join('\r\n')}\r\n\r\n`
}

function linesWithout(head: string, names: ReadonlySet<string>): string[] {
  const lines = head.split('\r\n').slice(0, -2)
  return lines.filter((line, i) => i === 0 || !names.has(line.slice(0, line.indexOf(':')).toLowerCase()))
}

function wishesIn(head: string): string[] {
  return ['Proxy-Connection', 'Connection'].filter(name => optionsIn(head, name).includes('keep-alive'))
}

function optionsIn(head: string, name: string): string[] {
  const lower = `${name.toLowerCase()}:`
  const lines = head.split('\r\n').filter(line => line.toLowerCase().startsWith(lower))
  return lines.flatMap(line => membersOf(line.slice(lower.length))).map(option => option.toLowerCase())
}
