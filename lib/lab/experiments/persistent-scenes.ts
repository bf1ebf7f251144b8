import type { Bench, Scene } from '../bench.js'
import { party } from '../bench.js'
import { fieldOf, type LabClient, request } from '../client.js'
import { type Said, said } from '../said.js'
import { hasOption } from './keep-alive-parts.js'

const PARTIES = [party('client'), party('origin')]
/** Requests on the quiet connection, with pauses shorter than its idle limit. */
const REQUESTS = 3
const PAUSE_SHARE = 0.4
/** A pause between events that would otherwise be too fast to follow. */
const PACE_MS = 500
/** The longest wait for something that should come at once, in ms of the story. */
const PATIENCE_MS = 10_000
/** The longest wait for an expected end, in idle limits. */
const LIMITS_MAX = 4

function get(minor: 0 | 1, fields: Readonly<Record<string, string>> = {}): string {
  return request(`GET /hello HTTP/1.${minor}`, { Host: 'origin', ...fields })
}

/** The history of a connection without any Connection field. */
export interface Persisted {
  readonly requests: number
  readonly responses: number
  readonly connections: number
  /** Requests and responses that had a field about the connection. */
  readonly words: number
  readonly idleMs: number
  readonly ended: '' | 'fin' | 'reset'
}

export async function persisted(bench: Bench, timeoutS: number): Promise<Persisted> {
  const scene = bench.scene('persistent', said('Without a Connection field', '아무 말 없이'), PARTIES)
  const timeoutMs = bench.ms(timeoutS * 1000)
  const origin = await scene.origin({ timeoutMs })
  const client = await scene.client({ to: origin })
  const heads: string[] = []
  for (let i = 0; i < REQUESTS; i++) {
    if (i > 0) await bench.sleep(PAUSE_SHARE * timeoutS * 1000)
    if (i < 2) tellRequest(scene, i)
    await client.send(get(1))
    const { outcome, head } = await client.response()
    if (outcome !== 'whole') break
    heads.push(head)
  }
  const since = scene.now()
  const ended = await client.end(bench.patienceMs(LIMITS_MAX * timeoutS * 1000))
  const idleMs = scene.now() - since
  await client.over(bench.patienceMs(LIMITS_MAX * timeoutS * 1000))
  const text = said(
    'No request has come for as long as the origin waits: it closes.',
    '원 서버가 기다리는 시간 동안 요청이 없었다. 원 서버가 커넥션을 닫는다.',
  )
  if (ended !== '') scene.step(3, text, 'origin')
  scene.figure('responses', said('Responses on one connection', '커넥션 하나로 받은 응답'), heads.length, 'count')
  scene.figure('idle', said('From the last response to the end', '마지막 응답부터 종료까지'), idleMs, 'ms')
  const words = [...origin.requests.map(({ head }) => head), ...heads].filter(aboutConnection).length
  return { requests: REQUESTS, responses: heads.length, connections: origin.accepted, words, idleMs, ended }
}

function aboutConnection(head: string): boolean {
  return fieldOf(head, 'connection') !== '' || fieldOf(head, 'keep-alive') !== ''
}

function tellRequest(scene: Scene, i: number): void {
  const text =
    i === 0
      ? said(
          'The client sends a request and says nothing about its connection; neither does the origin.',
          '클라이언트가 요청하면서 커넥션에 대해서는 아무 말도 하지 않는다. 원 서버도 마찬가지다.',
        )
      : said(
          'It persists: the next request goes over the same connection.',
          '커넥션이 유지된다. 다음 요청도 같은 커넥션으로 간다.',
        )
  scene.step(i + 1, text, 'client')
}

/** The history of a connection that was used as long as the origin allowed. */
export interface Limited {
  readonly responses: number
  /** Which response said close; 0: none. */
  readonly saidCloseAt: number
  readonly ended: '' | 'fin' | 'reset'
}

export async function limited(bench: Bench, max: number): Promise<Limited> {
  const scene = bench.scene('limit', said('Until the limit', '횟수 제한까지'), PARTIES)
  const client = await scene.client({ to: await scene.origin({ max }) })
  scene.step(1, said('The client sends one request after another.', '클라이언트가 계속 요청한다.'), 'client')
  let responses = 0
  let saidCloseAt = 0
  // One request more than allowed, so that an origin without a limit would be detected.
  while (saidCloseAt === 0 && responses <= max) {
    if (responses > 0) await bench.sleep(PACE_MS)
    await client.send(get(1))
    const { outcome, head } = await client.response()
    if (outcome !== 'whole') break
    responses += 1
    if (hasOption(head, 'close')) saidCloseAt = responses
  }
  const ended = await client.end(bench.patienceMs(PATIENCE_MS))
  await client.over(bench.patienceMs(PATIENCE_MS))
  if (saidCloseAt > 0)
    scene.step(
      2,
      said(
        `Response ${saidCloseAt} says Connection: close, and the origin closes.`,
        `${saidCloseAt}번째 응답이 Connection: close를 보내고, 원 서버가 커넥션을 닫는다.`,
      ),
      'origin',
    )
  scene.figure('responses', said('Responses on one connection', '커넥션 하나로 받은 응답'), responses, 'count')
  return { responses, saidCloseAt, ended }
}

