import type { Bench, Scene } from '../bench.js'
import { experiment, judgedInTime, type Verdict } from '../experiment.js'
import { type Said, said } from '../said.js'
import { type Loaded, loadPage, type Page, type Technique } from './page-load-loader.js'
import { narrowTechniques, sumOf, techniques } from './page-load-techniques.js'

/** SYN, SYN with ACK, ACK (RFC 9293 3.5). */
const HANDSHAKE_PACKETS = 3
/** The time that the narrow line needs for the whole page, unless its width is given. Story ms. */
const NARROW_MS = 4_000
/** On a slower line a page would take minutes. */
const BYTES_PER_S_MIN = 5_000
/**
 * A share of the time that the line itself needs: no load was faster, however many connections shared the line. Clocks are not
 * exact.
 */
const LINE_SHARE = 0.9

export const pageLoad = experiment({
  id: 'page-load',
  title: said('Loading a page', '페이지 불러오기'),
  question: said(
    'A page has four images. A connection takes 1 s to open, an image takes 2 s, and the browser fetches two images at a time. When each image gets its own connection, the page takes 6 s. How long does it take when the connections are kept?',
    '페이지에 이미지가 네 개 있다. 커넥션을 여는 데 1초, 이미지 하나를 받는 데 2초가 걸리고, 브라우저는 한 번에 두 개씩 받는다. 이미지마다 새 커넥션을 열면 6초가 걸린다. 커넥션을 유지하면 얼마나 걸릴까?',
  ),
  answers: [
    { text: said('3 s', '3초') },
    { text: said('4 s', '4초') },
    { text: said('5 s', '5초') },
    { text: said('6 s: the images are not smaller', '6초. 이미지의 크기는 그대로이기 때문이다') },
  ],
  watch: said(
    'Compare the bars: see which part of each is the opening of a connection, and which objects wait for their turn. Then look at the narrow line, where many connections share what one connection had alone.',
    '막대를 비교해 보라. 각 막대에서 커넥션을 여는 부분은 어디이고, 어느 객체가 차례를 기다리는가? 그다음 좁은 회선을 보라. 여러 커넥션이 하나가 쓰던 것을 나누어 쓴다.',
  ),
  lesson: [
    said(
      'Serial loading pays for a connection with every object: four times 1 s + 2 s is 12 s. Two at a time need two rounds of 1 s + 2 s: 6 s. When the connections are kept, only the first round opens them: 1 s + 2 s + 2 s is 5 s; with a single kept connection it is 1 s and four times 2 s, together 9 s.',
      '순차로 받으면 객체마다 커넥션 비용을 치른다. 1초 + 2초가 네 번이면 12초다. 두 개씩 받으면 1초 + 2초가 두 번, 6초다. 커넥션을 유지하면 첫 번째에만 커넥션을 열므로 1초 + 2초 + 2초, 5초다. 지속 커넥션 하나만 쓰면 1초에 2초가 네 번, 9초다.',
    ),
    said(
      'Parallel connections help because waiting times overlap. They do not help on a narrow line: the objects share its width, and the last one arrives no earlier than with one connection. It still feels faster, because all objects appear together. And each connection costs memory at both ends: servers limit their number, browsers open at most about six to one server, and the old rule was two for a client (RFC 2068 8.1.4); today there is no number, only the advice to be conservative (RFC 9112 9.4).',
      '병렬 커넥션이 도움이 되는 까닭은 기다리는 시간이 겹치기 때문이다. 좁은 회선에서는 도움이 되지 않는다. 객체들이 회선의 폭을 나누어 쓰므로, 모두 도착하는 시각은 커넥션 하나일 때와 같다. 그래도 모든 객체가 함께 나타나므로 더 빠르게 느껴진다. 그리고 커넥션마다 양쪽 끝에서 메모리가 든다. 서버는 커넥션 수를 제한하고, 브라우저는 서버 하나에 여섯 개쯤에서 멈추며, 옛 규칙은 클라이언트당 두 개였다(RFC 2068 8.1.4). 오늘날에는 정해진 수 없이 아껴 쓰라는 권고만 있다(RFC 9112 9.4).',
    ),
    said(
      'A kept connection pays off because of site locality: the next request usually goes to the same server as the last one. Each object that needs no new connection saves a handshake of three packets, the wait for it, and the slow start of a new connection. Usually the best choice is both: a few parallel connections, each of them persistent.',
      '지속 커넥션이 이득인 까닭은 사이트 지역성 때문이다. 다음 요청은 대개 바로 앞 요청이 간 곳으로 간다. 새 커넥션이 필요 없는 객체마다 패킷 세 개짜리 핸드셰이크와 그 대기 시간, 그리고 새 커넥션의 느린 시작을 아낀다. 대개 가장 좋은 것은 둘을 합친 방식, 곧 적은 수의 병렬 커넥션을 저마다 지속시키는 것이다.',
    ),
    said(
      'Pipelining sends all requests at once and saves a round trip for each; the answers still come in order, so a slow one holds up all that follow it. After parallel, persistent and pipelined connections the fourth technique is the multiplexed connection (HTTP/2): one connection, with answers mixed in any order. It is not shown here, because no party in this laboratory speaks it; it can be as quick as the pipelined scene, and nothing waits behind a slow answer.',
      '파이프라인은 모든 요청을 한꺼번에 보내 요청마다 왕복 시간을 아낀다. 그래도 응답은 순서대로 오므로, 느린 응답 하나가 뒤의 모든 응답을 막는다. 병렬, 지속, 파이프라인 다음의 네 번째 기법은 다중 커넥션(HTTP/2)이다. 커넥션 하나에서 응답들이 순서에 상관없이 섞여 온다. 이 실험실에는 HTTP/2를 쓰는 쪽이 없어 여기서는 실행하지 않는다. 아무리 빨라도 파이프라인 장면만큼 걸리지만, 느린 응답 뒤에서 기다리는 일은 없다.',
    ),
  ],
  change: said(
    'Give the page twice as many objects: loading them one by one takes twice as long, kept connections pay for the additional rounds but not for opening again, and pipelining takes no longer at all. Then try a round trip of 500 ms, or a narrower line: the more the line is the limit, the less parallel connections help.',
    '객체를 두 배로 늘려 보라. 하나씩 받으면 시간도 두 배가 되고, 지속 커넥션은 늘어난 차례만큼만 더 걸릴 뿐 커넥션을 다시 열지 않으며, 파이프라인은 조금도 더 걸리지 않는다. 그다음 왕복 시간을 500ms로 하거나 회선을 좁혀 보라. 회선이 한계가 될수록 병렬 커넥션의 이득은 줄어든다.',
  ),
  references: [
    'RFC 9112 9.3',
    'RFC 9112 9.3.2',
    'RFC 9112 9.4',
    'RFC 2068 8.1.4',
    'RFC 9293 3.5',
    'RFC 9113 5',
    'HTTP: The Definitive Guide 4.4, 4.5',
  ],
  knobs: {
    objects: number(said('Objects of the page', '페이지의 객체 수'), 'count', [1, 12], 4),
    atATime: number(said('Parallel connections', '병렬 커넥션 수'), 'count', [1, 6], 2),
    connectMs: number(said('Opening a connection takes', '커넥션을 여는 데 걸리는 시간'), 'ms', [0, 2_000, 100], 1_000),
    serverMs: number(
      said('The server needs for an object', '객체 하나의 서버 처리 시간'),
      'ms',
      [0, 3_000, 100],
      2_000,
    ),
    roundTripMs: number(said('Round trip', '왕복 시간'), 'ms', [0, 1_000, 50], 0),
    objectBytes: number(said('Size of an object', '객체의 크기'), 'bytes', [100, 30_000, 100], 10_000),
    bytesPerS: number(
      said('The line carries per second (0: no limit)', '회선의 초당 전송량(0: 제한 없음)'),
      'bytes',
      [0, 1_000_000, 1_000],
      0,
    ),
    work: {
      kind: 'choice',
      label: said('Pipelined requests are processed', '파이프라인 요청의 처리'),
      choices: { together: said('together', '함께'), 'in-turn': said('one after another', '하나씩 차례로') },
      standard: 'together',
    },
  },
  timeMaxMs: 180_000,
  async run(bench, knobs) {
    const page: Page = {
      ...knobs,
      objects: Math.round(knobs.objects),
      objectBytes: Math.round(knobs.objectBytes),
      bytesPerS: knobs.bytesPerS > 0 ? Math.max(knobs.bytesPerS, BYTES_PER_S_MIN) : 0,
    }
    const ways = techniques(Math.round(knobs.atATime))
    const narrowed = narrow(page)
    const [pages, lines] = await Promise.all([
      loadAll(bench, page, ways),
      loadAll(bench, narrowed, narrowTechniques(page.objects)),
    ])
    const lineMs = bench.ms((page.objects * page.objectBytes * 1_000) / narrowed.bytesPerS)
    const shared = [lines.one, lines.many].every(({ totalMs }) => totalMs >= lineMs * LINE_SHARE)
    return verdict(bench, page, ways, { pages, lines, shared })
  },
})

