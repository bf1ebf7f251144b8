import { type Bench, party, type Scene } from '../bench.js'
import { type LabClient, type Received, request } from '../client.js'
import type { LabOrigin, OriginAnswer, OriginRequest } from '../origin.js'
import { said } from '../said.js'

// The scenes of `pipelining`: requests that are sent before the answers to earlier ones have arrived.

/** The time that the origin needs for the slow one of three requests. */
const SLOW_MS = 800
/** From the execution of the order to the death of the origin. */
const DIES_AFTER_MS = 300

const get = (target: string) => request(`GET ${target} HTTP/1.1`, { Host: 'origin' })
const ORDER = `${request('POST /order HTTP/1.1', { Host: 'origin', 'Content-Length': '5' })}order`

/** `count` requests over a line with delay. @returns ms from the first byte sent to the last one read */
export async function load(
  bench: Bench,
  how: 'serial' | 'pipelined',
  count: number,
  roundTripMs: number,
): Promise<number> {
  const title = how === 'serial' ? said('One after another', '하나씩 차례로') : said('Pipelined', '파이프라인 커넥션')
  const scene = bench.scene(how, title, [party('client'), party('origin')])
  const origin = await scene.origin({ answer: ({ target }) => ({ content: `This is ${target}.\n` }) })
  const to = await scene.relay('client', origin, { delayMs: bench.ms(roundTripMs / 2) })
  const client = await scene.client({ to })
  const targets = Array.from({ length: count }, (_, nth) => `/${nth + 1}`)
  const began = scene.now()
  if (how === 'serial') for (const target of targets) await ask(scene, client, [target])
  else {
    scene.step(1, FIRST_ALONE, 'client')
    await ask(scene, client, targets.slice(0, 1))
    scene.step(2, THEN_ALL, 'client')
    await ask(scene, client, targets.slice(1))
  }
  const tookMs = scene.now() - began
  scene.figure('total', said(`All ${count} answers after`, `응답 ${count}개를 모두 받기까지`), tookMs, 'ms')
  client.close()
  return tookMs
}

/** Sends the requests in one write, reads the answers, and draws how long each took. */
async function ask(scene: Scene, client: LabClient, targets: readonly string[]): Promise<Received[]> {
  const from = scene.now()
  await client.send(targets.map(get).join(''))
  const answers: Received[] = []
  for (const target of targets) {
    answers.push(await client.response())
    scene.bar({ row: target, part: 'wait', from, to: scene.now(), connection: client.connection })
  }
  return answers
}

export interface InOrder {
  /** The contents, in the order of arrival. */
  readonly came: readonly string[]
  /** When the second answer came, and when the same request was answered on its own connection: ms since they were sent. */
  readonly secondMs: number
  readonly aloneMs: number
  readonly origin: LabOrigin
}

/** Three requests at once, of which the first is slow; and the second one alone on another connection. */
export async function threeAtOnce(bench: Bench, through: 'direct' | 'hopwise'): Promise<InOrder> {
  const title =
    through === 'direct'
      ? said('Answers in order', '순서대로 오는 응답')
      : said('In order, through hopwise', 'hopwise를 거쳐 순서대로 오는 응답')
  const parties = [party('client'), ...(through === 'hopwise' ? [party('hopwise')] : []), party('origin')]
  const scene = bench.scene(through, title, parties)
  const slowMs = bench.ms(SLOW_MS)
  const origin = await scene.origin({
    answer: ({ target }) => ({ content: target, delayMs: target === '/slow' ? slowMs : 0 }),
  })
  const to = through === 'direct' ? origin : await scene.proxy({ kind: 'hopwise', to: origin })
  const client = await scene.client({ to })
  const other = await scene.client({ to })
  scene.step(1, THREE_AT_ONCE, 'client')
  const began = scene.now()
  await client.send(get('/slow') + get('/second') + get('/third'))
  await other.send(get('/second'))
  await other.response()
  const aloneMs = scene.now() - began
  scene.step(2, READY_LONG_AGO, 'origin')
  const first = await client.response()
  const second = await client.response()
  const secondMs = scene.now() - began
  const third = await client.response()
  const came = [first, second, third].map(({ content }) => String(content))
  scene.step(3, inTurn(came), 'client')
  scene.figure(
    'alone',
    said('The second request alone, answered after', '두 번째 요청만 따로 보냈을 때 응답까지'),
    aloneMs,
    'ms',
  )
  scene.figure(
    'second',
    said('The second request in the pipeline, after', '파이프라인의 두 번째 응답까지'),
    secondMs,
    'ms',
  )
  return { came, secondMs, aloneMs, origin }
}

