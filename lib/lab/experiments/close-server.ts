import * as net from 'node:net'
import type { Place, Scene } from '../bench.js'

/** What the server says to every upload: 45 bytes. */
export const ANSWER = 'HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n'

export interface EarlyServer extends Place {
  /** Resolves when the server has answered a connection and ended it in its way. */
  readonly answered: Promise<void>
}

/** From the answer to the end: time for the answer to reach the client. */
const ANSWERED_MS = 300

/**
 * A server that answers an upload as soon as it has seen the beginning, and stops reading. Then it ends the connection: `unread`
 * by closing with unread input; `lingering` by ending its own side, reading the rest to its end, and only then closing (RFC 9112
 * 9.6).
 */
export async function openEarlyServer(scene: Scene, ends: 'unread' | 'lingering'): Promise<EarlyServer> {
  let done = () => {}
  const answered = new Promise<void>(resolve => {
    done = resolve
  })
  let from = 'client'
  let told = false
  // What Node reads ahead after `pause` would count as read: let it read as little as possible.
  const server = net.createServer({ allowHalfOpen: true, noDelay: true, highWaterMark: 1 }, socket =>
    serve(scene, ends, socket, { from, told, done }),
  )
  const port = await scene.bench.listen(server)
  const expect = (party: string, tells = false) => {
    from = party
    told = tells
  }
  return { party: 'origin', port, observes: true, answered, expect }
}

interface Serving {
  readonly from: string
  readonly told: boolean
  done(): void
}

function serve(scene: Scene, ends: 'unread' | 'lingering', socket: net.Socket, { from, told, done }: Serving): void {
  scene.bench.own(() => socket.destroy())
  const log = scene.wire(from, 'origin', told)
  log.opened(socket)
  socket.on('error', () => log.closed(from, 'reset'))
  socket.on('close', () => log.closed(log.firstToEnd ?? 'origin', 'fin'))
  const end = () => {
    if (ends === 'lingering') {
      log.fin('origin')
      socket.end()
      socket.on('data', octets => log.bytes(from, octets))
      socket.on('end', () => log.fin(from))
      socket.resume()
    } else {
      log.closed('origin', 'reset')
      socket.destroy()
    }
    done()
  }
  socket.once('data', octets => {
    socket.pause()
    log.bytes(from, octets)
    log.bytes('origin', Buffer.from(ANSWER))
    // Then one more turn of the event loop: a client that has to read the answer before the end has read it, however late the
    // timer is.
    socket.write(ANSWER, () => scene.bench.clock.hold(scene.bench.ms(ANSWERED_MS), () => setImmediate(end)))
  })
}
