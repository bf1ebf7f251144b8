import type { Bench } from '../bench.js'
import { experiment, judged, type Verdict } from '../experiment.js'
import { said, yesNo } from '../said.js'
import { counted } from './keep-alive-parts.js'
import { type Kept, kept, type NotKept, notKept, type Without, without } from './keep-alive-scenes.js'

/**
 * The origin closes an idle connection no earlier than this share of its limit: it is never early, and a busy clock is only late.
 */
const IDLE_SHARE = 0.9

export const keepAlive = experiment({
  id: 'keep-alive',
  title: said('Keep-alive in HTTP/1.0+', 'HTTP/1.0+의 keep-alive'),
  question: said(
    'An origin has agreed to keep the connection of an HTTP/1.0 client. The next request on it does not ask for that again. What happens?',
    '원 서버가 HTTP/1.0 클라이언트의 커넥션을 유지하기로 동의했다. 그 커넥션으로 보낸 다음 요청에는 유지해 달라는 헤더가 없다. 어떻게 될까?',
  ),
  answers: [
    { text: said('The connection stays: they have agreed', '이미 동의했으므로 커넥션이 유지된다') },
    { text: said('The request is refused', '요청이 거부된다') },
    { text: said('It is answered, then the connection closes', '응답을 받은 다음 커넥션이 닫힌다') },
    { text: said('The connection closes without an answer', '응답 없이 커넥션이 닫힌다') },
  ],
  watch: said(
    'Read what the client asks and what the origin echoes, and see how max counts down. Wait until the origin closes the idle connection. Then see all the ways in which a connection is not kept.',
    '클라이언트가 무엇을 요청하고 원 서버가 무엇을 되돌려 주는지, max 값이 어떻게 줄어드는지 읽어 보라. 원 서버의 제한 시간이 다할 때까지 기다려 보라. 그다음 커넥션이 유지되지 않는 여러 경우를 보라.',
  ),
  lesson: [
    said(
      'HTTP/1.0 closes the connection after each response. A client that wants to keep it sends Connection: Keep-Alive, and the origin agrees by echoing it, often with Keep-Alive: timeout=5, max=100: how long it will wait, and how many more requests it will accept. On the same connection the next response says max=99. Each request has to ask again, or the origin closes after it.',
      'HTTP/1.0은 응답마다 커넥션을 닫는다. 커넥션을 더 쓰려는 클라이언트는 Connection: Keep-Alive를 보내고, 원 서버는 이 헤더를 되돌려 주어 동의한다. 이때 흔히 Keep-Alive: timeout=5, max=100도 함께 보내 얼마나 기다릴지, 앞으로 요청을 몇 개 더 받을지 알린다. 같은 커넥션의 다음 응답은 max=99를 보낸다. 커넥션을 유지하려면 요청마다 이 헤더를 다시 보내야 하며, 그러지 않으면 원 서버는 응답을 보낸 뒤 커넥션을 닫는다.',
    ),
    said(
      'The timer restarts after each response; when it runs out without any input or output, the origin closes. But timeout and max are hints, not promises, and only a custom of servers: no standard has ever defined a parameter of Keep-Alive (RFC 2068 19.7.1.1). So either side may close at any time, whatever was announced.',
      '타이머는 응답을 보낼 때마다 새로 시작한다. 입출력 없이 시간이 다하면 원 서버가 커넥션을 닫는다. 그러나 timeout과 max는 힌트일 뿐 약속이 아니며, 서버들의 관행이다. Keep-Alive의 매개변수를 정의한 표준은 없다(RFC 2068 19.7.1.1). 그러므로 무엇을 알렸든 어느 쪽이나 언제든지 커넥션을 닫을 수 있다.',
    ),
    said(
      'No echo means no agreement: the client has to expect the end of the connection. After a body without a known length the connection cannot be kept, because the end of the connection is the only end that such a body has. And a Keep-Alive field counts only together with its token in Connection: alone, Keep-Alive: timeout=10, max=20 means nothing, from either side.',
      '되돌려 준 헤더가 없으면 동의한 것이 아니므로, 클라이언트는 커넥션이 끊어진다고 생각해야 한다. 본문의 길이를 알 수 없으면 커넥션을 유지할 수 없다. 커넥션의 끝이 곧 본문의 끝이기 때문이다. 그리고 Keep-Alive 헤더는 Connection 헤더에 같은 토큰이 있을 때만 의미가 있다. 누가 보내든 Keep-Alive: timeout=10, max=20만으로는 아무 뜻이 없다.',
    ),
    said(
      'HTTP/1.1 kept the idea and dropped the field. There, connections persist by default, so no one has to ask, and no proxy can forward a question that it does not understand; the only thing left to say is Connection: close.',
      'HTTP/1.1은 이 발상은 이어받고 헤더는 뺐다. HTTP/1.1에서는 커넥션 유지가 기본이므로 아무도 요청할 필요가 없고, 뜻을 모르는 프록시가 그 요청을 그대로 전달하는 일도 없다. 남은 말은 Connection: close뿐이다.',
    ),
  ],
  change: said(
    'Set timeout to 10 and max to 20: the second response says max=19. Then set max to 2: now the limit closes the connection, long before the timer.',
    'timeout을 10, max를 20으로 해 보라. 두 번째 응답은 max=19를 보낸다. 그다음 max를 2로 해 보라. 이번에는 타이머보다 훨씬 먼저 횟수 제한이 커넥션을 닫는다.',
  ),
  references: ['RFC 2068 19.7.1', 'RFC 9112 9.3', 'RFC 9112 C.2.2', 'HTTP: The Definitive Guide 4.5'],
  knobs: {
    timeout: {
      kind: 'number',
      label: said('Idle limit of the origin (timeout)', '원 서버의 유휴 제한 시간(timeout)'),
      unit: 's',
      min: 2,
      max: 20,
      step: 1,
      standard: 5,
    },
    max: {
      kind: 'number',
      label: said('Further requests that it accepts (max)', '앞으로 더 받는 요청 수(max)'),
      unit: 'count',
      min: 1,
      max: 100,
      step: 1,
      standard: 100,
    },
  },
  timeMaxMs: 120_000,
  async run(bench, { timeout, max }) {
    const scenes = [kept(bench, timeout, max), without(bench, timeout), notKept(bench)] as const
    return verdict(bench, { timeout, max }, await Promise.all(scenes))
  },
})