export interface Broken {
  /** The status of each of the three, 0 where none came, before anything was repeated. */
  readonly statuses: readonly number[]
  /** Orders that the origin has placed in the end. */
  readonly orders: number
}

/**
 * GET, POST, GET in one write; the origin answers the first, executes the second, and dies without a further answer. Then the
 * client repeats on a new connection: `everything` that has no answer, or only what is `idempotent`. `behind` hopwise there is
 * nothing to guess.
 */
export async function broken(bench: Bench, how: keyof typeof BROKEN): Promise<Broken> {
  const { title, after } = BROKEN[how]
  const parties = [party('client'), ...(how === 'behind' ? [party('hopwise')] : []), party('origin')]
  const scene = bench.scene(how, title, parties)
  let orders = 0
  const answer = ({ method }: OriginRequest): OriginAnswer => {
    if (method !== 'POST') return {}
    orders += 1
    scene.note(
      said(`The origin places the order: ${orders} so far.`, `원 서버가 주문을 처리한다. 지금까지 ${orders}번이다.`),
      'origin',
    )
    return orders === 1 ? { raw: '', after: 'reset', afterMs: bench.ms(DIES_AFTER_MS) } : {}
  }
  const origin = await scene.origin({ answer })
  const to = how === 'behind' ? await scene.proxy({ kind: 'hopwise', to: origin }) : origin
  const client = await scene.client({ to })
  const requests = [get('/list'), ORDER, get('/total')]
  scene.step(1, A_POST_IN_IT, 'client')
  await client.send(requests.join(''))
  const statuses: number[] = []
  for (const { method } of METHODS) statuses.push((await client.response({ method })).status)
  const answered = statuses.filter(status => status !== 0).length
  scene.step(2, answered === statuses.length ? EACH_HAS_ITS_ANSWER : onlySome(answered), 'client')
  if (how !== 'behind' || statuses[1] === 502) scene.step(3, after, 'client')
  const repeated = requests.filter(
    (_, nth) => statuses[nth] === 0 && BROKEN[how].repeats(METHODS[nth]?.idempotent ?? false),
  )
  if (repeated.length > 0) await repeat(scene, origin, repeated)
  scene.figure('answers', said('Answers to three requests', '요청 세 개에 대한 응답'), answered, 'count')
  scene.figure('orders', said('Orders that the origin has placed', '원 서버가 처리한 주문'), orders, 'count')
  return { statuses, orders }
}

const METHODS = [
  { method: 'GET', idempotent: true },
  { method: 'POST', idempotent: false },
  { method: 'GET', idempotent: true },
] as const

/** One at a time: a client does not pipeline again right after a connection broke (RFC 9112 9.3.2). */
async function repeat(scene: Scene, to: LabOrigin, requests: readonly string[]): Promise<void> {
  const client = await scene.client({ to })
  for (const octets of requests) {
    await client.send(octets)
    await client.response({ method: octets.slice(0, octets.indexOf(' ')) })
  }
  client.close()
}

export interface TooSoon {
  readonly outcomes: readonly Received['outcome'][]
  /** Requests that the origin has read. */
  readonly read: number
}

/** Three requests at once at the very beginning of a connection, and the first answer says close. */
export async function tooSoon(bench: Bench): Promise<TooSoon> {
  const title = said('Before the connection is known to persist', '커넥션이 지속되는지 알기 전에')
  const scene = bench.scene('soon', title, [party('client'), party('origin')])
  const origin = await scene.origin({ max: 1 })
  const client = await scene.client({ to: origin })
  scene.step(1, NOT_YET_KNOWN, 'client')
  await client.send(get('/1') + get('/2') + get('/3'))
  const outcomes: Received['outcome'][] = []
  for (let nth = 0; nth < 3; nth++) outcomes.push((await client.response()).outcome)
  if (origin.requests.length === 1) scene.step(2, SAID_CLOSE, 'origin')
  scene.figure(
    'read',
    said('Requests that the origin has read', '원 서버가 받아들인 요청'),
    origin.requests.length,
    'count',
  )
  return { outcomes, read: origin.requests.length }
}

