import type { Bench, Scene } from '../bench.js'
import { party } from '../bench.js'
import { type Received, request } from '../client.js'
import { experiment, judgedInTime, type Verdict } from '../experiment.js'
import type { LabOrigin } from '../origin.js'
import { type Said, said } from '../said.js'

/** What the origin announces, and what it has sent when it dies. */
const CONTENT_BYTES = 1_000
const SENT_BYTES = 400
const CHUNK_LINE = `${CONTENT_BYTES.toString(16)}\r\n`
/** From the first bytes to the death: the proxy has passed them on by then. */
const LIFE_MS = 500
/** hopwise ends its message within 1 to 2 ms; the patience of the client is much longer. */
const AT_ONCE_SHARE = 0.5
/** In real time: on a busy machine the client must not lose patience before the first bytes have come. */
const PATIENCE_MS_MIN = 800
/** Real ms between two checks whether the origin has died. */
const LOOK_MS = 5

interface Through {
  readonly got: Received
  /** From the origin's death to the end of the client's wait. */
  readonly waitedMs: number
}

type Knobs = { readonly how: 'fin' | 'reset'; readonly framing: 'length' | 'chunked'; readonly patience: number }

export const death = experiment({
  id: 'death',
  title: said('An origin that dies in the middle of the body', '본문을 보내다 죽는 원 서버'),
  question: said(
    `An origin announces ${CONTENT_BYTES} bytes, sends ${SENT_BYTES} of them, and then its process dies: the connection to the proxy ends. The proxy is http-proxy from npm, unchanged. What does the client see?`,
    `원 서버가 ${CONTENT_BYTES}바이트를 보내겠다고 알리고 ${SENT_BYTES}바이트를 보낸 뒤 프로세스가 죽어서, 프록시와 맺은 커넥션이 끝난다. 프록시는 npm에서 받은 그대로의 http-proxy다. 클라이언트에는 무엇이 보일까?`,
  ),
  answers: [
    { text: said('The connection breaks at once', '커넥션이 곧바로 끊긴다') },
    {
      text: said(
        'Nothing: it waits for the rest until it loses patience',
        '아무것도 보이지 않는다. 스스로 포기할 때까지 나머지를 기다린다',
      ),
    },
    { text: said('An answer from the proxy: 502 Bad Gateway', '프록시가 보낸 502 Bad Gateway 응답') },
    {
      text: said(
        'The rest: the proxy asks the origin once more',
        '나머지 본문. 프록시가 원 서버에 다시 요청해서 받아 온다',
      ),
    },
  ],
  watch: said(
    'See how the connection between proxy and origin ends, and what happens on the other connection at that moment: nothing, or an end.',
    '프록시와 원 서버 사이의 커넥션이 어떻게 끝나는지, 그 순간 다른 쪽 커넥션에서 무슨 일이 일어나는지 보라. 아무 일도 없거나, 함께 끝난다.',
  ),
  lesson: [
    said(
      'The old hang came from a field that was passed on; this one comes from an end that is not passed on. http-proxy copies bytes from one connection to the other. When the first connection ends in the middle of a message, the copying stops, and the other side is not told. The client was promised more bytes and has no reason to believe that they will not come, so it waits until its own time limit, if it has one.',
      '옛날의 멈춤은 전달된 헤더 때문에 생겼다. 이 멈춤은 전달되지 않은 끝 때문에 생긴다. http-proxy는 한 커넥션의 바이트를 다른 커넥션으로 복사한다. 메시지 중간에 앞의 커넥션이 끝나면 복사는 멈추지만, 아무도 반대쪽에 알려 주지 않는다. 클라이언트는 나머지를 약속받았고 그것이 오지 않으리라고 볼 이유가 없으므로 계속 기다린다. 자신의 제한 시간이 있다면 그때까지다.',
    ),
    said(
      'The status can no longer be changed: the head with its 200 has already been sent. The proxy can only end the message in a way that the client cannot mistake for its normal end. With Content-Length it closes the connection before all bytes have come; with chunked it leaves out the last chunk; where only the end of the connection ends the message, it resets the connection, because a FIN would mean "complete". hopwise does this as soon as the origin is gone.',
      '상태 코드는 이제 바꿀 수 없다. 헤더는 200과 함께 이미 떠났다. 프록시에 남은 일은, 정상적인 끝으로 오해할 수 없는 방식으로 메시지를 끝내는 것이다. Content-Length가 있으면 길이가 채워지기 전에 커넥션을 닫고, 청크 인코딩이라면 마지막 청크를 보내지 않는다. 커넥션의 끝만이 메시지의 끝을 알리는 경우에는 커넥션을 리셋한다. FIN은 "온전하다"는 뜻이 되기 때문이다. hopwise는 원 서버가 사라진 순간에 그렇게 한다.',
    ),
    said(
      'A client that is told at once can act: show an error, repeat the request where that is safe, or fetch the rest with a range request. An incomplete message must never be stored or used as if it were complete.',
      '곧바로 알게 된 클라이언트는 무언가를 할 수 있다. 오류를 보여 주거나, 안전한 요청이라면 다시 보내거나, 범위 요청으로 나머지를 받을 수 있다. 완전하지 않은 메시지를 온전한 것처럼 저장하거나 사용해서는 안 된다.',
    ),
  ],
  change: said(
    'Let the origin die with a reset. http-proxy notices that one. What happens to the answer then depends on the framing: with Content-Length the connection ends; with chunked the cut answer is ended properly and looks complete.',
    '원 서버가 리셋으로 죽게 해 보라. http-proxy는 이것은 알아차린다. 그다음 응답이 어떻게 되는지는 메시지의 길이를 알리는 방식에 달려 있다. Content-Length라면 커넥션이 끝나고, 청크 인코딩이라면 잘린 응답이 정상적으로 마무리되어 온전한 응답으로 통한다.',
  ),
  references: ['RFC 9112 6.3', 'RFC 9112 8', 'RFC 9110 6.1', 'RFC 9111 3.3'],
  knobs: {
    how: {
      kind: 'choice',
      label: said('How the origin dies', '원 서버가 죽는 방식'),
      choices: { fin: said('its side ends (FIN)', 'FIN으로 끝난다'), reset: said('with a reset', '리셋으로 끊긴다') },
      standard: 'fin',
    },
    framing: {
      kind: 'choice',
      label: said('The length of the body is given by', '본문의 길이를 알리는 방식'),
      choices: { length: said('Content-Length', 'Content-Length'), chunked: said('chunks', '청크') },
      standard: 'length',
    },
    patience: {
      kind: 'number',
      label: said('Patience of the client', '클라이언트가 기다리는 시간'),
      unit: 's',
      min: 1,
      max: 30,
      step: 1,
      standard: 4,
    },
  },
  timeMaxMs: 60_000,
  async run(bench, knobs) {
    const [stock, hopwise] = await Promise.all([through(bench, 'stock', knobs), through(bench, 'hopwise', knobs)])
    return verdict(bench, knobs, stock, hopwise)
  },
})

