import * as net from 'node:net'
import { Transport, type TransportOwner } from '../../net/socket/transport.js'
import type { Place, Scene } from '../bench.js'
import { said } from '../said.js'
import type { WireLog } from '../wire-log.js'

const FOR_THE_RESPONSE = said('for the response', '응답을 기다린다')

/**
 * A client that reads what has arrived although a write has failed. A program on plain sockets can always do so: a failed write
 * says nothing about what the peer sent before. A Node socket cannot: the failed write destroys it, and with it the data that it
 * holds.
 */
export class ReadingOn implements TransportOwner {
  /** Bytes of the answer that arrived. */
  octets = 0
  private head = ''
  private over = false
  private done: () => void = () => {}
  private readonly transport: Transport

  private constructor(
    private readonly scene: Scene,
    private readonly log: WireLog,
    socket: net.Socket,
  ) {
    this.transport = Transport.dialed(this, 'data', () => socket)
    // It wants to read only after the upload.
    this.transport.pause()
  }

  /** @throws the connect error */
  static connect(scene: Scene, to: Place): Promise<ReadingOn> {
    to.expect('client', true)
    const socket = net.connect({ host: '127.0.0.1', port: to.port, allowHalfOpen: true, noDelay: true })
    scene.bench.own(() => socket.destroy())
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        const log = scene.wire('client', to.party)
        log.opened(socket)
        resolve(new ReadingOn(scene, log, socket))
      })
    })
  }

  /** latin1. */
  send(text: string): void {
    this.log.bytes('client', Buffer.from(text, 'latin1'))
    this.transport.write(text)
    this.transport.flush()
  }

  /**
   * Resolves when the head of an answer without content has arrived; after a failed write, when the connection is gone (which is
   * soon).
   */
  async read(): Promise<void> {
    const { log, scene, transport } = this
    scene.waits('client', log.ends.to, FOR_THE_RESPONSE)
    transport.resume()
    if (!this.over)
      await new Promise<void>(done => {
        this.done = done
      })
    scene.goesOn('client')
    if (log.isOver) return
    log.fin('client')
    log.closed(log.firstToEnd ?? 'client', 'fin')
    transport.end()
  }

  onBytes(bytes: Buffer, from: number, to: number): void {
    const octets = bytes.subarray(from, to)
    this.log.bytes(this.log.ends.to, octets)
    this.octets += octets.length
    this.head += octets.toString('latin1')
    if (this.head.includes('\r\n\r\n') && !this.transport.cannotSend) this.end()
  }

  onFin(): void {
    this.log.fin(this.log.ends.to)
    if (!this.transport.cannotSend) this.end()
  }

  onFlushed(): void {}

  readsOn(): boolean {
    return true
  }

  onClosed(error: Error | null): void {
    this.log.closed(this.log.ends.to, error === null ? 'fin' : 'reset')
    this.end()
  }

  onFault(fault: unknown): void {
    throw fault
  }

  private end(): void {
    this.over = true
    this.done()
  }
}