const FIRST_ALONE = said(
  'The first request is sent alone: its answer shows that the connection persists.',
  '첫 요청은 혼자 보낸다. 그 응답을 보면 커넥션이 지속된다는 것을 알 수 있다.',
)
const THEN_ALL = said(
  'All others are sent at once. They wait for the line only once.',
  '나머지는 한꺼번에 떠난다. 회선의 왕복을 기다리는 것은 한 번뿐이다.',
)
const THREE_AT_ONCE = said(
  'Three requests are sent at once. The first one is slow; the second one is also sent alone on another connection.',
  '요청 세 개가 한꺼번에 떠난다. 첫 번째는 처리가 느리다. 두 번째와 같은 요청을 다른 커넥션으로 따로 보내 비교한다.',
)
const READY_LONG_AGO = said(
  'The request that was sent alone is answered at once. In the pipeline the same answer must wait for its turn.',
  '따로 보낸 것은 바로 응답을 받는다. 파이프라인에서는 같은 응답이 차례를 기다려야 한다.',
)
const inTurn = (came: readonly string[]) =>
  said(
    `The answers have come in this order: ${came.join(', ')}. Only the order shows which answer belongs to which request.`,
    `응답이 온 순서: ${came.join(', ')}. 어느 응답이 어느 요청의 것인지 알려 주는 것은 이 순서뿐이다.`,
  )
const A_POST_IN_IT = said('GET, POST and GET are sent at once.', 'GET, POST, GET이 한꺼번에 떠난다.')
const onlySome = (answered: number) =>
  said(
    `Answers that came before the connection broke: ${answered} of 3. The other requests may have been executed, or never read: the client cannot know.`,
    `커넥션이 끊기기 전에 온 응답은 3개 중 ${answered}개다. 나머지는 처리되었을 수도, 읽히지 않았을 수도 있다. 클라이언트는 알 길이 없다.`,
  )
const EACH_HAS_ITS_ANSWER = said(
  'Each request has an answer: hopwise sends one at a time, so it knows which one was in flight.',
  '요청마다 응답이 왔다. hopwise는 한 번에 하나씩 보내므로 어느 요청이 진행 중이었는지 안다.',
)
const NOT_YET_KNOWN = said(
  'Three requests are sent at the very beginning of a connection. It is not yet known whether it persists.',
  '커넥션을 맺자마자 요청 세 개가 떠난다. 커넥션이 지속된다고 아무도 말하지 않았다.',
)
const SAID_CLOSE = said(
  'The first answer says close, and the connection ends. The other two requests were sent in vain.',
  '첫 응답에 close가 담겨 있고, 커넥션이 닫힌다. 나머지 둘은 헛되이 보낸 것이다.',
)
const BROKEN = {
  everything: {
    title: said('It breaks, and everything is repeated', '끊긴 뒤 모두 다시 보낸다'),
    after: said(
      'The client repeats everything that has no answer, including the order.',
      '클라이언트는 응답이 없는 요청을 모두 다시 보낸다. 주문도 다시 보낸다.',
    ),
    repeats: (_idempotent: boolean) => true,
  },
  idempotent: {
    title: said('It breaks, and only GETs are repeated', '끊긴 뒤 GET만 다시 보낸다'),
    after: said(
      'The client repeats the GET. It has to find out in another way whether the order was placed.',
      '클라이언트는 GET만 다시 보낸다. 주문이 들어갔는지는 다른 방법으로 확인해야 한다.',
    ),
    repeats: (idempotent: boolean) => idempotent,
  },
  behind: {
    title: said('It breaks behind hopwise', 'hopwise 뒤에서 끊긴다'),
    after: said(
      'Only the order is in doubt, and the client was told so: 502.',
      '처리 여부를 알 수 없는 것은 주문뿐이고, 클라이언트는 502로 그 사실을 알았다.',
    ),
    repeats: (idempotent: boolean) => idempotent,
  },
} as const
