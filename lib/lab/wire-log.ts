import type { Socket } from 'node:net'
import { type ConnectionClosed, type Happening, TEXT_BYTES_MAX } from './events.js'
import { headsIn } from './heads.js'
import type { Said } from './said.js'

/** An event without its scene, which the caller adds. */
export type Told = DistributiveOmit<Extract<Happening, { scene: string }>, 'scene'>
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

/** Reports what is seen on one connection, at one of its ends or in the middle. Nothing is reported after its end. */
export class WireLog {
  private over = false
  private readonly ended = new Set<string>()

  /** @param ends the party that connected, and the one that accepted */
  constructor(
    private readonly tell: (what: Told) => unknown,
    readonly connection: string,
    readonly ends: { readonly from: string; readonly to: string },
  ) {}

  opened(socket: Socket, tookMs?: number): void {
    const local = addressOf(socket.localAddress, socket.localPort)
    const remote = addressOf(socket.remoteAddress, socket.remotePort)
    const took = tookMs === undefined ? {} : { tookMs: Math.round(tookMs * 1000) / 1000 }
    const { connection } = this
    this.tell({ kind: 'open', connection, ...this.ends, addresses: [local, remote], ...took })
  }

  bytes(by: string, octets: Uint8Array): void {
    if (this.over || octets.length === 0) return
    const text = Buffer.from(octets.buffer, octets.byteOffset, Math.min(octets.length, TEXT_BYTES_MAX)).toString(
      'latin1',
    )
    const heads = headsIn(text)
    const { connection } = this
    this.tell({ kind: 'bytes', connection, by, size: octets.length, text, ...(heads.length > 0 ? { heads } : {}) })
  }

  /** `by` sends no more. Reported once for each side. */
  fin(by: string): void {
    if (this.over || this.ended.has(by)) return
    this.ended.add(by)
    this.tell({ kind: 'fin', connection: this.connection, by })
  }

  closed(by: string, how: ConnectionClosed['how'], why?: Said): void {
    if (this.over) return
    this.over = true
    this.tell({ kind: 'closed', connection: this.connection, by, how, ...(why ? { why } : {}) })
  }

  /** The side that sent the first FIN, if any. */
  get firstToEnd(): string | undefined {
    return this.ended.values().next().value
  }

  get isOver(): boolean {
    return this.over
  }
}

function addressOf(address: string | undefined, port: number | undefined): string {
  return `${address?.replace(/^::ffff:/, '') ?? '?'}:${port ?? '?'}`
}
