import type { Bench, Scene } from '../bench.js'
import { party } from '../bench.js'
import { type LabClient, type Received, request } from '../client.js'
import type { OriginAnswer } from '../origin.js'
import { type Said, said } from '../said.js'
import { hasOption, keepAliveParameter } from './keep-alive-parts.js'

const PARTIES = [party('client'), party('origin')]
const HELLO = 'GET /hello HTTP/1.0'
/**
 * Requests on the kept connection, unless `max` ends it before. The pauses between them together are longer than the idle limit.
 */
const REQUESTS = 4
const PAUSE_SHARE = 0.4
/** A pause between the connections that are not kept, so that the learner can follow. */
const PACE_MS = 600
/** The longest wait for an expected end: this many idle limits, or this long where there is no limit. */
const LIMITS_MAX = 4
const PATIENCE_MS = 10_000

/** The history of the kept connection. */
export interface Kept {
  readonly responses: number
  /** `max` in each response; -1: not given. */
  readonly max: readonly number[]
  /** The last response said that the connection would not be kept. */
  readonly reached: boolean
  /** The time from the first response to the last was longer than the idle limit: the timer was restarted in between. */
  readonly restarted: boolean
  /** From the last response until the origin closed. */
  readonly idleMs: number
  readonly ended: '' | 'fin' | 'reset'
}

/** Asks, pauses, asks again, and then waits until the origin closes. */
export async function kept(bench: Bench, timeoutS: number, max: number): Promise<Kept> {
  const scene = bench.scene('kept', said('With keep-alive', 'keep-alive를 쓰는 경우'), PARTIES)
  const timeoutMs = bench.ms(timeoutS * 1000)
  // `max` announces how many more requests the origin will accept: the first one is not counted.
  const origin = await scene.origin({ version: '1.0', timeoutMs, announceS: timeoutS, max: max + 1 })
  const client = await scene.client({ to: origin })
  const heads: string[] = []
  const times: number[] = []
  while (heads.length < REQUESTS) {
    if (heads.length > 0) await bench.sleep(PAUSE_SHARE * timeoutS * 1000)
    if (heads.length === 0) tellAsking(scene)
    const got = await ask(client, { Connection: 'Keep-Alive' })
    if (got.outcome !== 'whole') break
    heads.push(got.head)
    times.push(scene.now())
    tellResponse(scene, heads)
    if (!hasOption(got.head, 'keep-alive')) break
  }
  const [first = 0, last = 0] = [times[0], times.at(-1)]
  const restarted = last - first > timeoutMs
  if (restarted) tellRestarted(scene)
  const ended = await client.end(bench.patienceMs(LIMITS_MAX * timeoutS * 1000))
  const idleMs = scene.now() - last
  const reached = !hasOption(heads.at(-1) ?? '', 'keep-alive')
  await client.over(bench.patienceMs(LIMITS_MAX * timeoutS * 1000))
  tellEnd(scene, { reached, idleMs, ended })
  scene.figure('responses', said('Responses on one connection', '커넥션 하나로 받은 응답'), heads.length, 'count')
  scene.figure('connections', said('Connections', '커넥션'), origin.accepted, 'count')
  return {
    responses: heads.length,
    max: heads.map(head => keepAliveParameter(head, 'max')),
    reached,
    restarted,
    idleMs,
    ended,
  }
}

async function ask(client: LabClient, fields: Readonly<Record<string, string>>, line = HELLO): Promise<Received> {
  await client.send(request(line, { Host: 'origin', ...fields }))
  return client.response()
}

function tellAsking(scene: Scene): void {
  const text = said(
    'The client asks for its connection to be kept: Connection: Keep-Alive.',
    '클라이언트가 커넥션을 유지해 달라고 요청한다: Connection: Keep-Alive.',
  )
  scene.step(1, text, 'client')
}

