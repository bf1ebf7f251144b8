import * as http from 'node:http'
import * as net from 'node:net'
import type { Test } from 'tap'
import { WAIT_MS } from './raw-client.js'

/**
 * Load that is counted at both ends: clients with their own HTTP code that send no request twice, and upstreams (Node's own
 * HTTP server) that record each request they receive. The differences between the two records are reported.
 */

/** What became of one request that was sent. `how`: refused, reset, cut, wrong, or the status. */
export interface Lost {
  id: string
  how: string
  /** Milliseconds since the load began. */
  at: number
  /** The client's port: which connection it was. */
  port: number
  /** How many requests that connection had carried before. */
  nth: number
}

export interface Seen {
  /** Prefix of the id of each request. */
  name: string
  /** Requests that were sent. */
  sent: number
  answered: Set<string>
  lost: Lost[]
  /** Connections that could not be made: `ECONNREFUSED: 3`. Nothing had been sent on them. */
  unconnected: Record<string, number>
  /**
   * Sent behind another request on a connection whose answer then said `close`: the client knows, and may send it again
   * (RFC 9112 9.6).
   */
  unread: number
  connections: number
}

/**
 * How a client sends: in turn on one connection, each on a new one, with content, slow answers, one slow answer, or pipelined.
 */
export type Kind = 'kept' | 'fresh' | 'post' | 'slow' | 'download' | 'pipeline'

export interface LoadOptions {
  /** How many clients of each kind. */
  clients: Partial<Record<Kind, number>>
  connect(): net.Socket
  host?: string
  /** The socket is ready to be written at this event. */
  connected?: 'connect' | 'secureConnect'
  /** How long a client pauses between two requests (ms). */
  pauseMs?: number
  /** How long a slow answer takes (ms). */
  slowMs?: number
}

export interface Load {
  seen: Seen
  /** Resolves when no request is in progress any more. */
  stop(): Promise<Seen>
}

/** How many requests a pipelining client sends at once. */
const AT_ONCE = 4
/** An answer that takes longer than this counts as lost. */
const ANSWER_MS = WAIT_MS

let loads = 0

export function startLoad(options: LoadOptions): Load {
  const { clients, pauseMs = 1 } = options
  const name = `load${++loads}`
  const seen: Seen = { name, sent: 0, answered: new Set(), lost: [], unconnected: {}, unread: 0, connections: 0 }
  const began = performance.now()
  let going = true
  const client = async (kind: Kind) => {
    while (going) {
      const connection = await connect(options, seen, began)
      if (connection === null) {
        await pause(10)
        continue
      }
      let isKept = true
      while (going && isKept) {
        const count = kind === 'pipeline' ? AT_ONCE : 1
        const wanted = Array.from({ length: count }, () => requestOf(kind, `${name}-${++seen.sent}`, options))
        isKept = (await connection.ask(wanted)) && kind !== 'fresh' && kind !== 'download'
        await pause(pauseMs)
      }
      connection.end()
    }
  }
  const running = Object.entries(clients).flatMap(([kind, count]) =>
    Array.from({ length: count }, () => client(kind as Kind)),
  )
  return {
    seen,
    async stop() {
      going = false
      await Promise.all(running)
      return seen
    },
  }
}

const pause = (ms: number): Promise<void> => new Promise(done => setTimeout(done, ms))

interface Asked {
  id: string
  /** Written one after the other, with a turn of the event loop between. */
  pieces: string[]
}

function requestOf(kind: Kind, id: string, { host = 'load.test', slowMs = 200 }: LoadOptions): Asked {
  const head = (method: string, target: string, ...fields: string[]) =>
    `${[`${method} ${target} HTTP/1.1`, `Host: ${host}`, ...fields].join('\r\n')}\r\n\r\n`
  if (kind === 'post') {
    const content = `${id} `.repeat(200)
    const half = content.length / 2
    return {
      id,
      pieces: [
        head('POST', `/${id}`, `Content-Length: ${content.length}`),
        content.slice(0, half),
        content.slice(half),
      ],
    }
  }
  if (kind === 'slow') return { id, pieces: [head('GET', `/${id}?slow=${slowMs}`)] }
  if (kind === 'download') return { id, pieces: [head('GET', `/${id}?slow=${slowMs}`, 'Connection: close')] }
  return { id, pieces: [head('GET', `/${id}`, ...(kind === 'fresh' ? ['Connection: close'] : []))] }
}

