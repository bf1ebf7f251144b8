import type { Bench, Place, Scene } from '../bench.js'
import { party } from '../bench.js'
import { type LabClient, type Received, request } from '../client.js'
import { said } from '../said.js'
import { storyClock } from '../story-clock.js'

/** The number of places, and how long an idle client may hold one, in ms of the story. */
export interface Room {
  readonly places: number
  readonly idleMs: number
}

const IDLE = party('client', 'idle', said('idle clients', '유휴 클라이언트'))
const NEWCOMER = party('client', 'newcomer', said('newcomer', '새 클라이언트'))
const GET = request('GET / HTTP/1.1', { Host: 'origin' })
const GET_SLOW = request('GET /slow HTTP/1.1', { Host: 'origin' })
/** The number of checks for an awaited condition within the longest wait. */
const LOOKS = 100

/** What happened to a newcomer where idle clients hold the places. */
export interface Newcomer {
  /** Real ms that it waited for its response. */
  readonly waitedMs: number
  /** Real ms until then, since the first idle client sent its request, just before its idle time began. */
  readonly afterFirstMs: number
  /** None of the idle connections had ended when it was answered. */
  readonly besideAll: boolean
}

/** A process for each connection. */
export async function processes(bench: Bench, { places, idleMs }: Room): Promise<Newcomer> {
  const server = party('origin', undefined, said(`${places}-process server`, `프로세스 ${places}개인 서버`))
  const scene = bench.scene('processes', said('A process for each connection', '커넥션마다 프로세스 하나'), [
    IDLE,
    NEWCOMER,
    server,
  ])
  scene.note(
    said(
      `An emulation: one process that serves at most ${places} connections at once and reads no others.`,
      `흉내 낸 서버다. 실제로는 한 번에 커넥션을 ${places}개까지만 맡고 나머지는 읽지 않는 프로세스 하나다.`,
    ),
    'origin',
  )
  const origin = await scene.origin({ workers: places, timeoutMs: bench.ms(idleMs) })
  const since = scene.now()
  const idle = await settle(scene, origin, places)
  const newcomer = tell(scene, since, idle, (await arrive(scene, origin)).response)
  scene.step(
    3,
    said(
      'An idle connection has reached its limit. Its process is now free, and the newcomer is answered.',
      '유휴 커넥션 하나가 제한 시간에 이르렀다. 프로세스가 비자 새 클라이언트가 응답을 받는다.',
    ),
    'origin',
  )
  return newcomer
}

/** The same clients, and an event loop. */
export async function eventLoop(bench: Bench, { places, idleMs }: Room): Promise<Newcomer> {
  const scene = bench.scene('event-loop', said('An event loop: hopwise', '이벤트 루프: hopwise'), [
    IDLE,
    NEWCOMER,
    party('hopwise'),
    party('origin'),
  ])
  const proxy = await scene.proxy({
    kind: 'hopwise',
    to: await scene.origin(),
    options: { clock: storyClock(bench), deadlines: { clientIdleMs: idleMs } },
  })
  const since = scene.now()
  const idle = await settle(scene, proxy, places)
  const newcomer = tell(scene, since, idle, (await arrive(scene, proxy)).response)
  scene.step(
    3,
    said(
      'It is answered at once: it did not have to wait for the idle clients.',
      '바로 응답을 받는다. 유휴 클라이언트 때문에 기다릴 일이 없다.',
    ),
    'proxy',
  )
  return newcomer
}

export interface Pressed {
  /** Indexes of the evicted idle clients, in the order in which they came, from 0. */
  readonly evicted: readonly number[]
  /** The status that the newcomer got. */
  readonly status: number
  /** The status that another newcomer got while all clients were busy. */
  readonly statusWhenBusy: number
}

/** More clients than places: the connection that was idle longest is closed; if none is idle, the newcomer is refused. */
export async function pressure(bench: Bench, { places, idleMs }: Room): Promise<Pressed> {
  const scene = bench.scene('pressure', said(`hopwise with room for ${places}`, `자리가 ${places}개인 hopwise`), [
    IDLE,
    NEWCOMER,
    party('hopwise'),
    party('origin'),
  ])
  const slowMs = bench.ms(idleMs / 2)
  const origin = await scene.origin({ answer: ({ target }) => ({ delayMs: target === '/slow' ? slowMs : 0 }) })
  const proxy = await scene.proxy({
    kind: 'hopwise',
    to: origin,
    options: { limits: { clientConnectionsMax: places } },
  })
  const idle = await settle(scene, proxy, places)
  const { client, response } = await arrive(scene, proxy)
  await idle[0]?.end(bench.patienceMs(idleMs))
  const evicted = [...idle.keys()].filter(i => idle[i]?.ended !== '')
  scene.step(
    3,
    said(
      'The connection that was idle longest was closed for it.',
      '가장 오래 유휴 상태이던 클라이언트가 자리를 내주었다.',
    ),
    'proxy',
  )

  const busy = [...idle.filter(({ ended }) => ended === ''), client]
  scene.step(4, said('Now all clients request something slow.', '이제 모두가 오래 걸리는 것을 요청한다.'), 'idle')
  for (const each of busy) await each.send(GET_SLOW)
  await until(bench, idleMs, () => origin.requests.filter(({ target }) => target === '/slow').length === busy.length)
  const refused = await ask(scene, proxy, 'newcomer')
  scene.step(
    5,
    said(
      `No client is idle: the next newcomer gets ${refused.response.status} at once.`,
      `유휴 클라이언트가 없다. 다음 클라이언트는 바로 ${refused.response.status} 응답을 받는다.`,
    ),
    'proxy',
  )
  for (const each of busy) await each.response()
  return { evicted, status: response.status, statusWhenBusy: refused.response.status }
}

