import { type Bench, party } from '../bench.js'
import { type Received, request } from '../client.js'
import { experiment, judged, type Verdict } from '../experiment.js'
import { said } from '../said.js'
import { withRealParts } from './hang-real.js'
import { HANG_SHARE, SETTLE_MS, TITLES, tellBelieved, tellPassedOn } from './hang-telling.js'
import { agrees, inMs, RESPONSES_MAX } from './proxies-parts.js'

/** The idle limit that the origin announces and applies, in seconds. */
const TIMEOUT_S = 5

interface Through {
  readonly first: Received
  readonly second: Received
  /** Request heads that the origin received. */
  readonly requests: readonly string[]
}

export const hang = experiment({
  id: 'hang',
  title: said('The dumb proxy', '멍청한 프록시'),
  question: said(
    'An HTTP/1.0 client asks its proxy to keep the connection open. The proxy forwards this wish to the origin without understanding it. The first response arrives at once. What happens to the second request on the same connection?',
    'HTTP/1.0 클라이언트가 커넥션을 유지해 달라고 요청하고, 프록시는 그 헤더를 이해하지 못한 채 그대로 전달한다. 첫 응답은 바로 도착한다. 같은 커넥션으로 보낸 두 번째 요청은 어떻게 될까?',
  ),
  answers: [
    { text: said('It is answered as quickly as the first', '첫 요청만큼 빨리 응답을 받는다') },
    { text: said('The proxy answers it with an error', '프록시가 오류로 응답한다') },
    {
      text: said(
        'It is not read: everyone waits until the idle limit of the origin is over',
        '아무도 읽지 않는다. 원 서버의 제한 시간이 지날 때까지 모두가 기다린다',
      ),
    },
    { text: said('The origin answers it twice', '원 서버가 두 번 응답한다') },
  ],
  watch: said(
    'Follow the field Connection: Keep-Alive on its way to the origin, and the agreement on its way back. Then see who waits for whom.',
    'Connection: Keep-Alive 헤더가 원 서버까지 가는 길과, 동의가 돌아오는 길을 따라가 보라. 그다음 누가 누구를 기다리는지 보라.',
  ),
  lesson: [
    said(
      'The Connection field is about one connection: the one on which it is sent. When a proxy forwards it, two parties make an agreement although no connection joins them. The origin believes that the proxy wants to keep its connection; the client believes that the proxy has agreed.',
      'Connection 헤더는 그것이 전송된 커넥션 하나에 대해서만 말한다. 이것을 그대로 전달하는 프록시는 서로 커넥션도 없는 두 당사자가 합의하게 만든다. 원 서버는 프록시가 커넥션을 유지하려 한다고 믿고, 클라이언트는 프록시가 동의했다고 믿는다.',
    ),
    said(
      'The dumb proxy knows only one way to find the end of a response: the end of the connection. So it waits for the origin to close, while the origin waits for the next request. The second request stays unread in the proxy until the idle limit of the origin breaks the circle.',
      '멍청한 프록시가 아는 응답의 끝은 커넥션의 끝뿐이다. 그래서 프록시는 원 서버가 닫기를 기다리고, 원 서버는 다음 요청을 기다린다. 두 번째 요청은 원 서버의 유휴 제한 시간이 이 순환을 끊을 때까지 읽히지 않은 채 프록시에 남아 있다.',
    ),
    said(
      'A correct proxy removes Connection and every field that it names, and decides for each of its two connections separately whether to keep it.',
      '올바른 프록시는 Connection 헤더와 그 헤더가 지목한 모든 헤더를 제거하고, 두 커넥션을 유지할지 각각 스스로 결정한다.',
    ),
  ],
  change: said(
    'Make the idle limit of the origin longer: the hang lasts exactly that long, because only this limit ends it. Or choose curl and nginx as the client and the origin.',
    '원 서버의 유휴 제한 시간을 늘려 보라. 멈춤은 정확히 그만큼 길어진다. 그것만이 멈춤을 끝내기 때문이다. 또는 양쪽 끝을 curl과 nginx에 맡겨 보라.',
  ),
  references: ['RFC 9112 C.2.2', 'RFC 9110 7.6.1', 'RFC 2068 19.7.1', 'HTTP: The Definitive Guide 4.5'],
  knobs: {
    timeout: {
      kind: 'number',
      label: said('Idle limit of the origin', '원 서버의 유휴 제한 시간'),
      unit: 's',
      min: 1,
      max: 30,
      step: 1,
      standard: TIMEOUT_S,
    },
    parts: {
      kind: 'choice',
      label: said('Client and origin', '클라이언트와 원 서버'),
      choices: {
        own: said("the lab's own", '실험실의 구성 요소'),
        real: said('curl and nginx', 'curl과 nginx'),
      },
      standard: 'own',
    },
  },
  timeMaxMs: 60_000,
  async run(bench, { timeout, parts }) {
    if (parts === 'real') return withRealParts(bench, timeout)
    const [dumb, hopwise] = await Promise.all([through(bench, 'dumb', timeout), through(bench, 'hopwise', timeout)])
    return verdict(bench, timeout, dumb, hopwise)
  },
})

