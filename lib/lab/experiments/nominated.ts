import { type Bench, type Place, party, type Scene } from '../bench.js'
import { fieldOf, type Received } from '../client.js'
import { experiment, judged, type Verdict } from '../experiment.js'
import type { LabOrigin, OriginRequest } from '../origin.js'
import type { ProxyChoice } from '../proxies.js'
import { type Said, said } from '../said.js'
import {
  ANSWER_NAMED,
  ANSWER_UNNAMED,
  answerNaming,
  FORGED,
  type FramingField,
  framingRequest,
  IDENTITY,
  isNamed,
  LISTS,
  misread,
  NAMED,
  present,
  UNNAMED,
} from './nominated-parts.js'

/** A pause between two requests, so that they can be distinguished. */
const PAUSE_MS = 300
/** The time that the proxy has to end a connection after `close`. In story time. */
const END_MS_MAX = 2_000
/** After this time no answer will come: the dumb proxy does not understand chunks. Real ms. */
const SILENT_MS = 1_000

type Kind = 'hopwise' | 'dumb' | 'stock'

interface Through {
  /** How many of the fields that the lists name reached the origin, and whether the one that is not named did. */
  readonly named: number
  readonly unnamed: boolean
  /** The same for the answer: whether a cache in the client's place would store a named field. */
  readonly stored: boolean
  readonly answered: boolean
  /** X-Forwarded-For as the origin read it, '' if missing; and whether it is still named. */
  readonly forwardedFor: string
  readonly stillNamed: boolean
  readonly framing: {
    readonly status: number
    readonly arrived: boolean
    readonly intact: boolean
    readonly misread: number
  }
  /** The first two requests reached the origin over one connection, although the client said close. */
  readonly oneConnection: boolean
}