function connect(options: LoadOptions, seen: Seen, began: number): Promise<Connection | null> {
  return new Promise(done => {
    const socket = options.connect()
    const failed = (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.message
      seen.unconnected[code] = (seen.unconnected[code] ?? 0) + 1
      done(null)
    }
    socket.once('error', failed).once(options.connected ?? 'connect', () => {
      socket.off('error', failed)
      seen.connections += 1
      done(new Connection(socket, seen, began))
    })
  })
}

/** A client's end of one connection. */
class Connection {
  readonly #socket: net.Socket
  readonly #seen: Seen
  readonly #began: number
  readonly #port: number
  #text = ''
  #nth = 0
  /** Requests without their answers, in order. */
  #waiting: string[] = []
  #error = 'cut'
  #done: (isKept: boolean) => void = () => {}
  #timer: NodeJS.Timeout | undefined

  constructor(socket: net.Socket, seen: Seen, began: number) {
    this.#socket = socket
    this.#seen = seen
    this.#began = began
    this.#port = socket.localPort ?? 0
    socket.setNoDelay(true).setEncoding('latin1')
    socket.on('data', (text: string) => this.#read(text))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#error = error.code === 'ECONNRESET' || error.code === 'EPIPE' ? 'reset' : (error.code ?? error.message)
    })
    socket.on('close', () => this.#over())
  }

  /** Sends all at once; resolves when each has its answer or none can come, with whether the connection is kept. */
  ask(requests: readonly Asked[]): Promise<boolean> {
    return new Promise(done => {
      this.#done = done
      this.#waiting = requests.map(({ id }) => id)
      if (this.#socket.destroyed) return this.#over()
      this.#timer = setTimeout(() => {
        this.#error = `no answer within ${ANSWER_MS} ms`
        this.#socket.destroy()
      }, ANSWER_MS)
      void this.#write(requests.flatMap(({ pieces }) => pieces))
    })
  }

  end(): void {
    this.#socket.destroy()
  }

  async #write([first = '', ...rest]: string[]): Promise<void> {
    this.#socket.write(first, 'latin1')
    // A GET is one piece: several GETs are written in one turn.
    for (const piece of rest) {
      if (!piece.startsWith('GET ')) await pause(1)
      this.#socket.write(piece, 'latin1')
    }
  }

  #read(text: string): void {
    this.#text += text
    for (;;) {
      const content = this.#text.indexOf('\r\n\r\n') + 4
      if (content < 4) return
      const head = this.#text.slice(0, content)
      const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1])
      if (this.#text.length < content + length) return
      const answer = this.#text.slice(content, content + length)
      this.#text = this.#text.slice(content + length)
      if (!this.#answered(head, answer)) return
    }
  }

  /** False when this was the last answer. */
  #answered(head: string, answer: string): boolean {
    const id = this.#waiting.shift() ?? 'nobody'
    this.#nth += 1
    if (head.startsWith('HTTP/1.1 200 ') && answer.startsWith(`${id} `)) this.#seen.answered.add(id)
    else this.#lose(id, head.startsWith('HTTP/1.1 200 ') ? `wrong: ${answer.slice(0, 40)}` : head.slice(9, 12))
    if (/\r\nconnection: close\r\n/i.test(head)) {
      // The client knows: requests behind this one were not read, and may be sent again.
      this.#seen.unread += this.#waiting.length
      this.#waiting = []
      this.#finish(false)
      return false
    }
    if (this.#waiting.length > 0) return true
    this.#finish(true)
    return false
  }

  #over(): void {
    for (const id of this.#waiting) this.#lose(id, this.#error)
    this.#waiting = []
    this.#finish(false)
  }

  #lose(id: string, how: string): void {
    this.#seen.lost.push({ id, how, at: Math.round(performance.now() - this.#began), port: this.#port, nth: this.#nth })
  }

  #finish(isKept: boolean): void {
    clearTimeout(this.#timer)
    this.#done(isKept && !this.#socket.destroyed)
  }
}

/** Upstreams of one load: they answer with the id of the request, and record it. */
export interface Upstreams {
  ports: number[]
  /** How often each id was served: read to its end and answered completely. */
  served: Map<string, number>
  /** How many requests each upstream has served. */
  counts: number[]
}

