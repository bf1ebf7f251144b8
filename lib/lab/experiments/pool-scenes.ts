import { type Bench, type Place, party, type Scene } from '../bench.js'
import { type LabClient, type Received, request } from '../client.js'
import type { LabOrigin, OriginRequest } from '../origin.js'
import { type Said, said } from '../said.js'
import { openCrossingLine } from './pool-line.js'

// The scenes of `pool`: in each one a pool keeps a connection to an origin that closes connections that are idle too long.

export interface PoolKnobs {
  /** Idle limit of the origin, in seconds. */
  readonly timeout: number
  readonly rounds: number
}

/** The results of the requests that were sent on a kept connection. */
export interface Fared {
  readonly asked: number
  readonly errors: number
  /** Requests that crossed a FIN on their way. */
  readonly crossed: number
  /** Connections that the origin accepted. */
  readonly opened: number
}

/** The approximate duration of a round of the other scenes, in idle limits. */
const ROUND_LIMITS = 1.15
/**
 * The shortest idle limits, in real time so that a busy machine keeps up: where the limit has to pass; where something has to
 * beat it.
 */
const LIMIT_MS_MIN = 200
const IN_TIME_LIMIT_MS_MIN = 500
/** How often a pool of database connections sends a query within the idle limit. */
const QUERIES_PER_LIMIT = 4
/** Longer than anything here, in real time: the idle limit of the origin is the subject. */
const OUT_OF_THE_WAY_MS = 600_000
/** The interval between two checks whether an end has come. Real ms. */
const LOOK_MS = 20

const GET = request('GET /list HTTP/1.1', { Host: 'origin' })
const QUERY = request('OPTIONS * HTTP/1.1', { Host: 'origin' })

/** A POST; its target tells the origin what to do with it. */
function post(what: 'race' | 'done' | 'order'): string {
  return `${request(`POST /${what} HTTP/1.1`, { Host: 'origin', 'Content-Length': '5' })}order`
}

/** GETs that meet the FIN of an idle connection. */
export async function racedGets(bench: Bench, kind: 'stock' | 'hopwise', knobs: PoolKnobs): Promise<Fared> {
  const title =
    kind === 'stock'
      ? said('GET through stock http-proxy with a pool', '풀을 쓰는 기본 http-proxy를 거친 GET')
      : said('GET through hopwise', 'hopwise를 거친 GET')
  const scene = bench.scene(kind, title, [party('client'), party(kind), party('origin')])
  const timeoutMs = limitOf(bench, knobs)
  const origin = await scene.origin({ timeoutMs })
  const line = await openCrossingLine(scene, 'proxy', origin)
  const proxy = await openPooling(scene, kind, line)
  const asker = new Asker(scene, proxy)
  let errors = 0
  for (let round = 1; round <= knobs.rounds; round++) {
    await asker.ask(GET)
    if (round === 1) scene.step(1, KEPT, 'proxy')
    await until(bench, () => line.idling === 0)
    if (round === 1) scene.step(2, FIN_UNDER_WAY, 'origin')
    const got = await asker.ask(GET)
    errors += failed(got) ? 1 : 0
    if (round === 1) tellOutcome(scene, got)
  }
  return told(scene, { asked: knobs.rounds, errors, crossed: line.crossed, opened: origin.accepted })
}

/**
 * POSTs through hopwise that end without an answer: half of them crossed a FIN, half were executed by an origin that then died.
 */
export async function lostPosts(bench: Bench, knobs: PoolKnobs): Promise<Fared & { readonly done: number }> {
  const scene = bench.scene('post', said('POST through hopwise', 'hopwise를 거친 POST'), THROUGH_HOPWISE)
  const answer = ({ target }: OriginRequest) => (target === '/done' ? ({ raw: '', after: 'leave' } as const) : {})
  const timeoutMs = limitOf(bench, knobs, IN_TIME_LIMIT_MS_MIN)
  const origin = await scene.origin({ timeoutMs, answer })
  const line = await openCrossingLine(scene, 'proxy', origin)
  const asker = new Asker(scene, await openPooling(scene, 'hopwise', line))
  let errors = 0
  for (let round = 1; round <= knobs.rounds; round++) {
    await asker.ask(GET)
    await until(bench, () => line.idling === 0)
    if (round === 1) scene.step(1, POST_CROSSES, 'proxy')
    const raced = await asker.ask(post('race'))
    // Twice: after a connection that ended with its first answer, hopwise would not send the POST on a kept one, and there would
    // be no race.
    await asker.ask(GET)
    await asker.ask(GET)
    if (round === 1) scene.step(2, POST_IS_DONE, 'origin')
    const wasDone = await asker.ask(post('done'))
    const lost = [raced, wasDone].filter(failed).length
    if (round === 1 && lost === 2) scene.step(3, POST_LOOKS_THE_SAME, 'proxy')
    errors += lost
  }
  const done = origin.requests.filter(({ method }) => method === 'POST').length
  scene.figure('done', said('POSTs that the origin had executed', '원 서버가 실제로 처리한 POST'), done, 'count')
  const fared = { asked: 2 * knobs.rounds, errors, crossed: line.crossed, opened: origin.accepted }
  return { ...told(scene, fared), done }
}