export const nominated = experiment({
  id: 'nominated',
  title: said('What Connection names', 'Connection이 지목하는 것'),
  question: said(
    'A client sends Connection: X-Forwarded-For to a proxy that adds X-Forwarded-For itself. According to the standard, the proxy has to remove every field that Connection names. What does the origin read in X-Forwarded-For?',
    '클라이언트가 Connection: X-Forwarded-For를 프록시에 보낸다. 이 프록시는 스스로 X-Forwarded-For를 추가한다. 표준에 따르면 프록시는 Connection이 지목한 모든 헤더를 제거해야 한다. 원 서버는 X-Forwarded-For에서 무엇을 읽게 될까?',
  ),
  answers: [
    { text: said('Nothing: the client had the field removed', '아무것도 없다. 클라이언트가 제거하게 만들었다') },
    {
      text: said(
        "The client's address, if the proxy first removes and then adds",
        '프록시가 먼저 제거하고 나중에 추가한다면 클라이언트의 주소',
      ),
    },
    { text: said('What the client wrote into it', '클라이언트가 써넣은 값 그대로') },
    { text: said('The address of the proxy', '프록시의 주소') },
  ],
  watch: said(
    'The same three requests go through hopwise, the dumb proxy and stock http-proxy. Compare what arrives at the origin: first the named fields, then X-Forwarded-For, then the request that names a field of its framing.',
    '같은 요청 세 개가 hopwise, 멍청한 프록시, 기본 http-proxy를 거친다. 원 서버에 도착하는 것을 비교하라. 먼저 지목된 헤더, 다음은 X-Forwarded-For, 마지막은 메시지의 경계를 정하는 헤더를 지목한 요청이다.',
  ),
  lesson: [
    said(
      'Connection is a list. It contains names of fields that are meant only for the next hop, private tokens that are not fields at all, and close. There may be several lines, in upper or lower case, with empty members. A proxy that forwards the message removes every field that is named, then Connection itself, in both directions; close is about one connection and no other.',
      'Connection은 목록이다. 다음 홉만을 위한 헤더의 이름, 헤더 이름이 아닌 비표준 토큰, 그리고 close가 담긴다. 여러 줄일 수 있고, 대소문자를 가리지 않으며, 빈 항목이 있을 수 있다. 메시지를 전달하는 쪽은 양방향 모두에서 지목된 헤더를 전부 제거하고 Connection 자체도 제거한다. close는 그 커넥션 하나에 대해서만 말한다.',
    ),
    said(
      'The list can be abused, because it lets a client delete what others have to say. A proxy that first adds X-Forwarded-For and then removes the named fields deletes its own line; a proxy that forwards the list makes the next hop delete it. So remove first, add afterwards.',
      '이것은 악용될 수 있다. 클라이언트가 다른 쪽이 써넣은 헤더를 지우게 할 수 있기 때문이다. X-Forwarded-For를 추가한 뒤에 지목된 헤더를 제거하는 프록시는 자기가 쓴 헤더를 지우고, 목록을 그대로 전달하는 프록시는 다음 홉이 그것을 지우게 만든다. 그러므로 먼저 제거하고 나중에 추가해야 한다.',
    ),
    said(
      'A field that frames or routes the message must never be deleted in this way: without Content-Length or Transfer-Encoding the content becomes the next request, which no one wanted to send. hopwise answers a request that names one of them, or Host, with 400. An end-to-end field such as Cookie is removed, as the standard demands, and counted.',
      '메시지의 경계나 경로를 정하는 헤더는 이런 식으로 지워져서는 안 된다. Content-Length나 Transfer-Encoding이 없어지면 본문이 아무도 보낸 적 없는 다음 요청이 되어 버린다. hopwise는 이들이나 Host를 지목한 요청에 400으로 응답한다. Cookie 같은 종단간 헤더는 표준이 요구하는 대로 제거하고 그 수를 센다.',
    ),
    said(
      'Remove named fields before forwarding and before storing: a cache that keeps a named field would give it to every client that asks later.',
      '전달하기 전에, 그리고 저장하기 전에 제거해야 한다. 지목된 헤더를 저장한 캐시는 나중에 요청하는 모두에게 그것을 내주게 된다.',
    ),
  ],
  change: said(
    'Let http-proxy keep its upstream connections: now it forwards the whole list, and a next hop that obeys it deletes the X-Forwarded-For that http-proxy added.',
    'http-proxy가 업스트림 커넥션을 유지하게 해 보라. 이제 목록 전체를 그대로 전달하므로, 표준을 따르는 다음 홉은 http-proxy가 추가한 X-Forwarded-For를 지우게 된다.',
  ),
  references: ['RFC 9110 7.6.1', 'RFC 9110 5.6.1', 'RFC 9111 3.1', 'RFC 9112 6.3', 'RFC 7239 8.1'],
  knobs: {
    named: {
      kind: 'choice',
      label: said('What the third request names', '세 번째 요청이 지목하는 헤더'),
      choices: {
        'content-length': said('Content-Length', 'Content-Length'),
        'transfer-encoding': said('Transfer-Encoding', 'Transfer-Encoding'),
        host: said('Host', 'Host'),
        cookie: said('Cookie', 'Cookie'),
      },
      standard: 'content-length',
    },
    stock: {
      kind: 'choice',
      label: said('Upstream connections of stock http-proxy', '기본 http-proxy의 업스트림 커넥션'),
      choices: {
        fresh: said('a new one for each request (the default)', '요청마다 새로 연다(기본값)'),
        kept: said('kept, with an agent', '에이전트로 유지한다'),
      },
      standard: 'fresh',
    },
  },
  timeMaxMs: 20_000,
  async run(bench, { named, stock }) {
    const [hopwise, dumb, other] = await Promise.all([
      through(bench, 'hopwise', named, stock === 'kept'),
      through(bench, 'dumb', named, stock === 'kept'),
      through(bench, 'stock', named, stock === 'kept'),
    ])
    return verdict({ hopwise, dumb, stock: other }, named)
  },
})

const TITLES: Readonly<Record<Kind, Said>> = {
  hopwise: said('Through hopwise', 'hopwise를 거쳐서'),
  dumb: said('Through the dumb proxy', '멍청한 프록시를 거쳐서'),
  stock: said('Through stock http-proxy', '기본 http-proxy를 거쳐서'),
}

