import type { Bench } from '../bench.js'
import { experiment, judged, type Verdict } from '../experiment.js'
import { said, yesNo } from '../said.js'
import { counted } from './keep-alive-parts.js'
import {
  type AfterClose,
  afterClose,
  type Limited,
  limited,
  type Persisted,
  persisted,
  type Versions,
  versions,
} from './persistent-scenes.js'

/** An origin never applies its idle limit early, and a busy clock is only late. */
const IDLE_SHARE = 0.9

export const persistent = experiment({
  id: 'persistent',
  title: said('Persistent connections in HTTP/1.1', 'HTTP/1.1의 지속 커넥션'),
  question: said(
    'An HTTP/1.1 client sends a request without a Connection field, and the response has none, either. What happens to the connection?',
    'HTTP/1.1 클라이언트가 Connection 헤더 없이 요청을 보냈고, 응답에도 Connection 헤더가 없다. 커넥션은 어떻게 될까?',
  ),
  answers: [
    { text: said('It closes: no one asked to keep it', '아무도 유지해 달라고 하지 않았으므로 닫힌다') },
    { text: said('It stays open for the next request', '다음 요청을 위해 열린 채로 남는다') },
    { text: said('It stays open for ever', '영원히 열린 채로 남는다') },
    {
      text: said(
        'The client has to close it before it may ask again',
        '클라이언트가 닫은 다음에야 다시 요청할 수 있다',
      ),
    },
  ],
  watch: said(
    'Look for a field that keeps the connection: there is none. Then count what ends it in the end: the timer, the limit, and close from either side. See also what happens to a request that is sent after a close.',
    '커넥션을 유지해 달라는 말을 찾아보라. 그런 말은 없다. 그런데도 커넥션을 끝내는 것이 무엇인지 세어 보라. 타이머, 횟수 제한, 그리고 어느 쪽이든 보낼 수 있는 close다. close 뒤에 보낸 요청이 어떻게 되는지도 보라.',
  ),
  lesson: [
    said(
      'In HTTP/1.1 a connection persists unless one side says Connection: close. In HTTP/1.0 you ask to keep it; in 1.1 you ask to end it.',
      'HTTP/1.1에서는 누군가 Connection: close를 보내지 않는 한 커넥션이 유지된다. 1.0에서는 유지해 달라고 요청하고, 1.1에서는 끊겠다고 알린다.',
    ),
    said(
      'It still ends: when no request has come for some time, when the origin has answered as many requests as it wants to answer on one connection, or when either side says close. A side that does not say close has promised nothing: the other side must be ready for the end at any time.',
      '그래도 커넥션은 언젠가 끝난다. 한동안 요청이 없거나, 원 서버가 커넥션 하나에서 처리하려던 수만큼 요청을 처리했거나, 어느 쪽이든 close를 보내면 끝난다. close를 보내지 않았다고 해서 무엇을 약속한 것은 아니므로, 상대는 언제든지 커넥션이 끊길 수 있음에 대비해야 한다.',
    ),
    said(
      'After close nothing more may be sent on the connection: a client that has said close sends no further request, and the origin does not act on one. A request that was already on its way when the origin said close is not answered; the client has to send it again on another connection, if it may be repeated at all.',
      'close를 보낸 뒤에는 그 커넥션으로 더 이상 아무것도 보내서는 안 된다. close를 보낸 클라이언트는 다음 요청을 보내지 않고, 원 서버도 다음 요청을 처리하지 않는다. 원 서버가 close를 보낼 때 이미 오고 있던 요청은 응답을 받지 못한다. 클라이언트는 반복해도 되는 요청일 때만 다른 커넥션으로 다시 보낼 수 있다.',
    ),
    said(
      'All this needs messages that say where they end: with a correct Content-Length, or with chunked. A message without either ends only when its connection ends, so that connection cannot persist.',
      '이 모든 것은 메시지가 자신의 끝을 스스로 알릴 때만 가능하다. Content-Length가 정확하거나 청크 인코딩을 써야 한다. 커넥션이 끝나야 끝나는 메시지는 커넥션도 끝낸다.',
    ),
  ],
  change: said(
    'Make the idle limit longer: the quiet connection lives exactly that much longer. Then set the limit of requests to 2: the second response says close.',
    '유휴 제한 시간을 늘려 보라. 조용한 커넥션은 꼭 그만큼 더 오래 열려 있다. 그다음 요청 수 제한을 2로 해 보라. 두 번째 응답이 close를 보낸다.',
  ),
  references: ['RFC 9112 9.3', 'RFC 9112 9.5', 'RFC 9112 9.6', 'RFC 9110 7.6.1', 'HTTP: The Definitive Guide 4.5'],
  knobs: {
    timeout: {
      kind: 'number',
      label: said('Idle limit of the origin', '원 서버의 유휴 제한 시간'),
      unit: 's',
      min: 2,
      max: 20,
      step: 1,
      standard: 3,
    },
    max: {
      kind: 'number',
      label: said('Requests on one connection', '커넥션 하나에서 받는 요청 수'),
      unit: 'count',
      min: 2,
      max: 20,
      step: 1,
      standard: 4,
    },
  },
  timeMaxMs: 90_000,
  async run(bench, { timeout, max }) {
    const [quiet, counting] = await Promise.all([persisted(bench, timeout), limited(bench, max)])
    const [closing, asking] = await Promise.all([afterClose(bench), versions(bench)])
    return verdict(bench, { timeout, max }, { quiet, counting, closing, asking })
  },
})