/**
 * POSTs through hopwise that are safe. `liveness`: the FIN comes in time. `hint`: the origin says how long it keeps a connection.
 */
export async function safePosts(bench: Bench, by: 'liveness' | 'hint', knobs: PoolKnobs): Promise<Fared> {
  const title =
    by === 'liveness'
      ? said('POST, and the FIN came in time', 'FIN이 제때 도착한 POST')
      : said('POST, and the origin announced its limit', '원 서버가 제한 시간을 알려 준 POST')
  const scene = bench.scene(by, title, THROUGH_HOPWISE)
  const timeoutMs = limitOf(bench, knobs)
  const fields = { Connection: 'keep-alive', 'Keep-Alive': `timeout=${Math.floor(timeoutMs / 1_000)}` }
  const origin = await scene.origin({ timeoutMs, answer: () => (by === 'hint' ? { fields } : {}) })
  const line = by === 'hint' ? await openCrossingLine(scene, 'proxy', origin) : null
  const asker = new Asker(scene, await openPooling(scene, 'hopwise', line ?? origin))
  let errors = 0
  for (let round = 1; round <= knobs.rounds; round++) {
    await asker.ask(GET)
    // With a hint the proxy closes before the origin does; without one the origin closes, and the proxy follows as soon as it
    // sees that.
    await until(bench, () => (line?.idling ?? origin.open) === 0)
    const got = await asker.ask(post('order'))
    errors += failed(got) ? 1 : 0
    if (round === 1 && !failed(got)) scene.step(1, by === 'hint' ? LET_GO_FIRST : SEEN_IN_TIME, 'proxy')
  }
  return told(scene, { asked: knobs.rounds, errors, crossed: line?.crossed ?? 0, opened: origin.accepted })
}

/** The method of a database pool: a query now and then, for as long as the rounds of the other scenes take, then the POST. */
export async function queried(bench: Bench, knobs: PoolKnobs): Promise<Fared> {
  const parties = [party('client', 'client', said('database pool', '데이터베이스 풀')), party('origin')]
  const scene = bench.scene('query', said('A query now and then', '이따금 보내는 쿼리'), parties)
  const timeoutMs = limitOf(bench, knobs, IN_TIME_LIMIT_MS_MIN)
  const origin = await scene.origin({ timeoutMs })
  const client = await scene.client({ to: origin })
  scene.step(1, ASKED_NOW_AND_THEN, 'client')
  const queries = Math.ceil(knobs.rounds * ROUND_LIMITS * QUERIES_PER_LIMIT)
  let errors = 0
  for (let nth = 0; nth < queries && errors === 0; nth++) {
    await client.send(QUERY)
    errors += failed(await client.response({ method: 'OPTIONS' })) ? 1 : 0
    await bench.wait(timeoutMs / QUERIES_PER_LIMIT)
  }
  await client.send(post('order'))
  errors += failed(await client.response({ method: 'POST' })) ? 1 : 0
  if (errors === 0) scene.step(2, STILL_THERE, 'client')
  client.close()
  return told(scene, { asked: 1, errors, crossed: 0, opened: origin.accepted })
}

/** The idle limit of the origin in real ms. */
function limitOf(bench: Bench, { timeout }: PoolKnobs, least: number = LIMIT_MS_MIN): number {
  return Math.max(least, bench.ms(timeout * 1_000))
}

/** The client is silent until this is so, however long it takes; only the time limit of the run ends the wait earlier. */
async function until(bench: Bench, isSo: () => boolean): Promise<void> {
  while (!isSo()) await bench.wait(LOOK_MS)
}

const THROUGH_HOPWISE = [party('client'), party('hopwise'), party('origin')]

