import * as net from 'node:net'
import type { Bench, Scene } from '../bench.js'
import { request } from '../client.js'
import type { Pair } from '../namespace.js'
import { WireLog } from '../wire-log.js'

/** A transaction that is as small as is sensible. */
const REQUEST = request('GET /small HTTP/1.1', { Host: 'origin' })
const CONTENT = 'A small response.\n'
const RESPONSE = `HTTP/1.1 200 OK\r\nContent-Length: ${CONTENT.length}\r\n\r\n${CONTENT}`

/** The value in the middle; 0 if there are no values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value that this share of them does not exceed; 0 if there are no values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length * share)] ?? 0
}

/** For readers: hundredths of a ms where tenths would say nothing. */
export function spoken(ms: number): string {
  return ms.toFixed(ms < 1 ? 2 : ms < 10 ? 1 : 0)
}

/** Real ms. */
export interface Took {
  /** 0: the connection was already open. */
  readonly connect: number
  readonly whole: number
}

/** An origin that answers every small request at once. It does little and reports nothing, so that only TCP takes time. */
export function smallOrigin(bench: Bench): Promise<number> {
  return bench.listen(
    net.createServer({ noDelay: true }, socket => {
      bench.own(() => socket.destroy())
      answerSmall(socket)
    }),
  )
}

/** Answers one request at a time. */
function answerSmall(socket: net.Socket): void {
  let came = 0
  socket.on('error', () => {})
  socket.on('data', octets => {
    came += octets.length
    if (came < REQUEST.length) return
    came -= REQUEST.length
    socket.write(RESPONSE)
  })
}

/** Sends a request and reads its whole response. @throws if the connection ends before that */
function ask(socket: net.Socket, log?: WireLog): Promise<void> {
  log?.bytes(log.ends.from, Buffer.from(REQUEST))
  return new Promise((resolve, reject) => {
    let came = 0
    const ended = () => reject(new Error('The connection ended before the response.'))
    socket.once('close', ended)
    socket.on('data', function read(octets) {
      log?.bytes(log.ends.to, octets)
      came += octets.length
      if (came < RESPONSE.length) return
      socket.off('data', read).off('close', ended)
      resolve()
    })
    socket.write(REQUEST)
  })
}

/**
 * The code that reads heads for the report is slow when it runs for the first time: that must not look like part of a
 * transaction.
 */
export function warmUp(): void {
  const log = new WireLog(() => {}, '', { from: 'client', to: 'origin' })
  for (let n = 0; n < 10; n++) for (const octets of [REQUEST, RESPONSE]) log.bytes('client', Buffer.from(octets))
}

/** A client that makes one transaction after another. With a scene it reports them; without one it is as quick as possible. */
export class SmallClient {
  private kept: net.Socket | null = null
  private log: WireLog | undefined

  constructor(
    private readonly bench: Bench,
    private readonly port: number,
    private readonly keeps: boolean,
    private readonly scene?: Scene,
  ) {}

  /** @param row row of the chart in which it is drawn */
  async transact(row = ''): Promise<Took> {
    const began = this.bench.now()
    const fresh = this.kept === null
    const socket = this.kept ?? (await this.connect())
    const connected = this.bench.now()
    if (fresh) this.opened(socket, connected - began)
    await ask(socket, this.log)
    const answered = this.bench.now()
    this.draw(row, fresh, [began, connected, answered])
    if (this.keeps) this.kept = socket
    else await this.end(socket)
    return { connect: fresh ? connected - began : 0, whole: answered - began }
  }

  private connect(): Promise<net.Socket> {
    const socket = net.connect({ host: '127.0.0.1', port: this.port, noDelay: true })
    this.bench.own(() => socket.destroy())
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.once('connect', () => resolve(socket.off('error', reject).on('error', () => {})))
    })
  }

  private opened(socket: net.Socket, tookMs: number): void {
    this.log = this.scene?.wire('client', 'origin')
    this.log?.opened(socket, tookMs)
  }

  private draw(row: string, fresh: boolean, moments: readonly [number, number, number]): void {
    if (!this.scene) return
    const offset = this.scene.now() - this.bench.now()
    const [began, connected, answered] = moments.map(moment => moment + offset) as [number, number, number]
    if (fresh) this.scene.bar({ row, part: 'connect', from: began, to: connected })
    this.scene.bar({ row, part: 'receive', from: connected, to: answered })
  }

  private async end(socket: net.Socket): Promise<void> {
    this.log?.fin('client')
    await closed(socket)
    this.log?.closed('client', 'fin')
  }
}

/** Ends its side and waits for the other side to end. */
async function closed(socket: net.Socket): Promise<void> {
  const over = new Promise(resolve => socket.once('close', resolve))
  socket.end()
  await over
}

/**
 * Makes so many transactions in a namespace where no one else sends packets, so that the kernel's counter counts only these.
 * @param connect opens a connection, both ends in our hands
 */
export async function transactInside(
  connect: () => Promise<Pair>,
  { transactions, keeps }: { transactions: number; keeps: boolean },
): Promise<void> {
  let pair: Pair | null = null
  for (let n = 0; n < transactions; n++) {
    if (pair === null) {
      pair = await connect()
      for (const end of [pair.client, pair.server]) end.setNoDelay(true)
      answerSmall(pair.server)
    }
    await ask(pair.client)
    if (keeps && n < transactions - 1) continue
    const { server } = pair
    const over = new Promise(resolve => server.once('close', resolve))
    await closed(pair.client)
    await over
    pair = null
  }
}
