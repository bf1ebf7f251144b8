import { EventEmitter, once } from 'node:events'
import * as net from 'node:net'
import { Resolver } from '../net/names/resolver.js'
import { socketLookup } from '../net/names/socket-lookup.js'
import { OptionError } from '../policy/option-error.js'

/**
 * The deliberately wrong proxy, for demonstration: what RFC 9112 C.2.2 warns about.
 *
 * It reads one request from a client, passes the bytes on as they came (`Connection` and all), relays bytes from the
 * server until the server closes, and never reads a second request. So when the two sides, which do not know of each
 * other, agree to keep the connection, all three parties are left waiting.
 *
 * It has no rules about destinations and is not for real traffic: listen on loopback only.
 */
export interface DumbOptions {
  /** `http://host[:port]`: a reverse proxy for it. Without one: a forward proxy for requests in absolute-form. */
  upstream?: string
  /**
   * How long either side may be silent before both are dropped, in ms. Longer than any origin's idle limit: the origin is
   * to end the hang, not this proxy.
   */
  patienceMs?: number
  /** Open clients. A demonstration needs few, and a client that leaves while this proxy is not reading goes unnoticed. */
  clientsMax?: number
}

export interface DumbEvents {
  /** A request was read and passed on. `head` is latin1 text with its blank line, as sent to `origin` (`host:port`). */
  request: { client: string; origin: string; head: string }
  /** A client connection ended. `unreadBytes`: what it had sent and was never read (as far as is known). */
  close: { client: string; unreadBytes: number }
}

export interface Dumb {
  /** @throws the listen error (`EADDRINUSE`, …). */
  listen(where: { host?: string; port: number }): Promise<{ address: string; port: number }>
  /** Stops accepting clients and waits for the open ones. */
  close(): Promise<void>
  /** Ends everything at once. */
  destroy(): void
  on<E extends keyof DumbEvents>(event: E, listener: (it: DumbEvents[E]) => void): Dumb
}

const HEAD_BYTES_MAX = 65_536

/** @throws OptionError when `upstream` is not `http://host[:port]`. */
export function createDumb({ upstream, patienceMs = 120_000, clientsMax = 256 }: DumbOptions = {}): Dumb {
  const fixed = upstream === undefined ? undefined : readUpstream(upstream)
  const events = new EventEmitter()
  const sockets = new Set<net.Socket>()
  const lookup = socketLookup(new Resolver())

  const keep = (socket: net.Socket): net.Socket => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.setTimeout(patienceMs, () => socket.destroy())
    // The 'close' that follows is enough: an error is an end like any other here.
    return socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  }

  const server = net.createServer({ allowHalfOpen: true }, client => {
    keep(client)
    const name = `${client.remoteAddress}:${client.remotePort}`
    let given = 0
    client.on('close', () => events.emit('close', { client: name, unreadBytes: client.bytesRead - given }))
    readOne(client, (head, early) => {
      const request = fixed ? { origin: fixed, head } : readAbsoluteForm(head)
      if (!request) return answer(client, '400 Bad Request', 'This proxy needs a request in absolute-form.')
      given = passOn(client, request, early)
    })
  })
  server.maxConnections = clientsMax

  function passOn(client: net.Socket, { origin, head }: { origin: Origin; head: string }, early: Buffer): number {
    const contentBytes = Number(/^content-length:[ \t]*(\d{1,15})[ \t]*\r?$/im.exec(head)?.[1] ?? 0)
    const server = keep(net.connect({ ...origin, lookup }))
    server.on('close', () => client.destroySoon())
    server.once('error', error => server.bytesRead === 0 && answer(client, '502 Bad Gateway', error.message))
    server.write(head, 'latin1')
    passContent(client, server, early, contentBytes)
    server.pipe(client)
    client.on('close', () => server.destroy())
    events.emit('request', {
      client: `${client.remoteAddress}:${client.remotePort}`,
      origin: `${origin.host}:${origin.port}`,
      head,
    })
    return Buffer.byteLength(head, 'latin1') + contentBytes
  }

  const dumb: Dumb = {
    async listen({ host = '127.0.0.1', port }) {
      server.listen(port, host)
      await once(server, 'listening')
      const { address, port: bound } = server.address() as net.AddressInfo
      return { address, port: bound }
    },
    close: () => new Promise(done => server.close(() => done())),
    destroy() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
    on(event, listener) {
      events.on(event, listener)
      return dumb
    },
  }
  return dumb
}

interface Origin {
  host: string
  port: number
}

/** Collects up to the blank line, then hands over the head and what came after it. Nothing is read after that. */
function readOne(client: net.Socket, then: (head: string, early: Buffer) => void): void {
  let all: Buffer = Buffer.alloc(0)
  const more = (bytes: Buffer) => {
    all = Buffer.concat([all, bytes])
    const end = all.indexOf('\r\n\r\n')
    if (end < 0 && all.length <= HEAD_BYTES_MAX) return
    client.pause()
    client.off('data', more)
    if (end < 0) return answer(client, '400 Bad Request', 'The request head is too long.')
    then(all.toString('latin1', 0, end + 4), all.subarray(end + 4))
  }
  client.on('data', more)
  client.once('end', () => client.destroySoon())
}

/** Passes on as many bytes as Content-Length says, then stops reading for good: there is no second request here. */
function passContent(client: net.Socket, server: net.Socket, early: Buffer, contentBytes: number): void {
  let left = contentBytes
  const more = (bytes: Buffer) => {
    const own = bytes.subarray(0, left)
    left -= own.length
    if (own.length > 0 && !server.write(own) && left > 0) {
      client.pause()
      server.once('drain', () => left > 0 && client.resume())
    }
    if (left > 0) return
    client.pause()
    client.off('data', more)
  }
  more(early)
  if (left > 0) client.on('data', more).resume()
}

/** `GET http://host/path HTTP/1.0` becomes `GET /path HTTP/1.0` for host, and no other byte changes. */
function readAbsoluteForm(head: string): { origin: Origin; head: string } | undefined {
  const line = /^(\S+) http:\/\/([^/?# ]*)([^ ]*) /i.exec(head)
  const authority = line && readAuthority(line[2] as string)
  if (!line || !authority) return undefined
  const path = line[3]?.startsWith('/') ? line[3] : `/${line[3] ?? ''}`
  return { origin: authority, head: `${line[1]} ${path} ${head.slice(line[0].length)}` }
}

function readAuthority(authority: string): Origin | undefined {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^:@[\]]+))(?::(\d{1,5}))?$/.exec(authority)
  const port = Number(found?.[3] ?? 80)
  const host = found?.[1] ?? found?.[2]
  return host && port > 0 && port < 65_536 ? { host, port } : undefined
}

function readUpstream(upstream: string): Origin {
  const authority = /^http:\/\/([^/]+)\/?$/i.exec(upstream)?.[1]
  const origin = authority === undefined ? undefined : readAuthority(authority)
  if (!origin) throw new OptionError(`"${upstream}" is not an upstream for a dumb proxy: write http://host:port.`)
  return origin
}

function answer(client: net.Socket, status: string, text: string): void {
  if (!client.writable || client.bytesWritten > 0) return
  const body = `${text}\n`
  const length = Buffer.byteLength(body)
  client.end(
    `HTTP/1.0 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${length}\r\n\r\n${body}`,
  )
}
