import * as net from 'node:net'
import type { Place, Scene } from '../bench.js'

/** What the server says to every upload: 45 bytes. */
export const ANSWER = 'HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n'

export interface EarlyServer extends Place {
  /** Resolves when a connection has its answer, and the server has done what it does then. */
  readonly answered: Promise<void>
}

/** From the answer to the end: it has reached the client by then. */
const ANSWERED_MS = 300

/**
 * A server that answers an upload as soon as it has seen the beginning of it, and reads no further. Then it ends the connection: `unread` by
 * closing, with input that nobody has read; `lingering` by ending its own side, reading the rest to its end, and closing then (RFC 9112 9.6).
 */
export async function openEarlyServer(scene: Scene, ends: 'unread' | 'lingering'): Promise<EarlyServer> {
  let done = () => {}
  const answered = new Promise<void>(resolve => {
    done = resolve
  })
  let from = 'client'
  let told = false
  // Whatever Node reads ahead after `pause` would be read input: as little as it can.
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
    // Then one more turn of the loop: whoever is to read the answer before the end has read it, however late the timer is.
    socket.write(ANSWER, () => scene.bench.clock.hold(scene.bench.ms(ANSWERED_MS), () => setImmediate(end)))
  })
}