export interface Shared {
  readonly refused: number
  /** The status that a client from another address got; 0: this machine has no second address. */
  readonly elsewhere: number
  /** The status that the refused client got in the end. */
  readonly later: number
  /** Real ms until then. */
  readonly waitedMs: number
}

/** One address holds all the places that an address may have, as in an attack. */
export async function oneAddress(bench: Bench, { places, idleMs }: Room): Promise<Shared> {
  const scene = bench.scene(
    'one-address',
    said(`hopwise with ${places} places for an address`, `주소마다 자리가 ${places}개인 hopwise`),
    [IDLE, NEWCOMER, party('hopwise'), party('origin')],
  )
  const proxy = await scene.proxy({
    kind: 'hopwise',
    to: await scene.origin(),
    options: {
      clock: storyClock(bench),
      deadlines: { clientIdleMs: idleMs },
      limits: { clientConnectionsPerAddressMax: places },
    },
  })
  await settle(scene, proxy, places)
  const since = scene.now()
  const refused = (await arrive(scene, proxy)).response.status
  const elsewhere = await fromElsewhere(scene, proxy)
  let later = refused
  for (let tries = 0; later === 503 && tries < 20; tries += 1) {
    await bench.sleep(idleMs / 5)
    later = (await ask(scene, proxy, 'newcomer')).response.status
  }
  const waitedMs = scene.now() - since
  scene.step(
    4,
    said(
      'The newcomer has tried again until the idle limit freed a place.',
      '새 클라이언트는 유휴 제한 시간이 자리를 비워 줄 때까지 다시 찾아왔다.',
    ),
    'newcomer',
  )
  scene.figure('waited', said('A place was free after', '자리가 나기까지'), waitedMs, 'ms')
  return { refused, elsewhere, later, waitedMs }
}

async function fromElsewhere(scene: Scene, proxy: Place): Promise<number> {
  try {
    const { status } = (await ask(scene, proxy, 'newcomer', '127.0.0.2')).response
    scene.step(
      3,
      said(
        `A client from another address is served (${status}): one address never takes every place.`,
        `다른 주소에서 온 클라이언트는 ${status} 응답을 받는다. 한 주소가 모든 자리를 차지하지는 못한다.`,
      ),
      'newcomer',
    )
    return status
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRNOTAVAIL') throw error
    scene.note(said('This machine has no second loopback address.', '이 컴퓨터에는 두 번째 루프백 주소가 없다.'))
    return 0
  }
}

/** Lets so many clients send one request each and keep their connections. */
async function settle(scene: Scene, to: Place, clients: number): Promise<LabClient[]> {
  scene.step(
    1,
    said(
      `${clients} clients send one request each, and keep their connections.`,
      `클라이언트 ${clients}개가 한 번씩 요청하고 커넥션을 유지한다.`,
    ),
    'idle',
  )
  const idle: LabClient[] = []
  while (idle.length < clients) idle.push((await ask(scene, to, 'idle')).client)
  return idle
}

function arrive(scene: Scene, to: Place): Promise<Asked> {
  scene.step(2, said('One more client comes.', '클라이언트가 하나 더 온다.'), 'newcomer')
  return ask(scene, to, 'newcomer')
}

interface Asked {
  readonly client: LabClient
  readonly response: Received
}

/** Sends a request on a new connection, which stays open. */
async function ask(scene: Scene, to: Place, party: string, localAddress?: string): Promise<Asked> {
  const client = await scene.client({ to, party, ...(localAddress ? { localAddress } : {}) })
  await client.send(GET)
  return { client, response: await client.response() }
}

async function until(bench: Bench, forMs: number, isSo: () => boolean): Promise<void> {
  for (let looks = 0; !isSo() && looks < LOOKS; looks += 1) await bench.sleep(forMs / LOOKS)
}

function tell(scene: Scene, since: number, idle: readonly LabClient[], { tookMs }: Received): Newcomer {
  scene.figure('newcomer', said('The newcomer is answered after', '새 클라이언트가 응답을 받기까지'), tookMs, 'ms')
  const besideAll = idle.every(({ ended }) => ended === '')
  return { waitedMs: tookMs, afterFirstMs: scene.now() - since, besideAll }
}