function number(
  label: Said,
  unit: 'count' | 'ms' | 'bytes',
  [min, max, step = 1]: readonly [number, number, number?],
  standard: number,
) {
  return { kind: 'number', label, unit, min, max, step, standard } as const
}

type Ways = ReturnType<typeof techniques>
type NarrowWays = ReturnType<typeof narrowTechniques>
type All<W> = { readonly [N in keyof W]: Loaded }

/** The same page where only the line takes time. */
function narrow(page: Page): Page {
  const bytesPerS = page.bytesPerS || (page.objects * page.objectBytes * 1_000) / NARROW_MS
  return { ...page, connectMs: 0, serverMs: 0, roundTripMs: 0, bytesPerS }
}

/** Runs all techniques at once: each has its own parties. */
async function loadAll<W extends Readonly<Record<string, Technique>>>(
  bench: Bench,
  page: Page,
  ways: W,
): Promise<All<W>> {
  const loaded = await Promise.all(
    Object.entries(ways).map(async ([name, way]) => {
      const one = await loadPage(bench, page, way, scene => tellLine(scene, page))
      tellFigures(one, page, way)
      return [name, one] as const
    }),
  )
  return Object.fromEntries(loaded) as All<W>
}

function tellFigures(loaded: Loaded, page: Page, way: Technique): void {
  const { scene, totalMs, begunMs, opened, openAtOnce, requests } = loaded
  const saved = page.objects - opened
  scene.figure('total', said('The page is complete after', '페이지 완성까지'), totalMs, 'ms')
  if (page.bytesPerS === 0)
    scene.figure('sum', said('As calculated', '계산으로 얻은 시간'), sumOf(page, way) * scene.bench.scale, 'ms')
  scene.figure('begun', said('All objects have begun after', '모든 객체가 나타나기 시작하기까지'), begunMs, 'ms')
  scene.figure('opened', said('Connections opened', '맺은 커넥션'), opened, 'count')
  scene.figure('open-at-once', said('Open at once, at most', '동시에 열린 커넥션(최대)'), openAtOnce, 'count')
  scene.figure('saved', said('Handshakes saved', '아낀 핸드셰이크'), saved, 'count')
  scene.figure(
    'packets',
    said('Packets saved, three for a handshake', '아낀 패킷(핸드셰이크마다 세 개)'),
    saved * HANDSHAKE_PACKETS,
    'count',
  )
  if (opened < requests)
    scene.note(
      said(
        `${requests} requests went to the same server: kept connections profit from site locality.`,
        `요청 ${requests}개가 모두 같은 서버로 갔다. 지속 커넥션은 이러한 사이트 지역성 덕분에 쓸모가 있다.`,
      ),
    )
}