async function through(bench: Bench, kind: Kind, field: FramingField, kept: boolean): Promise<Through> {
  const scene = bench.scene(kind, TITLES[kind], [party('client'), party(kind), party('origin')])
  const origin = await scene.origin({ answer: answerNaming })
  const proxy = await scene.proxy(choiceOf(kind, origin, kept))
  const lists = await sendLists(scene, proxy, origin)
  await bench.sleep(PAUSE_MS)
  const identity = await sendIdentity(scene, proxy, origin)
  await bench.sleep(PAUSE_MS)
  const framing = await sendFraming(scene, proxy, origin, field)
  const [first, second] = origin.requests
  return { ...lists, ...identity, framing, oneConnection: first?.connection === second?.connection }
}

function choiceOf(kind: Kind, to: LabOrigin, kept: boolean): ProxyChoice {
  if (kind === 'dumb') return { kind, to }
  if (kind === 'hopwise') return { kind, to, options: { xForwarded: true } }
  return { kind, to, xForwarded: true, upstreamKeepAlive: kept }
}

/** One request on its own connection, and what the origin received of it. */
async function exchange(scene: Scene, to: Place, origin: LabOrigin, octets: string, forMs = 0) {
  const before = origin.requests.length
  const client = await scene.client({ to })
  await client.send(octets)
  const received: Received = await client.response(forMs > 0 ? { forMs } : {})
  await client.end(scene.bench.ms(END_MS_MAX))
  client.close()
  const arrived: OriginRequest | undefined = origin.requests[before]
  return { received, arrived }
}

async function sendLists(scene: Scene, to: Place, origin: LabOrigin) {
  scene.step(
    1,
    said(
      'The client lists three fields, a private token and close, in three lines of Connection.',
      '클라이언트가 Connection 세 줄에 헤더 이름 세 개, 비표준 토큰 하나, 그리고 close를 적는다.',
    ),
    'client',
  )
  const { received, arrived } = await exchange(scene, to, origin, LISTS)
  const named = present(arrived?.head ?? '', NAMED).length
  const stored = present(received.head, [ANSWER_NAMED]).length > 0
  scene.step(
    2,
    said(
      `${named} of the ${NAMED.length} named fields reached the origin; the one that the answer names ${stored ? 'reached' : 'did not reach'} the client, and a cache there would ${stored ? '' : 'not '}store it.`,
      `지목된 헤더 ${NAMED.length}개 가운데 ${named}개가 원 서버에 도착했다. 응답이 지목한 헤더는 클라이언트에 ${stored ? '도착했고, 거기 캐시가 있다면 저장할 것이다' : '도착하지 않았고, 거기 캐시가 있어도 저장할 수 없다'}.`,
    ),
    'origin',
  )
  scene.figure('named', said('Named fields that reached the origin', '원 서버에 도착한 지목된 헤더'), named, 'count')
  scene.figure(
    'stored',
    said('Named fields that a cache would store', '캐시가 저장하게 되는 지목된 헤더'),
    stored ? 1 : 0,
    'count',
  )
  const unnamed = present(arrived?.head ?? '', [UNNAMED]).length + present(received.head, [ANSWER_UNNAMED]).length === 2
  return { named, stored, unnamed, answered: received.outcome === 'whole' }
}

async function sendIdentity(scene: Scene, to: Place, origin: LabOrigin) {
  scene.step(
    3,
    said(
      'The client sends its own X-Forwarded-For, and names it.',
      '클라이언트가 자신의 X-Forwarded-For를 보내면서 그것을 지목한다.',
    ),
    'client',
  )
  const { arrived } = await exchange(scene, to, origin, IDENTITY)
  const head = arrived?.head ?? ''
  const forwardedFor = fieldOf(head, 'x-forwarded-for')
  const stillNamed = isNamed(head, 'x-forwarded-for')
  scene.step(
    4,
    said(
      `The origin reads X-Forwarded-For: ${forwardedFor}. ${stillNamed ? 'It is still named: a next hop that obeys deletes it.' : 'It is no longer named.'}`,
      `원 서버가 읽은 값은 X-Forwarded-For: ${forwardedFor}. ${stillNamed ? '여전히 지목되어 있어, 표준을 따르는 쪽은 이것을 지운다.' : '더는 지목되어 있지 않다.'}`,
    ),
    'origin',
  )
  return { forwardedFor, stillNamed }
}

