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
/** How often its kernel is asked about a connection. Real ms, as all times here: the kernel's seconds are not scaled. */
const LOOK_MS = 150
/** An ACK comes at once, or after 40 ms; each look takes a ms or more. */
const LOOKS_MAX = 2_000

/** How a connection ended for the origin; null: it has not. */
export interface End {
  /** ETIMEDOUT: its kernel gave it up. '': in peace. */
  readonly code: string
  /** Ms since the last bytes of the origin: what it sent in vain, or what was acknowledged at once. */
  readonly afterMs: number
}

/** A connection inside a namespace, both ends in our hands: kept after a first exchange, as HTTP/1.1 does. */
export class KeptConnection {
  /** What its kernel has given up, or what was ended in peace. */
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

  /** @param keepAlive whether the origin has its kernel look after the peer */
  static async open(scene: Scene, namespace: Namespace, keepAlive: boolean): Promise<KeptConnection> {
    const pair = await namespace.pair()
    const kept = new KeptConnection(scene, namespace, pair)
    // 0 leaves the delay as the kernel has it: anything else has Node set the interval and the number of probes, too.
    if (keepAlive) pair.server.setKeepAlive(true, 0)
    await kept.exchange()
    return kept
  }

  /** Ms since the last bytes of the origin. */
  get silentMs(): number {
    return this.scene.bench.now() - this.since
  }

  /** The response to a request whose sender is gone: nobody acknowledges it. */
  answerInVain(): void {
    this.answer()
    this.scene.waits('origin', 'client', said('for an ACK', '확인응답을 기다린다'))
  }

  /** The request that is answered in vain. */
  async ask(): Promise<void> {
    const { client, server } = this.pair
    this.log.bytes('client', Buffer.from(GET))
    client.write(GET)
    await once(server, 'data')
  }

  /** The origin ends it, and the client, which is there, does likewise. */
  async close(): Promise<void> {
    this.log.fin('origin')
    this.pair.server.end()
    await this.over
    this.log.fin('client')
    this.log.closed('origin', 'fin')
    this.scene.goesOn('origin')
  }

  /** What its kernel knows of the origin's end. */
  kernel(): Promise<KernelEnd | undefined> {
    const { localPort = 0, remotePort = 0 } = this.pair.server
    return this.namespace.endOf({ localPort, remotePort })
  }

  /**
   * Waits until the connection is over, or so many ms have passed, and asks its kernel from time to time how many there were.
   * @param told the first, the second, …
   * @returns how many
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

  /** Counts the probes that its kernel sends from now on: no other connection of the namespace has any. */
  async probes(): Promise<() => Promise<number>> {
    const sent = () => this.namespace.counted('TcpExtTCPKeepAlive')
    const before = await sent()
    return async () => (await sent()) - before
  }

  /** Of what the origin has sent last. 0 when its kernel knows the connection no more. */
  async retransmits(): Promise<number> {
    return (await this.kernel())?.retransmits ?? 0
  }

  /** The origin was told by its kernel: for it the connection is over. */
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

  /** Only then is it idle: what is not acknowledged yet would be sent again. */
  private async acknowledged(): Promise<void> {
    const { signal } = this.scene.bench
    for (let looks = 0; looks < LOOKS_MAX; looks++) {
      if ((await this.kernel())?.unacknowledged === 0) return
      await delay(1, undefined, { signal })
    }
    throw new Error('The response is not acknowledged.')
  }

  private answer(): void {
    // Before it is sent: the clock of the kernel begins with the ACK, and never before this one.
    this.since = this.scene.bench.now()
    this.log.bytes('origin', Buffer.from(RESPONSE))
    this.pair.server.write(RESPONSE)
  }
}
