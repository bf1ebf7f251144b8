import { once } from 'node:events'
import { Session } from 'node:inspector/promises'
import * as net from 'node:net'
import { createProxy } from '../../proxy/proxy.js'
import type { Bench } from '../bench.js'
import { party } from '../bench.js'
import { type LabClient, request } from '../client.js'
import { Impossible } from '../experiment.js'
import { said } from '../said.js'

/** The cost of many idle connections for a proxy on an event loop. */
export interface Crowded {
  /** About, for one idle connection. */
  readonly bytesEach: number
  /** The time that a newcomer waits for its response while all of them are connected. Real ms. */
  readonly newcomerMs: number
}

/** Clients before the measurement, so that everything that is allocated only once is already there. */
const WARM_UP = 20
/** Other code may use or free memory meanwhile; then the measured value makes no sense. */
const TRIES = 3
const GET = request('GET / HTTP/1.1', { Host: 'origin' })
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Fills hopwise with idle clients, which are not drawn, and lets one more come, which is drawn. */
export async function crowd(bench: Bench, clients: number): Promise<Crowded> {
  const scene = bench.scene(
    'crowd',
    said(`hopwise with ${clients} idle clients`, `유휴 클라이언트 ${clients}개가 있는 hopwise`),
    [party('client'), party('hopwise')],
  )
  const bare = await bench.listen(net.createServer(answerEverything))
  const proxy = createProxy({ mode: 'reverse', upstream: `http://127.0.0.1:${bare}`, name: 'hopwise' })
  bench.own(() => proxy.destroy())
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 })
  scene.step(
    1,
    said(
      `${clients} clients send one request each and keep their connections. They are not drawn.`,
      `클라이언트 ${clients}개가 한 번씩 요청하고 커넥션을 유지한다. 이들은 그리지 않는다.`,
    ),
  )
  const bytesEach = await measure(bench, clients, bare, port)
  scene.note(
    said(
      'Measured in the memory of this process after a garbage collection, minus half of what a pair of bare sockets takes, which is the part of the client. Memory in the kernel is not included. So the value is approximate.',
      '가비지를 수거한 뒤 이 프로세스의 메모리에서 잰 값이다. 클라이언트 쪽 몫, 곧 아무 일도 하지 않는 소켓 한 쌍이 차지하는 양의 절반을 뺐다. 커널이 쓰는 메모리는 들어 있지 않다. 그러므로 어림값이다.',
    ),
    'proxy',
  )
  scene.figure(
    'memory',
    said('Memory of an idle connection, about', '유휴 커넥션 하나의 메모리(어림)'),
    bytesEach,
    'bytes',
  )
  scene.step(2, said('One more client comes.', '클라이언트가 하나 더 온다.'), 'client')
  const client: LabClient = await scene.client({ to: { party: 'proxy', port, observes: false, expect() {} } })
  await client.send(GET)
  const { tookMs } = await client.response()
  scene.figure('newcomer', said('The newcomer is answered after', '새 클라이언트가 응답을 받기까지'), tookMs, 'ms')
  client.close()
  return { bytesEach, newcomerMs: tookMs }
}

async function measure(bench: Bench, clients: number, bare: number, proxied: number): Promise<number> {
  const session = new Session()
  session.connect()
  try {
    for (const port of [bare, proxied]) await leave(await come(bench, port, WARM_UP))
    for (let tries = 1; ; tries += 1) {
      const pairs = await grown(session, () => come(bench, bare, clients))
      await leave(pairs.there)
      const { bytes, there } = await grown(session, () => come(bench, proxied, clients))
      const bytesEach = Math.round((bytes - pairs.bytes / 2) / clients)
      if (bytesEach > 0 || tries === TRIES) return bytesEach
      await leave(there)
    }
  } finally {
    session.disconnect()
  }
}

/** How many bytes the memory in use grew while they connected. */
async function grown(session: Session, come: () => Promise<net.Socket[]>) {
  const before = await memory(session)
  const there = await come()
  return { there, bytes: (await memory(session)) - before }
}

/** The memory in use, without garbage, in bytes. */
async function memory(session: Session): Promise<number> {
  await session.post('HeapProfiler.collectGarbage')
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Connects so many clients, one after another, each of which has had its response. @throws Impossible */
async function come(bench: Bench, port: number, clients: number): Promise<net.Socket[]> {
  const there: net.Socket[] = []
  try {
    while (there.length < clients) {
      const socket = net.connect({ host: '127.0.0.1', port }).on('error', () => {})
      bench.own(() => socket.destroy())
      socket.write(GET)
      await once(socket, 'data', { signal: bench.signal })
      there.push(socket)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error
    throw new Impossible(
      said(
        'This process may not open so many files: raise the limit (ulimit -n), or choose fewer clients.',
        '이 프로세스가 열 수 있는 파일 수를 넘었다. 제한을 올리거나(ulimit -n) 클라이언트 수를 줄여야 한다.',
      ),
    )
  }
  return there
}

/** Resolves when they are closed at both ends. */
async function leave(sockets: readonly net.Socket[]): Promise<void> {
  for (const socket of sockets) {
    socket.resume().end()
    if (!socket.closed) await once(socket, 'close')
  }
}

/** Does as little as possible: what remains is the price of a socket. */
function answerEverything(socket: net.Socket): void {
  socket.on('error', () => {})
  socket.on('data', () => socket.write(ANSWER))
}