async function through(bench: Bench, kind: 'stock' | 'hopwise', knobs: Knobs): Promise<Through> {
  const { how, framing, patience } = knobs
  const scene = bench.scene(
    kind,
    kind === 'stock'
      ? said('Through stock http-proxy', '기본 http-proxy를 거쳐서')
      : said('Through hopwise', 'hopwise를 거쳐서'),
    [party('client'), party(kind), party('origin')],
  )
  const lifeMs = bench.ms(LIFE_MS)
  const after = how === 'fin' ? 'leave' : 'reset'
  const stopAfter = SENT_BYTES + (framing === 'chunked' ? CHUNK_LINE.length : 0)
  const origin = await scene.origin({
    answer: () => ({ content: CONTENT_BYTES, stopAfter, framing, after, afterMs: lifeMs }),
  })
  const proxy = await scene.proxy({ kind, to: origin })
  const client = await scene.client({ to: proxy })
  scene.step(1, said('The client asks for a report.', '클라이언트가 보고서를 요청한다.'), 'client')
  await client.send(request('GET /report HTTP/1.1', { Host: 'origin' }))
  const [{ got, overAt }] = await Promise.all([
    client.response({ forMs: patienceOf(bench, patience) }).then(got => ({ got, overAt: bench.now() })),
    tellDeath(scene, origin),
  ])
  scene.step(3, ENDS[got.outcome], 'client')
  const waitedMs = overAt - origin.endedAt
  scene.figure('waited', said('Waited after the death', '원 서버가 죽은 뒤 기다린 시간'), waitedMs, 'ms')
  scene.figure(
    'content',
    said('Bytes of the body that arrived', '도착한 본문의 바이트 수'),
    got.content.length,
    'bytes',
  )
  client.close()
  return { got, waitedMs }
}

/** Real ms. */
function patienceOf(bench: Bench, seconds: number): number {
  return Math.max(PATIENCE_MS_MIN, bench.ms(seconds * 1_000))
}

