import { experiment, judged, type Verdict } from '../experiment.js'
import { said } from '../said.js'
import { type Fared, lostPosts, queried, racedGets, safePosts } from './pool-scenes.js'

export const pool = experiment({
  id: 'pool',
  title: said('The idle race', '유휴 커넥션의 경쟁 상태'),
  question: said(
    'A proxy keeps a connection to an origin. The origin closes it because it was idle for too long; while the FIN is on its way, the proxy sends a request on this connection. The request is a GET. What should the proxy do?',
    '프록시가 원 서버와 맺은 커넥션을 유지하고 있다. 원 서버는 너무 오래 유휴 상태였던 그 커넥션을 닫고, FIN이 오는 도중에 프록시가 그 커넥션으로 요청을 보낸다. 요청은 GET이다. 프록시는 어떻게 해야 할까?',
  ),
  answers: [
    {
      text: said(
        'Answer 502: the connection to the origin broke',
        '원 서버와 맺은 커넥션이 끊어졌으므로 502로 응답한다',
      ),
    },
    {
      text: said(
        'Send it once more on a new connection, without telling the client',
        '아무에게도 알리지 않고 새 커넥션으로 한 번 더 보낸다',
      ),
    },
    {
      text: said(
        'Send it again until it is answered, whatever the method',
        '메서드와 관계없이 응답을 받을 때까지 다시 보낸다',
      ),
    },
    { text: said('Wait for the rest of the answer', '응답의 나머지를 기다린다') },
  ],
  watch: said(
    'This happens to one request in many thousands. Here the line holds each FIN back until a request has been sent, so it happens to every request. Compare the errors, and look at the POSTs: the origin knows nothing of some, and has executed others.',
    '이 일은 수천 번의 요청 가운데 한 번꼴로 일어난다. 여기서는 요청이 떠날 때까지 FIN을 회선에 붙들어 두어 매번 일어나게 한다. 오류의 수를 비교하고 POST를 보라. 어떤 POST는 원 서버가 알지도 못하고, 어떤 POST는 이미 처리되었다.',
  ),
  lesson: [
    said(
      'Either side may close an idle connection at any time, and the other side cannot know it before the FIN arrives. A request that is sent in the meantime is lost: this is not a fault of the origin or of the client, but still an error for the client, if the proxy simply passes it on.',
      '유휴 커넥션은 어느 쪽이든 언제라도 닫을 수 있고, FIN이 도착하기 전에는 아무도 그것을 알 수 없다. 그 사이에 떠난 요청은 사라진다. 원 서버의 잘못도 클라이언트의 잘못도 아니지만, 프록시가 그대로 전달하면 오류가 된다.',
    ),
    said(
      'Three things together prevent this error. The hint: where the origin says Keep-Alive: timeout, or has been seen to close after a certain time, the proxy closes a second earlier. Liveness: the proxy watches each idle connection, and never uses one again on which a FIN or a byte has arrived. And one safe retry: if the connection was used before, not a byte of an answer came, and the method is idempotent, the proxy sends the request again, once, on a new connection.',
      '세 가지를 함께 쓰면 이 일은 일어나지 않는다. 첫째는 힌트다. 원 서버가 Keep-Alive: timeout으로 알려 주었거나 일정한 시간 뒤에 닫는 것이 관찰되었다면, 프록시가 1초 먼저 닫는다. 둘째는 생존 확인이다. 유휴 커넥션을 지켜보다가 FIN이나 바이트가 온 커넥션은 다시 쓰지 않는다. 셋째는 한 번의 안전한 재시도다. 이미 쓰인 적이 있는 커넥션에서, 응답이 한 바이트도 오지 않았고, 메서드가 멱등일 때, 새 커넥션으로 한 번만 다시 보낸다.',
    ),
    said(
      'A POST is different. A missing answer does not say whether the POST was executed: the proxy sees the same bytes in both cases. If it sent an order again, the order might be placed twice; so it answers 502, and only the client can find out. That is why the hint matters: a request that was not sent on a doubtful connection does not have to be repeated.',
      'POST는 다르다. 응답이 오지 않았다는 사실은 요청이 처리되었는지에 대해 아무것도 알려 주지 않는다. 두 경우에 프록시가 보는 바이트는 똑같다. 다시 보내면 주문이 두 번 들어갈 수 있다. 그래서 클라이언트에 502로 알리고, 확인은 클라이언트에 맡긴다. 힌트가 중요한 까닭이 여기에 있다. 언제 끊길지 모르는 커넥션으로 보내지 않은 요청은 다시 보낼 필요도 없다.',
    ),
    said(
      'Pools of database connections have the same problem and one more tool: a query that changes nothing, such as SELECT 1. Sent now and then, it keeps the connection open, because the server sees traffic, and checks it, because a dead one does not answer. Sent each time before a connection is used, it costs a round trip and still leaves a short moment for the race. An HTTP proxy does not send requests of its own, so it relies on hint and liveness instead.',
      '데이터베이스 커넥션 풀에도 같은 문제가 있고, 수단이 하나 더 있다. SELECT 1처럼 아무것도 바꾸지 않는 쿼리다. 이따금 보내면 서버에는 통신이 있는 것으로 보이므로 커넥션이 유지되고, 죽은 커넥션은 대답하지 않으므로 확인도 된다. 커넥션을 빌려주기 직전에 보내면 매번 왕복 한 번의 비용이 들고, 그래도 경쟁이 일어날 순간은 남는다. HTTP 프록시는 아무도 요구하지 않은 요청을 보내지 않으므로 힌트와 생존 확인에 의지한다.',
    ),
    said(
      'And both kinds of pool give resources back: after a time of silence they close the connection, so that the server can use its memory and its descriptor for others; the next request simply opens a new connection. In a pool that never closes idle connections, the race is only a matter of time.',
      '그리고 둘 다 자원을 돌려준다. 한동안 조용하면 커넥션을 닫아서 서버가 그 메모리와 디스크립터를 다른 곳에 쓸 수 있게 하고, 다음 요청이 오면 커넥션을 새로 연다. 결코 닫지 않는 풀에서는 이 경쟁 상태가 언젠가 문제가 된다.',
    ),
  ],
  change: said(
    'Set the rounds to 1, then to 6: through http-proxy every one of them is an error, through hopwise none. The number of connections to the origin shows what each answer cost.',
    '횟수를 1로, 그다음 6으로 바꿔 보라. http-proxy를 거치면 매번 오류가 나고, hopwise를 거치면 한 번도 나지 않는다. 원 서버와 맺은 커넥션의 수는 응답마다 든 비용을 보여 준다.',
  ),
  references: ['RFC 9112 9.3.1', 'RFC 9112 9.5', 'RFC 9110 9.2.2', 'RFC 2068 19.7.1'],
  knobs: {
    timeout: {
      kind: 'number',
      label: said('Idle limit of the origin', '원 서버의 유휴 제한 시간'),
      unit: 's',
      min: 1,
      max: 4,
      step: 1,
      standard: 2,
    },
    rounds: {
      kind: 'number',
      label: said('Requests after an idle time', '유휴 시간 뒤에 보내는 요청의 수'),
      unit: 'count',
      min: 1,
      max: 6,
      step: 1,
      standard: 3,
    },
  },
  timeMaxMs: 90_000,
  async run(bench, knobs) {
    const [stock, hopwise] = await Promise.all([racedGets(bench, 'stock', knobs), racedGets(bench, 'hopwise', knobs)])
    const [lost, ...safe] = await Promise.all([
      lostPosts(bench, knobs),
      safePosts(bench, 'liveness', knobs),
      safePosts(bench, 'hint', knobs),
      queried(bench, knobs),
    ])
    return verdict(stock, hopwise, lost, safe)
  },
})