/** Explains the delays that do not come from this machine. */
function tellLine(scene: Scene, { connectMs, bytesPerS, roundTripMs }: Page): void {
  if (connectMs > 0)
    scene.note(
      said(
        `Loopback connects at once, so the client waits ${connectMs} ms, times the scale, before each connection.`,
        `루프백에서는 커넥션이 바로 열린다. 그래서 클라이언트는 커넥션을 열 때마다 먼저 ${connectMs}ms(배율을 곱하기 전의 값)를 기다린다.`,
      ),
      'client',
    )
  if (bytesPerS > 0 || roundTripMs > 0)
    scene.note(
      said(
        `A relay shapes this line: ${bytesPerS > 0 ? `${Math.round(bytesPerS)} bytes` : 'no limit'} per second for all connections together, and a round trip of ${roundTripMs} ms.`,
        `이 회선은 중계기가 조절한다. 모든 커넥션을 합쳐 ${bytesPerS > 0 ? `초당 ${Math.round(bytesPerS)}바이트` : '전송량 제한 없음'}, 왕복 시간 ${roundTripMs}ms다.`,
      ),
    )
}

interface Seen {
  readonly pages: All<Ways>
  readonly lines: All<NarrowWays>
  /** The line limited many connections in the same way as one. */
  readonly shared: boolean
}

