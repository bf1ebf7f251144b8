import type { Transport } from '../../lib/net/socket/transport.js'
import type { TunnelOwner } from '../../lib/net/upstream/parent-tunnel.js'

/** Owns a transport that is being dialled, and records its events. */
export class DialWitness implements TunnelOwner {
  transport!: Transport
  /** `connected`, `securing`, `fin`, `closed`, or the message of a fault; in order. */
  readonly heard: string[] = []
  /** The head of the CONNECT that was sent for it; '' for none. */
  asked = ''
  error: NodeJS.ErrnoException | null = null
  /** All bytes received, as latin1. */
  text = ''

  static dial(start: (owner: DialWitness) => Transport): DialWitness {
    const owner = new DialWitness()
    owner.transport = start(owner)
    return owner
  }

  onConnected(): void {
    this.heard.push('connected')
  }
  onSecuring(): void {
    this.heard.push('securing')
  }
  onAsked(head: string): void {
    this.asked = head
  }
  onBytes(bytes: Buffer, from: number, to: number): void {
    this.text += bytes.toString('latin1', from, to)
  }
  onFin(): void {
    this.heard.push('fin')
  }
  onFlushed(): void {}
  onClosed(error: NodeJS.ErrnoException | null): void {
    this.heard.push('closed')
    this.error = error
  }
  onFault(fault: unknown): void {
    this.heard.push((fault as Error).message)
    this.transport.destroy()
  }
}