/** With a pool of upstream connections, and no idle limit that would end the story early. */
function openPooling(scene: Scene, kind: 'stock' | 'hopwise', to: Place | LabOrigin): Promise<Place> {
  if (kind === 'stock') return scene.proxy({ kind, to, upstreamKeepAlive: true })
  return scene.proxy({ kind, to, options: { deadlines: { upstreamIdleMs: OUT_OF_THE_WAY_MS } } })
}

/** A client that opens a new connection only when it has to. */
class Asker {
  private client: LabClient | null = null

  constructor(
    private readonly scene: Scene,
    private readonly to: Place,
  ) {}

  async ask(octets: string): Promise<Received> {
    if (this.client === null || this.client.ended !== '') this.client = await this.scene.client({ to: this.to })
    await this.client.send(octets)
    return this.client.response({ method: octets.slice(0, octets.indexOf(' ')) })
  }
}

function failed({ outcome, status }: Received): boolean {
  return outcome !== 'whole' || status !== 200
}

function told(scene: Scene, fared: Fared): Fared {
  scene.figure(
    'asked',
    said('Requests on a connection that had been idle', '유휴 상태였던 커넥션의 요청'),
    fared.asked,
    'count',
  )
  scene.figure('errors', said('Errors', '오류'), fared.errors, 'count')
  scene.figure('crossed', said('Requests that crossed a FIN', 'FIN과 엇갈린 요청'), fared.crossed, 'count')
  scene.figure('opened', said('Connections to the origin', '원 서버와 맺은 커넥션'), fared.opened, 'count')
  return fared
}

function tellOutcome(scene: Scene, got: Received): void {
  const text = failed(got)
    ? said(
        `The client gets an error (${got.status}), although the origin is healthy.`,
        `원 서버는 멀쩡한데도 클라이언트는 오류(${got.status})를 받는다.`,
      )
    : said(
        'The client gets its answer: the request was sent once more, on a new connection.',
        '클라이언트는 응답을 받는다. 프록시가 새 커넥션으로 요청을 한 번 더 보냈다.',
      )
  scene.step(3, text, 'client')
}

const KEPT: Said = said(
  'A request is answered, and the proxy keeps its connection to the origin.',
  '요청이 응답을 받고, 프록시는 원 서버와 맺은 커넥션을 유지한다.',
)
const FIN_UNDER_WAY: Said = said(
  'The idle limit has passed and the origin has closed. Its FIN is on its way when the next request is sent: they cross.',
  '유휴 제한 시간이 지나 원 서버가 닫았다. FIN이 오는 도중에 다음 요청이 떠나서 둘이 엇갈린다.',
)
const POST_CROSSES: Said = said(
  'This POST crosses a FIN: the origin never reads it.',
  '이 POST는 FIN과 엇갈린다. 원 서버는 이것을 읽지 않는다.',
)
const POST_IS_DONE: Said = said(
  'This POST is read and executed, and then the origin closes without an answer.',
  '원 서버가 이 POST를 읽고 처리하지만, 응답 없이 커넥션을 끝낸다.',
)
const POST_LOOKS_THE_SAME: Said = said(
  'The proxy has seen the same thing twice: a request sent, a FIN, no answer. So it sends neither of them again, and answers 502.',
  '프록시가 본 것은 두 번 다 같다. 요청을 보냈고, FIN이 왔고, 응답은 없었다. 그래서 어느 쪽도 다시 보내지 않고 502로 응답한다.',
)
const LET_GO_FIRST: Said = said(
  'The origin had said how long it keeps a connection, so the proxy closed it first, and opened a new one.',
  '원 서버가 커넥션을 얼마나 유지하는지 알려 주었으므로, 프록시가 먼저 닫고 새 커넥션을 열었다.',
)
const SEEN_IN_TIME: Said = said(
  'The FIN came while the connection was idle. The proxy was watching it, and opened a new one.',
  '커넥션이 유휴 상태일 때 FIN이 도착했다. 프록시는 커넥션을 지켜보고 있었으므로 새 커넥션을 열었다.',
)
const ASKED_NOW_AND_THEN: Said = said(
  'A harmless query now and then keeps the connection open, and shows that it is alive.',
  '해가 없는 쿼리를 이따금 보내서 커넥션을 유지하고, 살아 있는지도 확인한다.',
)
const STILL_THERE: Said = said(
  'After all that time the first connection was still open, and carried the POST.',
  '그 시간이 다 지난 뒤에도 처음의 커넥션이 남아 있어서 POST를 보낼 수 있었다.',
)