function verdict(stock: Fared, hopwise: Fared, lost: Fared & { done: number }, safe: readonly Fared[]): Verdict {
  const raced = stock.crossed === stock.asked && hopwise.crossed === hopwise.asked
  const gets = stock.errors === stock.asked && hopwise.errors === 0
  const posts = lost.errors === lost.asked && lost.done * 2 === lost.asked
  const never = safe.every(({ errors, crossed }) => errors + crossed === 0)
  const { asked: n } = stock
  return judged(
    raced && gets && posts && never,
    said(
      `Of ${n} GETs that crossed a FIN, ${stock.errors} failed through stock http-proxy and ${hopwise.errors} through hopwise; of ${lost.asked} POSTs without an answer the origin had executed ${lost.done}, so none was sent again; with hint or liveness none was lost.`,
      `FIN과 엇갈린 GET ${n}개 가운데 기본 http-proxy를 거친 것은 ${stock.errors}개가, hopwise를 거친 것은 ${hopwise.errors}개가 실패했다. 응답을 받지 못한 POST ${lost.asked}개 가운데 ${lost.done}개는 원 서버가 이미 처리했으므로 아무것도 다시 보내지 않았다. 힌트나 생존 확인이 있으면 하나도 잃지 않았다.`,
    ),
    said(
      `The race was not seen as expected: ${stock.errors} of ${n} GETs failed through stock http-proxy, ${hopwise.errors} through hopwise; ${lost.errors} of ${lost.asked} POSTs had no answer, ${lost.done} were executed; ${safe.reduce((sum, { errors }) => sum + errors, 0)} of the safe ones failed.`,
      `경쟁이 예상대로 나타나지 않았다. GET ${n}개 가운데 기본 http-proxy에서 ${stock.errors}개, hopwise에서 ${hopwise.errors}개가 실패했다. POST ${lost.asked}개 가운데 ${lost.errors}개가 응답을 받지 못했고 ${lost.done}개가 처리되었다. 안전해야 할 요청은 ${safe.reduce((sum, { errors }) => sum + errors, 0)}개가 실패했다.`,
    ),
    2,
  )
}
