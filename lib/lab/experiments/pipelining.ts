import type { Bench } from '../bench.js'
import { experiment, judgedInTime, type Verdict } from '../experiment.js'
import { said } from '../said.js'
import { type Broken, broken, type InOrder, load, type TooSoon, threeAtOnce, tooSoon } from './pipelining-scenes.js'

/** The round trips of a pipeline: its first request is sent alone, all others together. */
const PIPELINED_ROUND_TRIPS = 2

export const pipelining = experiment({
  id: 'pipelining',
  title: said('Several requests in flight', '파이프라인 커넥션'),
  question: said(
    'A client sends GET, POST and GET at once on one connection. The first answer comes, then the connection breaks. The client sends the other two again on a new connection. How often has the order in the POST been placed?',
    '클라이언트가 한 커넥션으로 GET, POST, GET을 한꺼번에 보낸다. 첫 응답이 오고 커넥션이 끊긴다. 클라이언트는 나머지 둘을 새 커넥션으로 다시 보낸다. POST에 담긴 주문은 몇 번 들어갔을까?',
  ),
  answers: [
    { text: said('Once: a request without an answer was not executed', '한 번. 응답이 없었다면 처리되지 않은 것이다') },
    {
      text: said('The client cannot know; here, twice', '클라이언트 쪽에서는 알 수 없다. 여기서는 두 번이다'),
    },
    { text: said('Once: the server recognises the repetition', '한 번. 서버가 반복된 요청을 알아본다') },
    {
      text: said('Never: a broken pipeline is undone as a whole', '한 번도 아니다. 끊긴 파이프라인은 통째로 취소된다'),
    },
  ],
  watch: said(
    'Compare the total times first. Then follow three requests that are sent at once: see in which order their answers come, and what the client knows when only the first answer comes.',
    '먼저 전체 시간을 비교하라. 그다음 한꺼번에 떠난 요청 세 개를 따라가 보라. 응답이 어떤 순서로 오는지, 첫 응답만 왔을 때 클라이언트가 무엇을 아는지 보라.',
  ),
  lesson: [
    said(
      'On a persistent connection a client does not have to wait for one answer before it sends the next request. Over a line with delay this saves a round trip for each request: serial requests wait for the line again and again, pipelined ones wait for it once.',
      '지속 커넥션에서는 응답을 기다리지 않고 다음 요청을 보낼 수 있다. 지연이 있는 회선에서는 요청마다 왕복 시간 한 번이 절약된다. 하나씩 보내면 요청마다 회선에서 기다리지만, 파이프라인으로 보내면 한 번만 기다린다.',
    ),
    said(
      'The answers come in the order of the requests, because nothing in them says which request they belong to. So one slow answer holds up all answers behind it, even if they were ready long ago. HTTP/2 solved this with several streams in one connection, each with its own number.',
      '응답은 요청한 순서대로 온다. 응답에는 어느 요청의 것인지가 적혀 있지 않기 때문이다. 그래서 느린 응답 하나가 그 뒤의 모든 응답을 막는다. 이미 준비된 것도 마찬가지다. 한 커넥션 안에 번호를 붙인 여러 스트림을 두는 것이 해결책이었고, 그것이 HTTP/2의 다중 커넥션이다.',
    ),
    said(
      'A client does not pipeline before it knows that the connection persists: an answer that says close ends the connection, and what was sent after that request is lost. After a connection broke, the first request on the new one is sent alone again.',
      '커넥션이 지속된다는 것을 알기 전에는 파이프라인으로 보내지 않는다. close가 담긴 응답이 오면 커넥션이 끝나고, 그 요청 뒤에 보낸 것은 사라진다. 커넥션이 끊긴 뒤 새 커넥션에서도 첫 요청은 다시 혼자 보낸다.',
    ),
    said(
      'Requests that must not be repeated are never pipelined. When the connection breaks, the client knows which requests were answered, and nothing about the rest: they may have been executed, partly executed, or never read. GET, PUT and DELETE are idempotent and may be sent again. A POST may have been executed without an answer, as the count of the origin shows; if it is repeated, it is executed twice.',
      '반복해서는 안 되는 요청은 결코 파이프라인으로 보내지 않는다. 커넥션이 끊기면 클라이언트는 응답받은 것만 알고 나머지는 전혀 모른다. 처리되었을 수도, 절반만 처리되었을 수도, 읽히지도 않았을 수도 있다. GET, PUT, DELETE는 멱등이므로 다시 보내도 된다. POST는 원 서버가 센 수에서 보듯이 응답 없이 처리되었을 수 있고, 다시 보내면 두 번 처리된다.',
    ),
    said(
      'A server must be able to read pipelined requests; a proxy may forward them one at a time. hopwise does this: it answers in order, and when an origin dies it knows which single request is in doubt.',
      '서버는 파이프라인으로 온 요청을 읽을 수 있어야 하고, 프록시는 그것을 한 번에 하나씩 전달해도 된다. hopwise가 그렇게 한다. 순서대로 응답하고, 원 서버가 죽으면 처리 여부를 알 수 없는 요청이 어느 하나인지 안다.',
    ),
  ],
  change: said(
    'Double the number of requests. One after another they take twice as long; pipelined they hardly take longer.',
    '요청의 수를 두 배로 늘려 보라. 하나씩 보내면 시간이 두 배로 들지만, 파이프라인으로 보내면 거의 늘지 않는다.',
  ),
  references: ['RFC 9112 9.3.2', 'RFC 9112 9.3.1', 'RFC 9112 9.6', 'RFC 9110 9.2.2', 'HTTP: The Definitive Guide 4.6'],
  knobs: {
    count: {
      kind: 'number',
      label: said('Requests', '요청의 수'),
      unit: 'count',
      min: 4,
      max: 20,
      step: 1,
      standard: 6,
    },
    roundTrip: {
      kind: 'number',
      label: said('Round trip of the line', '회선의 왕복 시간'),
      unit: 'ms',
      min: 100,
      max: 800,
      step: 50,
      standard: 300,
    },
  },
  timeMaxMs: 60_000,
  async run(bench, { count, roundTrip }) {
    const [serialMs, pipelinedMs] = await Promise.all([
      load(bench, 'serial', count, roundTrip),
      load(bench, 'pipelined', count, roundTrip),
    ])
    const inOrder = await Promise.all([threeAtOnce(bench, 'direct'), threeAtOnce(bench, 'hopwise')])
    const [everything, idempotent, hopwise, soon] = await Promise.all([
      broken(bench, 'everything'),
      broken(bench, 'idempotent'),
      broken(bench, 'behind'),
      tooSoon(bench),
    ])
    const lineMs = bench.ms(roundTrip * (count - PIPELINED_ROUND_TRIPS))
    return verdict(bench, { count, lineMs, serialMs, pipelinedMs, inOrder, everything, idempotent, hopwise, soon })
  },
})

