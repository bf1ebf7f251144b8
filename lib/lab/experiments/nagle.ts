import { setTimeout as delay } from 'node:timers/promises'
import type { Bench, Place, Scene } from '../bench.js'
import { party } from '../bench.js'
import { type LabClient, request } from '../client.js'
import { experiment, judgedInTime, type Verdict } from '../experiment.js'
import type { LabOrigin } from '../origin.js'
import { said } from '../said.js'
import { median, quantile, spoken } from './handshake-parts.js'

const CONTENT = 'name=nagle&year=1984'
/**
 * The longest wait for a proxy to forward a piece; after that the next piece is sent anyway. Real ms in which this machine lets
 * us run.
 */
const PASSED_MS_MAX = 1_000
/** Linux delays an acknowledgement by 40 ms at least, other systems longer; an exchange far below that did not wait for one. */
const HELD_MS_MIN = 20
/** What still counts as "about 40 ms". */
const ACK_MS_MAX = 80
/** A delayed exchange takes at least this many times as long as one without the delay. */
const HELD_FACTOR = 3

/** In this order: what a program does for the first time is slow, and must not look like a wait. */
const HOW = ['nodelay', 'nagle', 'hopwise'] as const
type How = (typeof HOW)[number]

/** Ms from the last write to the response. */
interface Took {
  readonly first: number
  /** The median of the later ones. */
  readonly later: number
  /** The lower quartile: a busy machine makes some exchanges slow, a delayed ACK all of them. */
  readonly quick: number
}

