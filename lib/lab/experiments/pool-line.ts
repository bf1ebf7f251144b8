import * as net from 'node:net'
import type { Place, Scene } from '../bench.js'

/** A line on which a FIN and a request cross whenever possible. */
export interface CrossingLine extends Place {
  /** Requests that were sent while a FIN was on its way in the other direction. */
  readonly crossed: number
  /** Connections of which no side has ended and on which no FIN is in flight. */
  readonly idling: number
}

/**
 * The idle race, made certain. Everything is forwarded at once, except the FIN of a server that owes no answer: it is held back
 * until the next request has been sent. On a real line this window lasts half a round trip, so it hits one request in many; here
 * it hits every one.
 * @returns the place to which `from` connects in order to reach `to`
 */
export async function openCrossingLine(scene: Scene, from: string, to: Place): Promise<CrossingLine> {
  const line = { party: to.party, port: 0, observes: true, crossed: 0, idling: 0, expect() {} }
  to.expect(from, true)
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, near => carry(scene, from, to, near, line))
  line.port = await scene.bench.listen(server)
  return line
}

function carry(
  scene: Scene,
  from: string,
  to: Place,
  near: net.Socket,
  line: { crossed: number; idling: number },
): void {
  const far = net.connect({ host: '127.0.0.1', port: to.port, allowHalfOpen: true, noDelay: true })
  scene.bench.own(() => {
    near.destroy()
    far.destroy()
  })
  const log = scene.wire(from, to.party)
  log.opened(near)
  let owing = false
  let finComing = false
  line.idling += 1
  let idles = true
  const ends = () => {
    if (idles) line.idling -= 1
    idles = false
  }
  near.on('data', octets => {
    owing = true
    log.bytes(from, octets)
    far.write(octets)
    if (!finComing) return
    finComing = false
    line.crossed += 1
    near.end()
  })
  near.on('end', () => {
    ends()
    log.fin(from)
    far.end()
    if (far.readableEnded) near.end()
  })
  far.on('data', octets => {
    owing = false
    log.bytes(to.party, octets)
    near.write(octets)
  })
  far.on('end', () => {
    ends()
    log.fin(to.party)
    if (owing || near.readableEnded) near.end()
    else finComing = true
  })
  for (const [source, sink, by] of [
    [near, far, from],
    [far, near, to.party],
  ] as const) {
    source.on('error', () => log.closed(by, 'reset'))
    source.on('close', () => {
      ends()
      log.closed(log.firstToEnd ?? by, 'fin')
      sink.destroy()
    })
  }
}