async function sendFraming(scene: Scene, to: Place, origin: LabOrigin, field: FramingField) {
  scene.step(5, said(`The client names ${field}.`, `클라이언트가 ${field} 헤더를 지목한다.`), 'client')
  const forMs = Math.max(SILENT_MS, scene.bench.ms(END_MS_MAX))
  const { received, arrived } = await exchange(scene, to, origin, framingRequest(field), forMs)
  const intact = arrived !== undefined && present(arrived.head, [field]).length > 0
  const lost = arrived === undefined ? 0 : misread(arrived)
  scene.step(6, framingSaid(received, arrived !== undefined, intact), 'proxy')
  scene.figure(
    'status',
    said('Answer to the request that names it', '그것을 지목한 요청에 대한 응답'),
    received.status,
    'count',
  )
  scene.figure(
    'misread',
    said(
      'Content that a next hop would take for another request if it obeyed',
      '다음 홉이 그대로 따른다면 다른 요청으로 읽게 되는 본문',
    ),
    lost,
    'bytes',
  )
  return { status: received.status, arrived: arrived !== undefined, intact, misread: lost }
}

function framingSaid({ outcome, status }: Received, arrived: boolean, intact: boolean): Said {
  if (outcome === 'silent')
    return said(
      'There is no answer: the proxy does not know where the content ends, and forwards none of it.',
      '응답이 없다. 프록시는 본문이 어디에서 끝나는지 알지 못하고 본문을 전혀 전달하지 않는다.',
    )
  if (!arrived) return said(`The proxy refuses it with ${status}.`, `프록시가 거부한다(${status}).`)
  return intact
    ? said(`The field goes through, and the answer is ${status}.`, `헤더가 그대로 통과한다(응답 ${status}).`)
    : said(
        `The request goes through without the field, and the answer is ${status}.`,
        `헤더가 제거된 채 요청이 통과한다(응답 ${status}).`,
      )
}

function verdict({ hopwise, dumb, stock }: Record<Kind, Through>, field: FramingField): Verdict {
  const everywhere = [hopwise, dumb, stock].every(({ answered, unnamed }) => answered && unnamed)
  const { framing } = hopwise
  const safe =
    field === 'cookie' ? framing.status === 200 && !framing.intact : framing.status === 400 && !framing.arrived
  const right =
    hopwise.named === 0 &&
    !hopwise.stored &&
    hopwise.oneConnection &&
    hopwise.forwardedFor === '127.0.0.1' &&
    !hopwise.stillNamed
  const wrong = dumb.named === NAMED.length && dumb.stored && dumb.forwardedFor === FORGED && dumb.stillNamed
  const n = NAMED.length
  const read = [hopwise, dumb, stock].map(({ forwardedFor }) => `"${forwardedFor}"`).join(', ')
  const answered = (none: string) => [hopwise, dumb, stock].map(each => each.framing.status || none).join(', ')
  const answers = said(answered('not at all'), answered('응답 없음'))
  return judged(
    everywhere && right && safe && wrong,
    said(
      `Of ${n} named fields ${hopwise.named} passed through hopwise, ${dumb.named} through the dumb proxy and ${stock.named} through stock http-proxy; in the same order the origin read X-Forwarded-For ${read}, and the request that named ${field} was answered ${answers.en}.`,
      `지목된 헤더 ${n}개 가운데 hopwise는 ${hopwise.named}개, 멍청한 프록시는 ${dumb.named}개, 기본 http-proxy는 ${stock.named}개를 통과시켰다. 같은 순서로 원 서버가 읽은 X-Forwarded-For의 값은 ${read}, ${field} 헤더를 지목한 요청의 응답은 ${answers.ko}이다.`,
    ),
    said(
      `The result is not as expected: ${hopwise.named}, ${dumb.named} and ${stock.named} named fields passed, the origin read X-Forwarded-For ${read}, and the request that named ${field} was answered ${answers.en}.`,
      `예상과 다르게 진행되었다. 지목되었는데도 통과한 헤더는 각각 ${hopwise.named}개, ${dumb.named}개, ${stock.named}개, 원 서버가 읽은 X-Forwarded-For의 값은 ${read}, ${field} 헤더를 지목한 요청의 응답은 ${answers.ko}이다.`,
    ),
    2,
  )
}
