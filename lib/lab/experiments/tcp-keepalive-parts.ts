import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Scene } from '../bench.js'
import { request } from '../client.js'
import type { Namespace, Pair } from '../namespace.js'
import type { KernelEnd } from '../namespace-proc.js'
import { type Said, said } from '../said.js'
import type { WireLog } from '../wire-log.js'

const GET = request('GET / HTTP/1.1', { Host: 'origin' })
const RESPONSE = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n'
/**
 * The interval between two queries to the kernel about a connection. Real ms, as all times here: the kernel's seconds are not
 * scaled.
 */
const LOOK_MS = 150
/** An ACK comes at once, or after 40 ms; each check takes a ms or more. */
const LOOKS_MAX = 2_000

/** How a connection ended for the origin. */
export interface End {
  /** ETIMEDOUT: its kernel gave up. '': closed normally. */
  readonly code: string
  /** Ms since the last bytes of the origin: those that it sent in vain, or those that were acknowledged at once. */
  readonly afterMs: number
}

/** A connection inside a namespace whose two ends we both control: kept after a first exchange, as in HTTP/1.1. */
export class KeptConnection {
  /** The end of the connection, by its kernel or by a normal close; null: it has not ended. */
  end: End | null = null
  private since = 0
  private readonly log: WireLog
  private readonly over: Promise<void>

  private constructor(
    readonly scene: Scene,
    private readonly namespace: Namespace,
    private readonly pair: Pair,
  ) {
    const { client, server } = pair
    this.log = scene.wire('client', 'origin')
    this.log.opened(client)
    this.over = new Promise(resolve => {
      let code = ''
      server.on('error', (error: NodeJS.ErrnoException) => {
        code = error.code ?? error.message
      })
      server.on('close', () => {
        this.end = { code, afterMs: this.silentMs }
        resolve()
      })
    })
  }

  /** @param keepAlive whether the origin switches TCP keep-alive on */
  static async open(scene: Scene, namespace: Namespace, keepAlive: boolean): Promise<KeptConnection> {
    const pair = await namespace.pair()
    const kept = new KeptConnection(scene, namespace, pair)
    // 0 leaves the delay to the kernel: with any other value Node also sets the interval and the number of probes.
    if (keepAlive) pair.server.setKeepAlive(true, 0)
    await kept.exchange()
    return kept
  }

  /** Ms since the last bytes of the origin. */
  get silentMs(): number {
    return this.scene.bench.now() - this.since
  }

  /** The response to a request whose sender is gone: it is not acknowledged. */
  answerInVain(): void {
    this.answer()
    this.scene.waits('origin', 'client', said('for an ACK', '확인응답을 기다린다'))
  }

  /** Sends a request and waits until it has reached the origin. */
  async ask(): Promise<void> {
    const { client, server } = this.pair
    this.log.bytes('client', Buffer.from(GET))
    client.write(GET)
    await once(server, 'data')
  }

  /** The origin ends the connection, and the client, which is present, follows. */
  async close(): Promise<void> {
    this.log.fin('origin')
    this.pair.server.end()
    await this.over
    this.log.fin('client')
    this.log.closed('origin', 'fin')
    this.scene.goesOn('origin')
  }

  /** What the kernel knows about the origin's end. */
  kernel(): Promise<KernelEnd | undefined> {
    const { localPort = 0, remotePort = 0 } = this.pair.server
    return this.namespace.endOf({ localPort, remotePort })
  }

  /**
   * Waits until the connection has ended, or so many ms have passed, and asks the kernel from time to time for the count.
   * @param told called for the first, the second, …
   * @returns the count
   */
  async watch(forMs: number, count: () => Promise<number>, told: (nth: number) => void): Promise<number> {
    const { bench } = this.scene
    const until = bench.now() + forMs
    let seen = 0
    for (let isOver = false; !isOver; ) {
      const left = until - bench.now()
      isOver = this.end !== null || left <= 0
      const now = await count()
      while (seen < now) told(++seen)
      if (isOver) break
      await Promise.race([this.over, delay(Math.max(1, Math.min(LOOK_MS, left)), undefined, { signal: bench.signal })])
    }
    return seen
  }

  /** Counts the probes that the kernel sends from now on: no other connection of the namespace sends any. */
  async probes(): Promise<() => Promise<number>> {
    const sent = () => this.namespace.counted('TcpExtTCPKeepAlive')
    const before = await sent()
    return async () => (await sent()) - before
  }

  /** Retransmissions of what the origin sent last. 0 when its kernel no longer knows the connection. */
  async retransmits(): Promise<number> {
    return (await this.kernel())?.retransmits ?? 0
  }

  /** The kernel has told the origin: for the origin the connection has ended. */
  givenUp(why: Said): void {
    this.scene.goesOn('origin')
    this.log.closed('client', 'vanished', why)
  }

  private async exchange(): Promise<void> {
    const { client } = this.pair
    client.on('data', () => {})
    await this.ask()
    this.answer()
    await once(client, 'data')
    await this.acknowledged()
    this.scene.waits('origin', 'client', said('for the next request', '다음 요청을 기다린다'))
  }

  /** Only then is the connection idle: data that is not yet acknowledged would be sent again. */
  private async acknowledged(): Promise<void> {
    const { signal } = this.scene.bench
    for (let looks = 0; looks < LOOKS_MAX; looks++) {
      if ((await this.kernel())?.unacknowledged === 0) return
      await delay(1, undefined, { signal })
    }
    throw new Error('The response is not acknowledged.')
  }

  private answer(): void {
    // Taken before sending: the kernel's timer starts with the ACK, never before this moment.
    this.since = this.scene.bench.now()
    this.log.bytes('origin', Buffer.from(RESPONSE))
    this.pair.server.write(RESPONSE)
  }
}