const DIES = said(
  `The origin dies, with ${SENT_BYTES} of ${CONTENT_BYTES} bytes sent.`,
  `원 서버가 ${CONTENT_BYTES}바이트 가운데 ${SENT_BYTES}바이트를 보내고 죽는다.`,
)
const ENDS: Readonly<Record<Received['outcome'], Said>> = {
  silent: said(
    'The client loses patience. It was still waiting for bytes that would never be sent.',
    '클라이언트가 포기한다. 아무도 보내지 않을 바이트를 끝까지 기다렸다.',
  ),
  truncated: said(
    'The connection ends before the message does: the client knows that it has only a part.',
    '메시지보다 커넥션이 먼저 끝난다. 클라이언트는 일부만 받았다는 것을 안다.',
  ),
  whole: said(
    'The message ends as if it were complete: the client takes a part for the whole.',
    '메시지가 완전한 것처럼 끝난다. 클라이언트는 일부를 전부로 받아들인다.',
  ),
  ended: said('The connection ends without an answer.', '응답 없이 커넥션이 끝난다.'),
  garbage: said('What arrived is not an answer.', '도착한 것은 응답이 아니다.'),
}

async function tellDeath(scene: Scene, origin: LabOrigin): Promise<void> {
  while (Number.isNaN(origin.endedAt)) await scene.bench.sleep(LOOK_MS / scene.bench.scale)
  scene.step(2, DIES, 'origin')
}

function verdict(bench: Bench, { how, patience }: Knobs, stock: Through, hopwise: Through): Verdict {
  const { outcome } = stock.got
  const cut = stock.got.content.length < CONTENT_BYTES
  const hung = outcome === 'silent'
  // http-proxy notices a reset; what happens to the answer then depends on its framing.
  const showed = cut && (hung || outcome === 'whole' || (outcome === 'truncated' && how === 'reset'))
  const atOnceMs = patienceOf(bench, patience) * AT_ONCE_SHARE
  const notSeen = said(
    `No hang: through stock http-proxy the answer was ${outcome} ${ms(stock.waitedMs)} ms after the death, through hopwise ${hopwise.got.outcome} after ${ms(hopwise.waitedMs)} ms.`,
    `멈춤이 없었다. 원 서버가 죽은 뒤, 기본 http-proxy를 거친 응답은 ${ms(stock.waitedMs)}ms 만에(${outcome}), hopwise를 거친 응답은 ${ms(hopwise.waitedMs)}ms 만에(${hopwise.got.outcome}) 끝났다.`,
  )
  return judgedInTime(
    {
      certain: showed && hopwise.got.outcome === 'truncated',
      inTime: hopwise.waitedMs < atOnceMs,
      tookMs: bench.clock.lost.longestMs,
      hidesMs: atOnceMs,
    },
    seenOf(stock, hopwise),
    notSeen,
    // None of the answers says that a cut answer looks complete.
    hung ? 2 : outcome === 'truncated' ? 1 : null,
  )
}

function seenOf({ got, waitedMs }: Through, hopwise: Through): Said {
  const well = said(
    `hopwise ended the message as incomplete ${ms(hopwise.waitedMs)} ms after the death.`,
    `hopwise는 ${ms(hopwise.waitedMs)}ms 만에 메시지를 깨진 것으로 끝냈다.`,
  )
  switch (got.outcome) {
    case 'whole':
      return said(
        `The origin died, and stock http-proxy ended the cut answer as if it were complete; ${well.en}`,
        `원 서버가 죽자 기본 http-proxy는 잘린 응답을 온전한 것처럼 마무리했다. ${well.ko}`,
      )
    case 'truncated':
      return said(
        `The origin died with a reset, which stock http-proxy notices: it also ended the client's connection, ${ms(waitedMs)} ms later; ${well.en}`,
        `원 서버가 리셋으로 죽었다. 기본 http-proxy도 이것은 알아차려 ${ms(waitedMs)}ms 만에 클라이언트의 커넥션을 끝냈다. ${well.ko}`,
      )
    default:
      return said(
        `The origin died, and through stock http-proxy the client waited for another ${ms(waitedMs)} ms and was told nothing; ${well.en}`,
        `원 서버가 죽은 뒤 기본 http-proxy를 거친 클라이언트는 ${ms(waitedMs)}ms를 더 기다렸지만 아무것도 듣지 못했다. ${well.ko}`,
      )
  }
}

function ms(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0)
}
