import { EventEmitter, once } from 'node:events'
import * as http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type Answer, headOf, missing, PAGES, type Page } from './origin-pages.js'

/**
 * A correct origin, and the small site that the demonstration uses.
 *
 * HTTP/1.1 connections persist without any field. An HTTP/1.0 client that sends `Connection: Keep-Alive`, for a page
 * whose length is known, gets the same field back with `Keep-Alive: timeout=5, max=99`, counting down (RFC 2068 19.7.1);
 * the connection of one that does not ask is closed after the answer. The last request allowed on a connection is answered
 * with `close`.
 *
 * It is built on Node's own HTTP server, so what a proxy sends is judged by a parser that is not hopwise's.
 */
export interface OriginOptions {
  /** How long a connection may be idle after an answer, in ms. */
  idleMs?: number
  /** Requests on one connection. */
  requestsMax?: number
  /** Additional pages, or replacements at the same paths. */
  pages?: Readonly<Record<string, Page>>
}

export interface OriginEvents {
  /** `connection` and `nth` count from 1; `head` is latin1 text: order, case and duplicates as received. */
  request: { connection: number; nth: number; method: string; target: string; head: string }
  open: { connection: number; peer: string }
  close: { connection: number; requests: number }
}

export interface Origin {
  /** @throws the listen error (`EADDRINUSE`, …). */
  listen(where: { host?: string; port: number }): Promise<{ address: string; port: number }>
  /** Stops accepting, closes idle connections and waits for the answers in progress. */
  close(): Promise<void>
  /** Ends everything at once. */
  destroy(): void
  on<E extends keyof OriginEvents>(event: E, listener: (it: OriginEvents[E]) => void): Origin
}

export function createOrigin({ idleMs = 5_000, requestsMax = 100, pages = {} }: OriginOptions = {}): Origin {
  const events = new EventEmitter()
  const site: Readonly<Record<string, Page>> = { ...PAGES, ...pages }
  const used = new WeakMap<Socket, { connection: number; requests: number }>()
  let connections = 0
  let closing = false

  // keepAliveTimeoutBuffer (newer Node versions) would add a second to the limit that is announced.
  const server = http.createServer(
    { keepAliveTimeout: idleMs, keepAliveTimeoutBuffer: 0 } as http.ServerOptions,
    (request, response) => {
      const use = used.get(request.socket)
      if (!use) return
      use.requests += 1
      events.emit('request', { ...requestEvent(request), connection: use.connection, nth: use.requests })
      const url = urlOf(request)
      const page = site[url.pathname] ?? missing
      const left = () => (closing ? 0 : requestsMax - use.requests)
      // A page that fails because its client left has no one to report to.
      Promise.resolve(page(request, url)).then(
        answer => send(request, response, { answer, idleMs, left: left() }),
        () => response.destroy(),
      )
    },
  )
  server.on('connection', (socket: Socket) => {
    const use = { connection: ++connections, requests: 0 }
    used.set(socket, use)
    events.emit('open', { connection: use.connection, peer: `${socket.remoteAddress}:${socket.remotePort}` })
    socket.on('close', () => events.emit('close', { ...use }))
  })

  const origin: Origin = {
    async listen({ host = '127.0.0.1', port }) {
      server.listen(port, host)
      await once(server, 'listening')
      const { address, port: bound } = server.address() as AddressInfo
      return { address, port: bound }
    },
    close: () =>
      new Promise(done => {
        closing = true
        server.close(() => done())
        server.closeIdleConnections()
      }),
    destroy() {
      server.close()
      server.closeAllConnections()
    },
    on(event, listener) {
      events.on(event, listener)
      return origin
    },
  }
  return origin
}

interface Sending {
  answer: Answer
  idleMs: number
  /** Requests still allowed on this connection. */
  left: number
}

function send(request: http.IncomingMessage, response: http.ServerResponse, { answer, idleMs, left }: Sending): void {
  const { status = 200, fields = {}, length } = answer
  response.removeHeader('Connection')
  for (const [name, value] of Object.entries({ ...fields, ...persistence(request, { length, idleMs, left }) }))
    response.setHeader(name, value)
  if (length !== undefined) response.setHeader('Content-Length', length)
  response.writeHead(status)
  if (request.method === 'HEAD') response.end()
  else answer.write(response)
}

/** The fields that the specifications require for this connection, and no more: an HTTP/1.1 answer has none, or `close`. */
function persistence(
  request: http.IncomingMessage,
  { length, idleMs, left }: { length: number | undefined; idleMs: number; left: number },
) {
  const options = (request.headers.connection ?? '').split(',').map(option => option.trim().toLowerCase())
  const http10 = request.httpVersionMinor === 0
  const agreed = http10 ? options.includes('keep-alive') && length !== undefined : true
  if (!agreed || options.includes('close') || left <= 0) return { Connection: 'close' }
  if (!http10) return {}
  const seconds = Math.floor(idleMs / 1000)
  return { Connection: 'Keep-Alive', 'Keep-Alive': seconds > 0 ? `timeout=${seconds}, max=${left}` : `max=${left}` }
}

function requestEvent(request: http.IncomingMessage): { method: string; target: string; head: string } {
  return { method: request.method ?? '', target: request.url ?? '', head: headOf(request) }
}

/** A target may be something that is not a URL (`//`, `*`): then it names no page. */
function urlOf(request: http.IncomingMessage): URL {
  const base = 'http://origin'
  const target = request.url ?? '/'
  return URL.canParse(target, base) ? new URL(target, base) : new URL('/nowhere', base)
}
