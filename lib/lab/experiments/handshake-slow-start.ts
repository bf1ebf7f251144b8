import { setTimeout as delay } from 'node:timers/promises'
import type { Bench, Scene } from '../bench.js'
import { party } from '../bench.js'
import { request } from '../client.js'
import { Impossible } from '../experiment.js'
import { Namespace, type Pair } from '../namespace.js'
import type { KernelEnd } from '../namespace-proc.js'
import { said } from '../said.js'
import type { WireLog } from '../wire-log.js'
import { transactInside } from './handshake-parts.js'

/** The size of a packet, and the room for content in it after the IPv4 and TCP headers and TCP's timestamps. */
const MTU = 1_500
const SEGMENT_BYTES = 1_448
/** Checks of the kernel's table until everything is acknowledged; each takes a ms or more. */
const LOOKS_MAX = 2_000
/** The number of transactions whose packets are counted. */
const COUNTED_TRANSACTIONS = 10

/**
 * Reno is the one congestion control that every Linux has, and it follows RFC 5681 to the letter; others leave slow start
 * earlier. With `tcp_no_metrics_save` the window depends on this connection alone, not on what the kernel remembers of earlier
 * ones.
 */
const SYSCTLS = { tcp_congestion_control: 'reno', tcp_slow_start_after_idle: 1, tcp_no_metrics_save: 1 }

export interface SlowStart {
  /** Segments that a new connection may have in flight, at first and after the first transfer. */
  readonly initial: number
  readonly grown: number
  /** The window with which the used connection began its second transfer. */
  readonly used: number
  /** Windows that had to be acknowledged, one after the other: each costs a round trip. */
  readonly newRounds: number
  readonly usedRounds: number
  /** For COUNTED_TRANSACTIONS: one connection each, and one connection for all. */
  readonly packets: readonly [number, number]
}

/** The part that needs its own network. Null: this machine does not allow one, as the scene says. */
export async function slowStart(bench: Bench, size: number, idleMs: number): Promise<SlowStart | null> {
  const set = () =>
    bench.scene('slow-start', said('Slow start: the congestion window grows', '느린 시작: 혼잡 윈도가 커진다'), [
      party('client'),
      party('origin'),
    ])
  try {
    const namespace = await Namespace.open(bench, { mtu: MTU, sysctls: SYSCTLS })
    const packets = [await packetsOf(namespace, false), await packetsOf(namespace, true)] as const
    const scene = set()
    const transfers = await grow(scene, namespace, size, idleMs)
    tellFigures(scene, transfers, packets)
    return { ...transfers, packets }
  } catch (error) {
    if (!(error instanceof Impossible)) throw error
    set().note(error.reason)
    return null
  }
}

async function packetsOf(namespace: Namespace, keeps: boolean): Promise<number> {
  const before = await namespace.counted('TcpOutSegs')
  await transactInside(() => namespace.pair(), { transactions: COUNTED_TRANSACTIONS, keeps })
  return (await namespace.counted('TcpOutSegs')) - before
}

async function grow(
  scene: Scene,
  namespace: Namespace,
  size: number,
  idleMs: number,
): Promise<Omit<SlowStart, 'packets'>> {
  const line = new Line(scene, namespace, await namespace.pair())
  scene.step(
    1,
    said('A new connection: the client asks for the content.', '새 커넥션에서 클라이언트가 본문을 요청한다.'),
    'client',
  )
  const first = await line.transfer(size)
  const grown = (await line.end()).window
  scene.step(
    2,
    said(
      `The same connection again${idleMs > 0 ? `, after ${idleMs} ms of silence` : ''}: the client asks once more.`,
      `${idleMs > 0 ? `${idleMs}ms 동안 쉰 뒤 ` : ''}같은 커넥션에서 클라이언트가 다시 요청한다.`,
    ),
    'client',
  )
  if (idleMs > 0) await delay(idleMs, undefined, { signal: scene.bench.signal })
  const second = await line.transfer(size)
  return { initial: first.window, grown, used: second.window, newRounds: first.rounds, usedRounds: second.rounds }
}

/** One connection on which the origin sends what the window allows and then waits for the acknowledgement, as on a long line. */
class Line {
  private readonly log: WireLog
  private readonly ports: { localPort: number; remotePort: number }

  constructor(
    private readonly scene: Scene,
    private readonly namespace: Namespace,
    private readonly pair: Pair,
  ) {
    const { client, server } = pair
    this.log = scene.wire('client', 'origin')
    this.log.opened(client)
    this.ports = { localPort: server.localPort ?? 0, remotePort: server.remotePort ?? 0 }
    server.setNoDelay(true)
    server.resume()
    client.resume()
  }

  async end(): Promise<KernelEnd> {
    const end = await this.namespace.endOf(this.ports)
    if (!end) throw new Error('The connection is gone.')
    return end
  }

  /** @returns the window when the content began, and how many windows the content took */
  async transfer(size: number): Promise<{ window: number; rounds: number }> {
    const get = Buffer.from(request('GET /big HTTP/1.1', { Host: 'origin' }))
    this.log.bytes('client', get)
    this.pair.client.write(get)
    const begun = await this.send(Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`))
    let rounds = 0
    for (let sent = 0, { window } = begun; sent < size; rounds++) {
      const octets = Buffer.alloc(Math.min(window * SEGMENT_BYTES, size - sent), '.')
      sent += octets.length
      this.tellRound(rounds + 1, window, octets.length)
      window = (await this.send(octets)).window
    }
    return { window: begun.window, rounds }
  }

  /** Resolves when the peer's kernel has acknowledged it. */
  private async send(octets: Buffer): Promise<KernelEnd> {
    const { server } = this.pair
    this.log.bytes('origin', octets)
    await new Promise<void>(taken => server.write(octets, () => taken()))
    for (let looks = 0; looks < LOOKS_MAX; looks++) {
      const end = await this.end()
      if (end.unacknowledged === 0) return end
      await delay(1, undefined, { signal: this.scene.bench.signal })
    }
    throw new Error('What was sent is not acknowledged.')
  }

  private tellRound(n: number, window: number, octets: number): void {
    this.scene.note(
      said(
        `Round trip ${n}: the window is ${window} segments; ${octets} bytes are sent.`,
        `왕복 ${n}: 윈도는 세그먼트 ${window}개이고, ${octets}바이트가 나간다.`,
      ),
      'origin',
    )
  }
}

function tellFigures(
  scene: Scene,
  it: Omit<SlowStart, 'packets'>,
  [separate, together]: readonly [number, number],
): void {
  const n = COUNTED_TRANSACTIONS
  const figures = [
    ['initial', said('Window of a new connection, in segments', '새 커넥션의 윈도(세그먼트 수)'), it.initial],
    ['grown', said('Window after the first transfer', '첫 전송이 끝난 뒤의 윈도'), it.grown],
    ['used', said('Window when the second transfer began', '두 번째 전송을 시작할 때의 윈도'), it.used],
    ['new-rounds', said('Round trips, new connection', '왕복 횟수(새 커넥션)'), it.newRounds],
    ['used-rounds', said('Round trips, used connection', '왕복 횟수(사용하던 커넥션)'), it.usedRounds],
    [
      'packets-new',
      said(`Packets for ${n} transactions, one connection each`, `트랜잭션 ${n}개의 패킷 수(매번 새 커넥션)`),
      separate,
    ],
    [
      'packets-kept',
      said(`Packets for ${n} transactions, one connection`, `트랜잭션 ${n}개의 패킷 수(커넥션 하나)`),
      together,
    ],
  ] as const
  for (const [id, label, value] of figures) scene.figure(id, label, value, 'count')
}