/** The answers, in seconds; and the time without keep-alive, as the question says. */
const ANSWERS_S = [3, 4, 5, 6]
const WITHOUT_S = 6

/**
 * Which answer was measured, relative to the load without keep-alive: what this machine adds to one it also adds to the other.
 * Null: the page is not the one in the question, or the machine disturbed the measurement too much.
 */
function answerOf(page: Page, ways: Ways, { parallel, kept }: All<Ways>): number | null {
  const { objects, connectMs, serverMs, roundTripMs, bytesPerS } = page
  const asAsked = objects === 4 && ways.kept.lanes === 2 && connectMs === 1_000 && serverMs === 2_000
  if (!asAsked || roundTripMs > 0 || bytesPerS > 0) return null
  const seconds = Math.round((WITHOUT_S * kept.totalMs) / parallel.totalMs)
  return seconds * 1_000 === sumOf(page, ways.kept) ? ANSWERS_S.indexOf(seconds) + 1 : null
}

function verdict(bench: Bench, page: Page, ways: Ways, { pages, lines, shared }: Seen): Verdict {
  const { serial, parallel, persistent, kept, pipelined } = pages
  const saves =
    page.bytesPerS > 0 || sumOf(page, ways.parallel) === sumOf(page, ways.kept) || parallel.totalMs > kept.totalMs
  const counted =
    serial.opened === page.objects &&
    parallel.opened === page.objects &&
    kept.opened === Math.min(ways.kept.lanes, page.objects) &&
    persistent.opened === 1 &&
    pipelined.opened === 1
  const s = (ms: number) => (ms / bench.scale / 1_000).toFixed(2)
  const ms = (value: number) => Math.round(value)
  return judgedInTime(
    {
      certain: counted && shared && serial.opened > persistent.opened,
      inTime: saves,
      tookMs: bench.clock.lost.sumMs,
      hidesMs: bench.ms(sumOf(page, ways.parallel) - sumOf(page, ways.kept)),
    },
    said(
      `${page.objects} objects, ${ways.parallel.lanes} at a time, took ${s(parallel.totalMs)} s without keep-alive and ${s(kept.totalMs)} s with it (measured ${ms(parallel.totalMs)} ms and ${ms(kept.totalMs)} ms, divided by the scale ${bench.scale}); one after another ${s(serial.totalMs)} s and ${s(persistent.totalMs)} s, pipelined ${s(pipelined.totalMs)} s; and on a narrow line ${lines.many.opened} connections took ${s(lines.many.totalMs)} s, one took ${s(lines.one.totalMs)} s.`,
      `객체 ${page.objects}개를 ${ways.parallel.lanes}개씩 받는 데 커넥션 유지 없이는 ${s(parallel.totalMs)}초, 유지하면 ${s(kept.totalMs)}초가 걸렸다(측정값 ${ms(parallel.totalMs)}ms와 ${ms(kept.totalMs)}ms를 배율(${bench.scale})로 나눈 값). 하나씩 차례로 받으면 ${s(serial.totalMs)}초와 ${s(persistent.totalMs)}초, 파이프라인으로는 ${s(pipelined.totalMs)}초였고, 좁은 회선에서는 커넥션 ${lines.many.opened}개로 ${s(lines.many.totalMs)}초, 하나로 ${s(lines.one.totalMs)}초가 걸렸다.`,
    ),
    said(
      `Keep-alive saved no visible time: ${serial.opened} connections one after another and ${persistent.opened} kept, ${s(parallel.totalMs)} s without and ${s(kept.totalMs)} s with it; on a narrow line ${s(lines.many.totalMs)} s and ${s(lines.one.totalMs)} s.`,
      `커넥션 유지로 아낀 것이 보이지 않았다. 차례로 받을 때 커넥션 ${serial.opened}개, 유지할 때 ${persistent.opened}개였고, 유지 없이 ${s(parallel.totalMs)}초, 유지하면 ${s(kept.totalMs)}초가 걸렸다. 좁은 회선에서는 ${s(lines.many.totalMs)}초와 ${s(lines.one.totalMs)}초였다.`,
    ),
    answerOf(page, ways, pages),
  )
}