/** With a second request right behind the first: whether only the first was read and answered, when close was said by … */
export interface AfterClose {
  readonly client: boolean
  readonly origin: boolean
}

export async function afterClose(bench: Bench): Promise<AfterClose> {
  const scene = bench.scene('close', said('After close', 'close를 보낸 뒤'), PARTIES)
  const origin = await scene.origin({
    answer: ({ target }) => (target === '/last' ? { after: 'close', content: 'No more.\n' } : {}),
  })
  let sent = 0
  let answered = 0
  const both = async (n: number, first: string, text: Said): Promise<boolean> => {
    const client = await scene.client({ to: origin })
    scene.step(n, text, 'client')
    await client.send(first + get(1))
    sent += 2
    const [one, two] = [await client.response(), await client.response({ forMs: bench.patienceMs(PATIENCE_MS) })]
    answered += [one, two].filter(({ outcome }) => outcome === 'whole').length
    await client.over(bench.patienceMs(PATIENCE_MS))
    const read = origin.requests.filter(({ connection }) => connection === n).length
    return one.outcome === 'whole' && hasOption(one.head, 'close') && two.outcome === 'ended' && read === 1
  }
  const byClient = await both(
    1,
    get(1, { Connection: 'close' }),
    said(
      'The client says close, and sends another request behind it, which it must not do: that request is not answered.',
      '클라이언트가 close를 보내고도 그 뒤에 보내서는 안 되는 요청을 하나 더 보낸다. 아무도 응답하지 않는다.',
    ),
  )
  await bench.sleep(PACE_MS)
  const byOrigin = await both(
    2,
    request('GET /last HTTP/1.1', { Host: 'origin' }),
    said(
      'The client sends two requests at once, and the origin says close with the first response: the second is not answered.',
      '클라이언트가 요청 두 개를 한꺼번에 보내고, 원 서버는 첫 응답에서 close를 보낸다. 두 번째 요청은 응답을 받지 못한다.',
    ),
  )
  scene.figure('sent', said('Requests sent', '보낸 요청'), sent, 'count')
  scene.figure('answered', said('Requests answered', '응답을 받은 요청'), answered, 'count')
  return { client: byClient, origin: byOrigin }
}

/** Was a second request answered on the connection, after a first one of that version with that Connection option? */
export type Versions = Readonly<Record<keyof typeof WAYS, boolean>>

const WAYS = {
  '1.0': {
    minor: 0,
    word: '',
    text: said(
      'HTTP/1.0 without an option: the connection ends.',
      'HTTP/1.0에서 아무 말도 하지 않으면 커넥션이 끝난다.',
    ),
  },
  '1.0 keep-alive': {
    minor: 0,
    word: 'Keep-Alive',
    text: said(
      'HTTP/1.0 that asks to keep: the connection stays.',
      'HTTP/1.0에서 유지해 달라고 요청하면 커넥션이 유지된다.',
    ),
  },
  '1.1': {
    minor: 1,
    word: '',
    text: said(
      'HTTP/1.1 without an option: the connection stays.',
      'HTTP/1.1에서 아무 말도 하지 않으면 커넥션이 유지된다.',
    ),
  },
  '1.1 close': {
    minor: 1,
    word: 'close',
    text: said('HTTP/1.1 that asks to end: the connection ends.', 'HTTP/1.1에서 끊겠다고 알리면 커넥션이 끝난다.'),
  },
} as const

export async function versions(bench: Bench): Promise<Versions> {
  const scene = bench.scene(
    'versions',
    said('Asking to keep, asking to end', '유지해 달라는 요청, 끊겠다는 알림'),
    PARTIES,
  )
  const origin = await scene.origin()
  const stayed = { '1.0': false, '1.0 keep-alive': false, '1.1': false, '1.1 close': false }
  for (const [i, way] of (Object.keys(WAYS) as (keyof typeof WAYS)[]).entries()) {
    if (i > 0) await bench.sleep(PACE_MS)
    const { minor, word, text } = WAYS[way]
    const client = await scene.client({ to: origin })
    scene.step(i + 1, text, 'client')
    stayed[way] = await stays(bench, client, get(minor, word === '' ? {} : { Connection: word }))
  }
  return stayed
}

/** Sends requests until the head of a response or a FIN says that the connection ends; two at most. */
async function stays(bench: Bench, client: LabClient, asking: string): Promise<boolean> {
  await client.send(asking)
  const first = await client.response()
  if (hasOption(first.head, 'close') || client.ended !== '') {
    await client.over(bench.patienceMs(PATIENCE_MS))
    return false
  }
  await client.send(asking)
  const second = await client.response({ forMs: bench.patienceMs(PATIENCE_MS) })
  client.close()
  return second.outcome === 'whole'
}