export async function startUpstreams(
  t: Test,
  places: readonly (number | net.ListenOptions)[],
  tune: (server: http.Server) => void = () => {},
): Promise<Upstreams> {
  const upstreams: Upstreams = { ports: [], served: new Map(), counts: [] }
  for (const [which, place] of places.entries()) {
    upstreams.counts.push(0)
    const server = http.createServer((request, response) => {
      request.resume().on('end', () => answer(request, response, which, upstreams))
    })
    // Only the proxy closes idle connections: a request that meets the FIN of an upstream is not what is counted here.
    server.keepAliveTimeout = 0
    tune(server)
    const where = typeof place === 'number' ? { port: place, host: '127.0.0.1' } : place
    await new Promise<void>((done, failed) => server.once('error', failed).listen(where, done))
    const at = server.address()
    upstreams.ports.push(typeof at === 'object' && at !== null ? at.port : 0)
    t.teardown(async () => {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    })
  }
  return upstreams
}

async function answer(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  which: number,
  { served, counts }: Upstreams,
): Promise<void> {
  const [path = '', query = ''] = (request.url ?? '').split('?')
  const id = path.split('/').at(-1) ?? ''
  served.set(id, (served.get(id) ?? 0) + 1)
  counts[which] = (counts[which] ?? 0) + 1
  const slowMs = Number(/slow=(\d+)/.exec(query)?.[1] ?? 0)
  const content = `${id} ${which}\n${'.'.repeat(200)}\n`
  response.writeHead(200, { 'Content-Length': content.length })
  if (slowMs > 0) {
    for (let at = 0; at < content.length - 1; at += 50) {
      response.write(content.slice(at, Math.min(at + 50, content.length - 1)))
      await openFor(response, slowMs / 5)
      if (response.destroyed) return
    }
    response.end(content.slice(-1))
  } else response.end(content)
}

/** Resolves after `ms`, or when the response is closed: nothing waits for the rest of an answer that cannot be delivered. */
function openFor(response: http.ServerResponse, ms: number): Promise<void> {
  return new Promise(done => {
    const timer = setTimeout(done, ms)
    response.once('close', () => {
      clearTimeout(timer)
      done()
    })
  })
}

/** A socket to a loopback port, for `connect`. */
export const toPort = (port: number) => (): net.Socket => net.connect(port, '127.0.0.1')

export interface Compared {
  answered: number
  served: number
  connections: number
  /** Sent behind an answer that closed: neither lost nor served. */
  unread: number
  /** How many were lost, by how. */
  lost: Record<string, number>
  unconnected: Record<string, number>
  /** Answered, but no upstream has served them. */
  unserved: string[]
  /** Served, but the client has no answer to them. */
  unanswered: string[]
  /** Served more than once. */
  twice: string[]
}

/** Compares both records of one load. */
export function compare(seen: Seen, upstreams: Upstreams): Compared {
  const served = new Map([...upstreams.served].filter(([id]) => id.startsWith(`${seen.name}-`)))
  const lost: Record<string, number> = {}
  for (const { how } of seen.lost) lost[how] = (lost[how] ?? 0) + 1
  return {
    answered: seen.answered.size,
    served: served.size,
    connections: seen.connections,
    unread: seen.unread,
    lost,
    unconnected: seen.unconnected,
    unserved: [...seen.answered].filter(id => !served.has(id)),
    unanswered: [...served.keys()].filter(id => !seen.answered.has(id)),
    twice: [...served].flatMap(([id, times]) => (times > 1 ? [id] : [])),
  }
}

/** Fails unless both records agree, and nothing was lost; the numbers are in the output. */
export function nothingLost(t: Test, what: string, seen: Seen, upstreams: Upstreams, secondsTaken: number): void {
  const { answered, served, connections, unread, ...books } = compare(seen, upstreams)
  const numbers = `${answered} answered, ${served} served, ${connections} connections`
  t.comment(`${what}: ${numbers}${unread > 0 ? `, ${unread} to be sent again` : ''}, ${secondsTaken.toFixed(1)} s`)
  t.comment(seen.lost.slice(0, 10))
  t.strictSame(
    books,
    { lost: {}, unconnected: {}, unserved: [], unanswered: [], twice: [] },
    `${what}: nothing is lost`,
  )
  t.ok(answered > 0, 'there were requests to lose')
}