export const nagle = experiment({
  id: 'nagle',
  title: said("Nagle's algorithm and the delayed ACK", '네이글 알고리즘과 확인응답 지연'),
  question: said(
    'A client on the same Linux machine writes the head of a small request, then its content, and then waits for the response. The origin answers at once. How long does one exchange take when the same connection is used again and again?',
    '같은 리눅스 컴퓨터에 있는 클라이언트가 작은 요청의 헤더를 쓰고, 이어서 본문을 쓰고, 응답을 기다린다. 원 서버는 바로 응답한다. 같은 커넥션을 계속 사용할 때 한 번의 교환에 걸리는 시간은 얼마일까?',
  ),
  answers: [
    {
      text: said('Well below a millisecond: nothing is far away', '1ms도 걸리지 않는다. 멀리 있는 것이 없기 때문이다'),
    },
    {
      text: said(
        'About 40 ms: the two ends wait for each other, unless TCP_NODELAY is set',
        '약 40ms가 걸린다. TCP_NODELAY를 설정하지 않으면 양쪽이 서로를 기다린다',
      ),
    },
    { text: said('Twice as long as with one write', '한 번에 쓸 때의 두 배가 걸린다') },
    {
      text: said(
        'About a second: the second write is lost and sent again',
        '약 1초가 걸린다. 두 번째 쓰기가 유실되어 재전송된다',
      ),
    },
  ],
  watch: said(
    'Compare the bars of the exchanges with and without TCP_NODELAY. In the first exchange nothing waits yet: see in which exchange the waiting begins, and who then waits for whom.',
    'TCP_NODELAY를 설정했을 때와 설정하지 않았을 때의 막대를 비교하라. 첫 교환에서는 아무것도 기다리지 않는다. 몇 번째 교환부터 기다리는지, 그때 누가 누구를 기다리는지 보라.',
  ),
  lesson: [
    said(
      "Nagle's algorithm collects small segments: while sent data is not yet acknowledged, new data that does not fill a segment waits. So the head leaves at once, and the content waits for the ACK of the head.",
      '네이글 알고리즘은 작은 세그먼트를 모은다. 보낸 데이터가 아직 확인되지 않았으면, 세그먼트 하나를 채우지 못하는 데이터는 기다린다. 그래서 헤더는 바로 나가지만 본문은 헤더의 확인응답을 기다린다.',
    ),
    said(
      'The delayed ACK holds acknowledgements back for a moment (the standard allows less than half a second, most systems take up to 200 ms), in the hope of piggybacking: soon there may be data in the other direction that can carry the ACK. But the origin has nothing to send before it has the content. One side waits for the ACK, the other for the data, until the ACK timer ends the wait.',
      '확인응답 지연은 확인응답을 잠시 붙잡아 둔다(표준은 0.5초 미만을 허용하고, 대부분의 시스템은 길어야 200ms다). 곧 반대 방향으로 나갈 데이터에 확인응답을 편승시키기 위해서다. 그러나 원 서버는 본문을 받기 전까지 보낼 것이 없다. 한쪽은 확인응답을, 다른 쪽은 데이터를 기다리고, 확인응답 타이머가 끝나야 풀린다.',
    ),
    said(
      'On Linux this takes about 40 ms, from the second exchange on: a new connection acknowledges at once for a while, until the kernel has seen that requests and responses alternate and can carry the ACKs. These 40 ms belong to the kernel: the time scale of the laboratory does not change them.',
      '리눅스에서는 두 번째 교환부터 약 40ms가 걸린다. 새 커넥션은 한동안 바로 확인응답을 보내다가, 요청과 응답이 번갈아 오가므로 확인응답을 편승시킬 수 있다는 것을 커널이 알게 되면 지연을 시작한다. 이 40ms는 커널의 값이므로 실험실의 배율을 바꾸어도 달라지지 않는다.',
    ),
    said(
      'There are two ways out. TCP_NODELAY switches the algorithm off: every write leaves at once, also the many tiny ones of a careless program. Or write each message as one piece: then nothing has to wait. HTTP programs do both.',
      '벗어나는 길은 두 가지다. TCP_NODELAY는 이 알고리즘을 끈다. 모든 쓰기가 바로 나가며, 부주의한 프로그램의 아주 작은 쓰기도 마찬가지다. 또는 메시지를 한 번에 쓴다. 그러면 기다릴 것이 없다. HTTP 프로그램은 두 가지를 모두 쓴다.',
    ),
  ],
  change: said(
    'Write each message as one piece (1 write): Nagle may stay on, and nothing waits. With 3 or 4 writes it is no slower than with 2, because everything that waits leaves together.',
    '메시지를 한 번에 써 보라(쓰기 1회). 네이글 알고리즘이 켜져 있어도 아무것도 기다리지 않는다. 3회나 4회로 나누어 써도 2회보다 느려지지 않는다. 기다리던 데이터가 한꺼번에 나가기 때문이다.',
  ),
  references: [
    'RFC 896',
    'RFC 9293 3.7.4',
    'RFC 9293 3.8.6.3',
    'RFC 1122 4.2.3.2',
    'HTTP: The Definitive Guide 4.2.4, 4.2.6',
  ],
  knobs: {
    writes: {
      kind: 'number',
      label: said('Writes for each message', '메시지당 쓰기 횟수'),
      unit: 'count',
      min: 1,
      max: 4,
      step: 1,
      standard: 2,
    },
    exchanges: {
      kind: 'number',
      label: said('Exchanges', '교환 횟수'),
      unit: 'count',
      min: 4,
      max: 40,
      step: 1,
      standard: 12,
    },
  },
  timeMaxMs: 60_000,
  async run(bench, { exchanges, writes: given }) {
    const writes = Math.round(given)
    const took: Partial<Record<How, Took>> = {}
    // One after another: otherwise each would also measure the work of the others.
    const before = bench.clock.lost.sumMs
    for (const how of HOW) took[how] = await talk(bench, how, exchanges, writes)
    const lostMs = (bench.clock.lost.sumMs - before) / (exchanges * HOW.length)
    return verdict(took as Record<How, Took>, { writes, lostMs })
  },
})

const TITLES = {
  nagle: said("With Nagle's algorithm", '네이글 알고리즘 사용'),
  nodelay: said('With TCP_NODELAY', 'TCP_NODELAY 설정'),
  hopwise: said('Through hopwise, piece by piece', 'hopwise를 거쳐서, 조각을 띄엄띄엄'),
} as const