/** Steps 2 and 3, from what the heads say. */
function tellResponse(scene: Scene, heads: readonly string[]): void {
  const head = heads.at(-1) ?? ''
  if (!hasOption(head, 'keep-alive')) return
  const [timeout, max] = [keepAliveParameter(head, 'timeout'), keepAliveParameter(head, 'max')]
  scene.figure('max', said('max in the last response', '마지막 응답의 max'), max, 'count')
  if (heads.length === 1)
    scene.step(
      2,
      said(
        `The origin agrees by echoing it: it waits ${timeout} s for the next request and accepts ${max} more.`,
        `원 서버가 헤더를 되돌려 주어 동의한다. 다음 요청을 ${timeout}초 동안 기다리고, 앞으로 ${max}개를 더 받는다.`,
      ),
      'origin',
    )
  if (heads.length === 2)
    scene.step(
      3,
      said(
        `The client sends another request on the same connection, and the response says max=${max}.`,
        `클라이언트가 같은 커넥션에서 다시 요청하고, 응답은 max=${max} 값을 알린다.`,
      ),
      'origin',
    )
}

function tellRestarted(scene: Scene): void {
  const text = said(
    'The connection is now older than its timeout: the timer restarts after each response.',
    '커넥션이 timeout보다 오래 열려 있다. 타이머가 응답마다 새로 시작했기 때문이다.',
  )
  scene.step(4, text, 'origin')
}

function tellEnd(scene: Scene, { reached, idleMs, ended }: Pick<Kept, 'reached' | 'idleMs' | 'ended'>): void {
  scene.figure('idle', said('From the last response to the end', '마지막 응답부터 종료까지'), idleMs, 'ms')
  if (ended === '') return
  const text = reached
    ? said('max is reached: the origin closes.', 'max에 이르렀으므로 원 서버가 커넥션을 닫는다.')
    : said('No further request came: the origin closes.', '요청이 더 오지 않았으므로 원 서버가 커넥션을 닫는다.')
  scene.step(5, text, 'origin')
}

/** The history of connections whose clients did not ask to keep them. */
export interface Without {
  readonly responses: number
  readonly connections: number
  /** The origin closed each of them. */
  readonly allEnded: boolean
}

/** The same without keep-alive: once without a Connection field, once with `Connection: close`. */
export async function without(bench: Bench, timeoutS: number): Promise<Without> {
  const scene = bench.scene('without', said('Without keep-alive', 'keep-alive를 쓰지 않는 경우'), PARTIES)
  const timeoutMs = bench.ms(timeoutS * 1000)
  const origin = await scene.origin({ version: '1.0', timeoutMs })
  const ways: readonly [Said, Readonly<Record<string, string>>][] = [
    [
      said(
        'The client does not ask to keep the connection: the origin closes after the response.',
        '클라이언트가 커넥션에 대해 아무 말도 하지 않는다. 원 서버는 응답한 뒤 커넥션을 닫는다.',
      ),
      {},
    ],
    [
      said(
        'A new connection for the next request. Connection: close says what would happen anyway.',
        '다음 요청에는 새 커넥션이 필요하다. Connection: close를 보내도 결과는 같다.',
      ),
      { Connection: 'close' },
    ],
  ]
  let responses = 0
  let endings = 0
  for (const [i, [text, fields]] of ways.entries()) {
    const client = await scene.client({ to: origin })
    scene.step(i + 1, text, 'client')
    if ((await ask(client, fields)).outcome === 'whole') responses += 1
    if ((await client.end(bench.patienceMs(LIMITS_MAX * timeoutS * 1000))) === 'fin') endings += 1
    await client.over(bench.patienceMs(LIMITS_MAX * timeoutS * 1000))
    if (i === 0) await bench.sleep(PAUSE_SHARE * timeoutS * 1000)
  }
  scene.figure('responses', said('Responses', '응답'), responses, 'count')
  scene.figure('connections', said('Connections', '커넥션'), origin.accepted, 'count')
  return { responses, connections: origin.accepted, allEnded: endings === ways.length }
}

/** Which of them the origin closed after its response. */
export interface NotKept {
  readonly closed: Readonly<Record<string, boolean>>
}

interface Case {
  readonly id: string
  readonly target: string
  readonly fields: Readonly<Record<string, string>>
  readonly text: Said
}

const ASKS = { Connection: 'Keep-Alive' }