async function through(bench: Bench, kind: 'dumb' | 'hopwise', timeoutS: number): Promise<Through> {
  const scene = bench.scene(kind, TITLES[kind], [party('client'), party(kind), party('origin')])
  const origin = await scene.origin({
    timeoutMs: bench.ms(timeoutS * 1000),
    announceS: timeoutS,
    max: RESPONSES_MAX,
    answer: ({ head, nth }) => {
      if (kind === 'dumb' && nth === 1 && agrees(head)) tellPassedOn(scene)
      return {}
    },
  })
  const proxy = await scene.proxy({ kind, to: origin })
  const client = await scene.client({ to: proxy })
  const get = request('GET / HTTP/1.0', { Host: 'origin', Connection: 'Keep-Alive' })
  scene.step(
    1,
    said('The client asks the proxy to keep the connection.', '클라이언트가 프록시에 커넥션을 유지해 달라고 요청한다.'),
    'client',
  )
  await client.send(get)
  const first = await client.response()
  if (kind === 'dumb' && agrees(first.head)) tellBelieved(scene)
  scene.step(
    5,
    said(
      'The client sends its second request on the same connection.',
      '클라이언트가 같은 커넥션으로 두 번째 요청을 보낸다.',
    ),
    'client',
  )
  await client.send(get)
  const second = await client.response()
  scene.figure('first', said('First response after', '첫 응답까지'), first.tookMs, 'ms')
  scene.figure('second', said('Second response after', '두 번째 응답까지'), second.tookMs, 'ms')
  await scene.untilGoesOn('proxy', SETTLE_MS)
  return { first, second, requests: origin.requests.map(({ head }) => head) }
}

function verdict(bench: Bench, timeoutS: number, dumb: Through, hopwise: Through): Verdict {
  const hungMs = dumb.second.tookMs
  const hung = dumb.second.outcome === 'ended' && hungMs >= bench.ms(timeoutS * 1000) * HANG_SHARE
  const unread = dumb.requests.length === 1
  const well = hopwise.second.outcome === 'whole' && hopwise.requests.length === 2
  return judged(
    hung && unread && well,
    said(
      `Through the dumb proxy the second request hung for ${inMs(hungMs)} ms and was never read; through hopwise it was answered after ${inMs(hopwise.second.tookMs)} ms.`,
      `멍청한 프록시를 거친 두 번째 요청은 ${inMs(hungMs)}ms 동안 멈추었고 아무도 읽지 않았다. hopwise를 거친 요청은 ${inMs(hopwise.second.tookMs)}ms 만에 응답을 받았다.`,
    ),
    said(
      `The hang did not show: the second request through the dumb proxy was ${dumb.second.outcome} after ${inMs(hungMs)} ms.`,
      `멈춤이 나타나지 않았다. 멍청한 프록시를 거친 두 번째 요청은 ${inMs(hungMs)}ms 뒤에 끝났다(${dumb.second.outcome}).`,
    ),
    3,
  )
}