interface Seen {
  readonly count: number
  /** The additional time that the line alone takes for serial requests. Real ms. */
  readonly lineMs: number
  readonly serialMs: number
  readonly pipelinedMs: number
  readonly inOrder: readonly InOrder[]
  readonly everything: Broken
  readonly idempotent: Broken
  readonly hopwise: Broken
  readonly soon: TooSoon
}

function verdict(
  bench: Bench,
  { count, lineMs, serialMs, pipelinedMs, inOrder, everything, idempotent, hopwise, soon }: Seen,
): Verdict {
  const ordered = inOrder.every(({ came }) => came.join() === '/slow,/second,/third')
  const heldUp = inOrder.every(({ aloneMs, secondMs }) => aloneMs < secondMs)
  const unknown = [everything, idempotent].every(({ statuses }) => statuses.join() === '200,0,0')
  const twice = everything.orders === 2 && idempotent.orders === 1
  const known = hopwise.statuses.join() === '200,502,200' && hopwise.orders === 1
  const lost = soon.outcomes.join() === 'whole,ended,ended' && soon.read === 1
  const ms = (value: number) => value.toFixed(0)
  return judgedInTime(
    {
      certain: ordered && heldUp && unknown && twice && known && lost,
      inTime: pipelinedMs < serialMs,
      tookMs: bench.clock.lost.sumMs,
      hidesMs: lineMs,
    },
    said(
      `${count} requests took ${ms(serialMs)} ms one after another and ${ms(pipelinedMs)} ms pipelined, with all answers in order; when the connection broke, the order had been placed without an answer, and after the repetition it had been placed ${everything.orders} times.`,
      `요청 ${count}개는 하나씩 보내면 ${ms(serialMs)}ms, 파이프라인으로 보내면 ${ms(pipelinedMs)}ms가 걸렸고 응답은 모두 순서대로 왔다. 커넥션이 끊겼을 때 주문은 응답 없이 이미 처리되어 있었고, 다시 보내자 모두 ${everything.orders}번 처리되었다.`,
    ),
    said(
      `Not every effect was seen: ${ms(serialMs)} ms one after another, ${ms(pipelinedMs)} ms pipelined; answers came as ${inOrder.map(({ came }) => came.join(' ')).join(' and ')}; the broken ones had ${everything.statuses.join(' ')} and ${hopwise.statuses.join(' ')}; ${everything.orders} orders were placed.`,
      `모두 나타나지는 않았다. 하나씩 ${ms(serialMs)}ms, 파이프라인으로 ${ms(pipelinedMs)}ms가 걸렸다. 응답의 순서: ${inOrder.map(({ came }) => came.join(' ')).join(', ')}. 끊긴 커넥션의 상태 코드: ${everything.statuses.join(' ')}, ${hopwise.statuses.join(' ')}. 처리된 주문: ${everything.orders}개.`,
    ),
    2,
  )
}