async function talk(bench: Bench, how: How, exchanges: number, writes: number): Promise<Took> {
  const parties = [party('client'), ...(how === 'hopwise' ? [party('hopwise')] : []), party('origin')]
  const scene = bench.scene(how, TITLES[how], parties)
  const origin = await scene.origin()
  const to: Place = how === 'hopwise' ? await scene.proxy({ kind: 'hopwise', to: origin }) : origin
  const client = await scene.client({ to, noDelay: how !== 'nagle' })
  const pieces = piecesOf(writes)
  const took: number[] = []
  for (let n = 1; n <= exchanges; n++) {
    // The second exchange shows what all later ones do.
    took.push(await exchange({ scene, client, origin, how, tells: n === 2, row: `${n}` }, pieces))
  }
  const [first = 0, ...later] = took
  scene.figure('first', said('First exchange', '첫 교환'), first, 'ms')
  scene.figure('later', said('Later exchanges (median)', '이후의 교환(중앙값)'), median(later), 'ms')
  return { first, later: median(later), quick: quantile(later, 0.25) }
}

interface Exchange {
  readonly scene: Scene
  readonly client: LabClient
  readonly origin: LabOrigin
  readonly how: How
  /** Whether it reports the steps. */
  readonly tells: boolean
  readonly row: string
}

/** @returns real ms from the last write to the response */
async function exchange(
  { scene, client, origin, how, tells, row }: Exchange,
  pieces: readonly string[],
): Promise<number> {
  const began = scene.now()
  let before = origin.received
  for (const [i, piece] of pieces.entries()) {
    if (i > 0 && how === 'hopwise') await arrived(scene, origin, before)
    before = origin.received
    if (tells) tellWrite(scene, how, i, pieces.length)
    await client.send(piece)
    if (i === 0 && how !== 'hopwise' && pieces.length > 1)
      scene.waits('origin', 'client', said('for the rest of the request', '요청의 나머지를 기다린다'))
  }
  const written = scene.now()
  const response = await client.response()
  if (response.outcome !== 'whole') throw new Error(`the response was ${response.outcome}`)
  const answered = scene.now()
  scene.bar({ row, part: 'send', from: began, to: written })
  scene.bar({ row, part: 'wait', from: written, to: answered })
  if (tells) tellEnd(scene, how, answered - written, pieces.length)
  return answered - written
}

/**
 * Resolves when the origin has received more than so many bytes, so that a proxy gets the pieces one by one and has to forward
 * each.
 */
async function arrived({ bench }: Scene, origin: LabOrigin, before: number): Promise<void> {
  const until = bench.clock.now() + PASSED_MS_MAX
  while (origin.received === before && bench.clock.now() < until) await delay(1)
}

/** A POST in so many pieces; the head is the first of them. */
function piecesOf(writes: number): string[] {
  const head = request('POST /form HTTP/1.1', { Host: 'origin', 'Content-Length': `${CONTENT.length}` })
  if (writes === 1) return [head + CONTENT]
  const size = Math.ceil(CONTENT.length / (writes - 1))
  const parts = Array.from({ length: writes - 1 }, (_, i) => CONTENT.slice(i * size, (i + 1) * size))
  return [head, ...parts]
}

function tellWrite(scene: Scene, how: How, nth: number, writes: number): void {
  if (nth > 1) return
  const head = said(
    'The head is written and leaves at once: no other data is in flight.',
    '헤더를 쓴다. 전송 중인 데이터가 없으므로 바로 나간다.',
  )
  const whole = said('The whole message is written at once, and leaves.', '메시지 전체를 한 번에 쓴다. 바로 나간다.')
  const held = said(
    'The content is written. The kernel holds it back: the head is not yet acknowledged.',
    '본문을 쓴다. 헤더가 아직 확인되지 않았으므로 커널이 붙잡아 둔다.',
  )
  const sent = said('The content is written and also leaves at once.', '본문을 쓴다. 이것도 바로 나간다.')
  const first = writes === 1 ? whole : head
  scene.step(nth + 1, nth === 0 ? first : how === 'nagle' ? held : sent, 'client')
}