const CASES: readonly Case[] = [
  {
    id: 'no-echo',
    target: '/old',
    fields: ASKS,
    text: said(
      'An origin that does not know the option does not echo it: there is no agreement, and it closes.',
      '이 옵션을 모르는 원 서버는 헤더를 되돌려 주지 않는다. 동의가 없으므로 커넥션이 닫힌다.',
    ),
  },
  {
    id: 'no-length',
    target: '/stream',
    fields: ASKS,
    text: said(
      'The length of the body is not known: only the end of the connection can end it.',
      '본문의 길이를 알 수 없다. 커넥션이 끝나야만 본문도 끝난다.',
    ),
  },
  {
    id: 'no-token',
    target: '/hello',
    fields: { 'Keep-Alive': 'timeout=10, max=20' },
    text: said(
      'A Keep-Alive field without its token in Connection asks for nothing.',
      'Connection 헤더에 토큰이 없으면 Keep-Alive 헤더는 아무것도 요청하지 못한다.',
    ),
  },
  {
    id: 'no-token-back',
    target: '/half',
    fields: ASKS,
    text: said(
      'When the origin sends Keep-Alive alone, it does not agree to anything, either.',
      '원 서버가 Keep-Alive 헤더만 보낸 경우에도 동의한 것이 아니다.',
    ),
  },
  {
    id: 'hint',
    target: '/hint',
    fields: ASKS,
    text: said(
      'The origin announces max=5, timeout=120 and closes at once: a hint is not a promise.',
      '원 서버가 max=5, timeout=120을 알리고도 바로 커넥션을 닫는다. 힌트는 약속이 아니다.',
    ),
  },
]

const ANSWERS: Readonly<Record<string, OriginAnswer>> = {
  '/old': { raw: 'HTTP/1.0 200 OK\r\nContent-Length: 8\r\n\r\nI am old', after: 'close' },
  '/half': {
    raw: 'HTTP/1.0 200 OK\r\nKeep-Alive: timeout=10, max=20\r\nContent-Length: 4\r\n\r\nhalf',
    after: 'close',
  },
  '/stream': { framing: 'close', content: 'Who knows how long this will be.\n' },
  '/hint': { fields: { Connection: 'Keep-Alive', 'Keep-Alive': 'max=5, timeout=120' }, after: 'leave' },
}

/** All the ways in which a connection is not kept, one after another. */
export async function notKept(bench: Bench): Promise<NotKept> {
  const scene = bench.scene('not-kept', said('What is not an agreement', '동의가 되지 않는 경우'), PARTIES)
  // This origin has no idle limit within this scene: every connection that closes, closes for its own reason.
  const origin = await scene.origin({ version: '1.0', answer: ({ target }) => ANSWERS[target] ?? {} })
  const closed: Record<string, boolean> = {}
  const first = await scene.client({ to: origin })
  const agreed = hasOption((await ask(first, ASKS)).head, 'keep-alive')
  await bench.sleep(PACE_MS)
  scene.step(
    1,
    said(
      'The second request on a kept connection does not ask again: the origin closes after it.',
      '유지된 커넥션의 두 번째 요청에는 유지해 달라는 헤더가 없다. 원 서버는 응답한 뒤 커넥션을 닫는다.',
    ),
    'client',
  )
  const again = await ask(first, {})
  closed['not-again'] =
    agreed && again.outcome === 'whole' && (await first.end(bench.patienceMs(PATIENCE_MS))) === 'fin'
  for (const [i, { id, target, fields, text }] of CASES.entries()) {
    await bench.sleep(PACE_MS)
    const client = await scene.client({ to: origin })
    scene.step(i + 2, text, 'client')
    const { outcome } = await ask(client, fields, `GET ${target} HTTP/1.0`)
    closed[id] = outcome === 'whole' && (await client.end(bench.patienceMs(PATIENCE_MS))) === 'fin'
  }
  await bench.sleep(PACE_MS)
  const last = await scene.client({ to: origin })
  await ask(last, ASKS)
  await bench.sleep(PACE_MS)
  leave(scene, last, CASES.length + 2)
  return { closed }
}

/** The client may close, too: it closes a connection that the origin has agreed to keep. */
function leave(scene: Scene, client: LabClient, n: number): void {
  const text = said(
    'The client closes a connection that the origin would have kept: either side may, at any time.',
    '원 서버가 유지하려던 커넥션을 클라이언트가 닫는다. 어느 쪽이든 언제든지 닫을 수 있다.',
  )
  scene.step(n, text, 'client')
  client.close()
}