function verdict(
  bench: Bench,
  { timeout, max }: { timeout: number; max: number },
  [kept, without, notKept]: [Kept, Without, NotKept],
): Verdict {
  const counts = kept.max[0] === max && (max === 1 || kept.max[1] === max - 1)
  const byTimer = kept.idleMs >= bench.ms(timeout * 1000) * IDLE_SHARE && kept.restarted
  const ended = kept.ended === 'fin' && (kept.reached ? kept.responses === max + 1 : byTimer)
  const apart = without.connections === without.responses && without.allEnded
  const surviving = Object.entries(notKept.closed).flatMap(([what, closed]) => (closed ? [] : [what]))
  const why = kept.reached
    ? said('when max was reached', 'max에 이르자 곧바로')
    : said(`${kept.idleMs.toFixed(0)} ms after the last response`, `마지막 응답에서 ${kept.idleMs.toFixed(0)}ms 뒤에`)
  return judged(
    counts && ended && apart && surviving.length === 0,
    said(
      `With keep-alive ${counted(kept.responses, 'response')} came over one connection, which the origin closed ${why.en}; without it each of ${counted(without.responses, 'response')} needed its own connection.`,
      `keep-alive를 쓰자 커넥션 하나로 응답 ${kept.responses}개가 왔고, 원 서버는 ${why.ko} 커넥션을 닫았다. 쓰지 않은 경우에는 응답 ${without.responses}개에 커넥션이 하나씩 필요했다.`,
    ),
    said(
      `The result is not as expected: max counted down: ${yesNo(counts).en}, closed in time: ${yesNo(ended).en}, one connection for each response without keep-alive: ${yesNo(apart).en}, kept although nothing was agreed: ${surviving.join(', ') || 'none'}.`,
      `예상과 달랐다. max 감소: ${yesNo(counts).ko}, 제때 닫힘: ${yesNo(ended).ko}, keep-alive 없이 응답마다 커넥션 하나: ${yesNo(apart).ko}, 동의 없이 유지된 경우: ${surviving.join(', ') || '없음'}.`,
    ),
    3,
  )
}