function tellEnd(scene: Scene, how: How, tookMs: number, writes: number): void {
  const ms = spoken(tookMs)
  const waited = said(
    `The response comes only after ${ms} ms: the origin held its ACK back to send it together with data, but had no data.`,
    `${ms}ms가 지나서야 응답이 온다. 원 서버는 데이터에 편승시키려고 확인응답을 붙잡아 두었지만 보낼 데이터가 없었다.`,
  )
  const atOnce = said(
    `The response arrives after ${ms} ms and carries the ACK of the request.`,
    `${ms}ms 만에 응답이 온다. 요청의 확인응답은 응답에 편승해 왔다.`,
  )
  const n = Math.min(writes, 2) + 1
  scene.step(n, how === 'nagle' && tookMs >= HELD_MS_MIN ? waited : atOnce, how === 'nagle' ? 'origin' : 'client')
}

interface Measured {
  readonly writes: number
  /** The time that the machine itself took in each exchange, on average. Real ms. */
  readonly lostMs: number
}

function verdict({ nagle, nodelay, hopwise }: Record<How, Took>, { writes, lostMs }: Measured): Verdict {
  const held = nagle.later >= HELD_MS_MIN && nagle.later >= nodelay.quick * HELD_FACTOR
  const through = hopwise.quick < HELD_MS_MIN
  // Where nothing is held back, all other delays show: if they are this large, the wait for an ACK does not stand out.
  const busy = { tookMs: Math.max(lostMs, nodelay.quick * HELD_FACTOR), hidesMs: HELD_MS_MIN }
  const [on, off, by] = [spoken(nagle.later), spoken(nodelay.later), spoken(hopwise.later)]
  if (writes === 1)
    return judgedInTime(
      { certain: true, inTime: nagle.quick < HELD_MS_MIN && through, ...busy },
      said(
        `With one write for each message nothing waits: ${on} ms with Nagle's algorithm, ${off} ms with TCP_NODELAY.`,
        `메시지를 한 번에 쓰면 아무것도 기다리지 않는다. 네이글 알고리즘을 사용하면 ${on}ms, TCP_NODELAY를 설정하면 ${off}ms가 걸린다.`,
      ),
      said(
        `Something waited although each message was one write: ${on} ms with Nagle's algorithm, ${off} ms without.`,
        `메시지를 한 번에 썼는데도 무언가가 기다렸다. 네이글 알고리즘을 사용하면 ${on}ms, 사용하지 않으면 ${off}ms가 걸렸다.`,
      ),
      // The question is about a client that writes twice.
      null,
    )
  const from = nagle.first < HELD_MS_MIN ? said('second', '두') : said('first', '첫')
  return judgedInTime(
    { certain: true, inTime: held && through, ...busy },
    said(
      `From the ${from.en} exchange on, the same request took ${on} ms with Nagle's algorithm, ${off} ms with TCP_NODELAY, and ${by} ms through hopwise, which passes each piece on at once.`,
      `${from.ko} 번째 교환부터 같은 요청에 네이글 알고리즘을 사용하면 ${on}ms, TCP_NODELAY를 설정하면 ${off}ms, 조각을 받는 대로 전달하는 hopwise를 거치면 ${by}ms가 걸렸다.`,
    ),
    said(
      `The wait for the ACK was not visible: ${on} ms with Nagle's algorithm, ${off} ms with TCP_NODELAY, ${by} ms through hopwise.`,
      `확인응답을 기다리는 모습이 나타나지 않았다. 네이글 알고리즘 사용 ${on}ms, TCP_NODELAY 설정 ${off}ms, hopwise 경유 ${by}ms였다.`,
    ),
    // Linux delays an ACK by 40 ms, other systems longer, up to 200.
    nagle.later <= ACK_MS_MAX ? 2 : null,
  )
}