interface Seen {
  readonly quiet: Persisted
  readonly counting: Limited
  readonly closing: AfterClose
  readonly asking: Versions
}

function verdict(bench: Bench, { timeout, max }: { timeout: number; max: number }, seen: Seen): Verdict {
  const { quiet, counting, closing, asking } = seen
  const silent = quiet.responses === quiet.requests && quiet.connections === 1 && quiet.words === 0
  const timed = quiet.ended === 'fin' && quiet.idleMs >= bench.ms(timeout * 1000) * IDLE_SHARE
  const limit = counting.responses === max && counting.saidCloseAt === max && counting.ended === 'fin'
  const nothingMore = closing.client && closing.origin
  const book = !asking['1.0'] && asking['1.0 keep-alive'] && asking['1.1'] && !asking['1.1 close']
  return judged(
    silent && timed && limit && nothingMore && book,
    said(
      `Without a Connection field ${counted(quiet.responses, 'response')} came over one connection; it ended after ${quiet.idleMs.toFixed(0)} ms of silence, another after ${counted(counting.responses, 'request')}, and no request that was sent after a close was answered.`,
      `아무 말 없이도 커넥션 하나로 응답 ${quiet.responses}개가 왔다. 이 커넥션은 ${quiet.idleMs.toFixed(0)}ms 동안 조용하다가 닫혔고, 다른 하나는 요청 ${counting.responses}개를 처리한 뒤 닫혔으며, close 뒤에 보낸 것은 응답을 받지 못했다.`,
    ),
    said(
      `The result is not as expected: persistent without a Connection field: ${yesNo(silent).en}, ended by the timer: ${yesNo(timed).en}, by the limit: ${yesNo(limit).en}, nothing answered after close: ${yesNo(nothingMore).en}, 1.0 and 1.1 as the standard says: ${yesNo(book).en}.`,
      `예상과 달랐다. 말 없이 유지: ${yesNo(silent).ko}, 타이머로 종료: ${yesNo(timed).ko}, 횟수 제한으로 종료: ${yesNo(limit).ko}, close 뒤 응답 없음: ${yesNo(nothingMore).ko}, 1.0과 1.1의 규칙: ${yesNo(book).ko}.`,
    ),
    2,
  )
}
