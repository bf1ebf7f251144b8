import type * as tls from 'node:tls'
import { ProtocolError } from '../../wire/protocol-error.js'
import { type PrefaceRead, readProxyPreface } from '../../wire/proxy-protocol.js'
import { Deadline } from '../deadline-wheel.js'
import { Transport, type TransportOwner } from '../socket/transport.js'
import type { ClientConnection } from './client-connection.js'
import type { ClientTls, Handshake, SecureAccept } from './secure-accept.js'

const HANDSHAKE = 0x16
const [A, Z] = [0x41, 0x5a]
const PLAIN_HTTP = 'a plain HTTP request was sent to a port that speaks HTTPS'

/**
 * What a connection goes through before its first request, where configured: a PROXY protocol preface, then a TLS handshake. Owns
 * the transport meanwhile, then hands it to the client with what was read and belongs to HTTP.
 */
export class ConnectionSetup implements TransportOwner, Handshake {
  private readonly deadline: Deadline
  /** The part of the preface received so far. */
  private held: Buffer | null = null
  private handshaking = false
  /** The client has its own transport, on top of ours. */
  private left = false

  /** @param secure null: no TLS */
  constructor(
    private readonly client: ClientConnection,
    private readonly secure: SecureAccept | null,
    private awaitsPreface: boolean,
  ) {
    this.deadline = new Deadline(client.pool.wheel, ({ name }) => this.late(name === 'tlsMs'))
  }

  begin(): void {
    const { pool } = this.client
    pool.markIdle(this.client)
    if (this.awaitsPreface) this.deadline.set('requestHeadMs', pool.deadlines.requestHeadMs)
    else this.deadline.set('tlsMs', this.secure!.handshakeMs)
  }

  /** The pool is draining: the setup gets only this much more time. */
  hurry(ms: number): void {
    this.deadline.set(this.deadline.name, ms)
  }

  private late(securing: boolean): void {
    if (this.client.pool.draining) this.client.abort('draining', false)
    else if (securing)
      this.client.abort('client-tls', true, `no complete handshake within ${this.secure!.handshakeMs} ms`)
    else this.client.abort('client-preface', true, `no preface within ${this.client.pool.deadlines.requestHeadMs} ms`)
  }

  onBytes(bytes: Buffer, from: number, to: number): void {
    if (!this.awaitsPreface) {
      this.greet(bytes, from, to)
      return
    }
    const all = this.held === null ? bytes.subarray(from, to) : Buffer.concat([this.held, bytes.subarray(from, to)])
    const read = this.readPreface(all)
    if (read === null) return
    if (read.state === 'more') {
      this.held = this.held === null ? Buffer.from(all) : all
      return
    }
    this.held = null
    this.awaitsPreface = false
    const { client, secure } = this
    if (secure === null) this.leave()
    else if (!client.pool.draining) this.deadline.set('tlsMs', secure.handshakeMs)
    if (!client.pool.introduced(client, read.preface.ends)) return
    if (secure === null) client.start()
    if (read.next < all.length) client.transport.owner.onBytes(all, read.next, all.length)
  }

  private readPreface(all: Buffer): PrefaceRead | null {
    try {
      return readProxyPreface(all, 0, all.length)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.client.abort('client-preface', true, error.message)
      return null
    }
  }

  /** Hands the transport to the client. */
  private leave(): void {
    const { client } = this
    this.deadline.end()
    client.setup = null
    client.transport.owner = client
  }

  /** The first bytes of what should be a TLS handshake. */
  private greet(bytes: Buffer, from: number, to: number): void {
    const { client } = this
    const first = bytes[from]!
    if (first === HANDSHAKE) {
      const socket = client.transport.lend()
      socket.unshift(bytes.subarray(from, to))
      this.handshaking = true
      this.secure!.begin(socket, this)
    } else if (first >= A && first <= Z) this.refusePlain()
    else client.abort('client-tls', true, 'the client sent neither TLS nor HTTP')
  }

  /** A client that used `http://` instead of `https://` is told so. */
  private refusePlain(): void {
    const { client } = this
    this.leave()
    client.transport.write(client.pool.handler.refusal(PLAIN_HTTP, 400))
    client.close('client-tls', PLAIN_HTTP)
  }

  onSecured(socket: tls.TLSSocket, facts: ClientTls): void {
    const { client } = this
    this.deadline.end()
    this.left = true
    client.setup = null
    client.tls = facts
    client.transport = Transport.secured(client, socket)
    client.start()
  }

  onUnsecured(why: string): void {
    this.client.abort('client-tls', false, why)
  }

  onFin(): void {
    this.client.abort('client-fin', false)
  }

  onFlushed(): void {}

  readsOn(): boolean {
    return false
  }

  onClosed(error: NodeJS.ErrnoException | null): void {
    if (this.left) return
    this.deadline.end()
    // TLS reports the reason a moment after the close.
    if (this.handshaking) setImmediate(() => this.gone(error))
    else this.client.onClosed(error)
  }

  private gone(error: NodeJS.ErrnoException | null): void {
    this.client.abort('client-tls', false, error?.code ?? 'the client closed the connection during the handshake')
    this.client.onClosed(error)
  }

  onFault(fault: unknown): void {
    this.client.onFault(fault)
  }
}
