import type { Bench, Scene } from '../bench.js'
import { party } from '../bench.js'
import { experiment, judgedInTime, type Verdict } from '../experiment.js'
import { said } from '../said.js'
import { median, quantile, SmallClient, smallOrigin, spoken, type Took, warmUp } from './handshake-parts.js'
import { type SlowStart, slowStart } from './handshake-slow-start.js'

/** Transactions that are shown, of each kind. */
const TOLD = 5
/**
 * A transaction with a handshake takes at least this many times as long as one without, even on loopback with its tiny round
 * trip.
 */
const LONGER_FACTOR = 1.25
/**
 * Enough retransmission timeouts for the window of a silent connection to be small again: the kernel halves it with each. Real
 * ms.
 */
const SILENCE_MS = 1_500
/** The shortest retransmission timeout of Linux: after such a silence a connection begins to forget its window. Real ms. */
const FORGOTTEN_MS = 200
/** A window counts as grown when it is at least this many times as large. */
const GROWN_FACTOR = 4

/** Medians, in real ms. */
interface Medians {
  readonly connect: number
  readonly fresh: number
  readonly kept: number
  /** The range of the middle half of `kept`, although all of them do the same. */
  readonly spread: number
}

export const handshake = experiment({
  id: 'handshake',
  title: said('What a new connection costs', '새 커넥션의 비용'),
  question: said(
    'A small request and its small response use a connection that is opened only for them. How much of the time does opening the connection take?',
    '작은 요청과 작은 응답을 위해 커넥션을 하나 연다. 전체 시간 가운데 커넥션을 여는 데 드는 시간은 얼마나 될까?',
  ),
  answers: [
    {
      text: said('Almost nothing: three packets without content', '거의 들지 않는다. 본문이 없는 패킷 세 개일 뿐이다'),
    },
    { text: said('About a tenth', '10분의 1쯤') },
    { text: said('About half, or more', '절반쯤, 또는 그 이상') },
  ],
  watch: said(
    'Compare the bars: with one connection for each transaction, and with one connection for all of them. Then see how the congestion window of a new connection grows, and with which window a used connection begins.',
    '막대를 비교하라. 트랜잭션마다 커넥션을 열 때와 커넥션 하나로 모두 처리할 때가 어떻게 다른가. 그다음 새 커넥션의 혼잡 윈도가 어떻게 커지는지, 사용하던 커넥션은 어떤 윈도로 시작하는지 보라.',
  ),
  lesson: [
    said(
      'Before the first byte of a request there is a handshake: SYN in one direction, SYN and ACK in the other, and only then the request, with or after the last ACK. That is one round trip without any content; a small request with its response is one more. So the handshake can be half of a small transaction or more; the farther away the server is, the longer the wait. And closing takes packets again.',
      '요청의 첫 바이트보다 먼저 핸드셰이크가 오간다. 한쪽이 SYN을 보내고 다른 쪽이 SYN과 ACK로 답한 다음에야 마지막 ACK와 함께, 또는 그 뒤에 요청이 나간다. 아무 내용도 없는 왕복이 한 번 드는 것이다. 작은 요청과 응답도 왕복 한 번이면 끝난다. 그래서 핸드셰이크는 작은 트랜잭션의 절반 이상을 차지할 수 있고, 닫을 때에도 다시 패킷이 든다. 기다리는 시간은 서버가 멀수록 길다.',
    ),
    said(
      'A new connection does not know how much the path can carry, so it begins carefully: slow start. On Linux, and on most systems today, ten segments may be in flight at first (this is the congestion window: RFC 6928; before that it was two to four, RFC 5681 3.1). Each acknowledged packet allows two more, so the window about doubles with each round trip until a packet is lost.',
      '새 커넥션은 경로가 얼마나 실어 나를 수 있는지 모르므로 조심스럽게 시작한다. 이것이 느린 시작이다. 리눅스를 비롯한 오늘날의 시스템에서 처음에는 세그먼트 10개까지만 전송 중일 수 있고(혼잡 윈도, RFC 6928. 그전에는 2~4개였다, RFC 5681 3.1), 패킷이 하나 확인될 때마다 두 개를 더 보낼 수 있다. 그래서 유실이 일어날 때까지 윈도는 왕복마다 두 배 가까이 커진다.',
    ),
    said(
      'A used connection already has its window. The same content takes fewer round trips on it: a new connection is slower than a used one even after the handshake. But when a connection has been silent for longer than its retransmission timeout, its window should be small again (RFC 5681 4.1): on Linux it is, unless tcp_slow_start_after_idle is switched off.',
      '사용하던 커넥션은 이미 커진 윈도를 가지고 있다. 그래서 같은 본문을 더 적은 왕복으로 보낸다. 핸드셰이크가 끝난 뒤에도 새 커넥션은 사용하던 커넥션보다 느리다. 다만 재전송 제한 시간보다 오래 쉰 커넥션은 윈도를 다시 줄여야 한다(RFC 5681 4.1). 리눅스는 tcp_slow_start_after_idle을 끄지 않는 한 그렇게 한다.',
    ),
    said(
      'Loopback has no distance and no packets of 1500 bytes, and only netem, which is not available everywhere, could delay it. The window is therefore shown in a network namespace whose loopback has an MTU of 1500. There the origin sends what the window allows and waits for the ACKs, as it would have to on a long line; the kernel reports the window (`ss -ti` shows the same value as cwnd). A relay could not show it, because TCP ends at the relay.',
      '루프백에는 거리도, 1500바이트 패킷도 없다. 지연은 netem으로만 만들 수 있는데 어디서나 쓸 수 있는 것은 아니다. 그래서 루프백의 MTU를 1500으로 한 네트워크 네임스페이스에서 윈도를 보인다. 원 서버는 먼 거리의 회선에서처럼 윈도가 허용하는 만큼 보내고 확인응답을 기다린다. 윈도의 크기는 커널이 알려 준다(`ss -ti`의 cwnd와 같다). 중계기에서는 TCP가 끝나고 새로 시작하므로 이것을 보일 수 없다.',
    ),
  ],
  change: said(
    'Let the used connection be silent for 1.5 s before its second transfer: its window is small again, and the round trips are back. A pool that keeps connections always saves the handshake, but not always the slow start.',
    '사용하던 커넥션을 두 번째 전송 전에 1.5초 동안 쉬게 해 보라. 윈도가 다시 작아지고 왕복 횟수가 늘어난다. 커넥션을 유지하는 풀은 핸드셰이크를 아끼지만 느린 시작까지 늘 아끼지는 못한다.',
  ),
  references: ['RFC 9293 3.5', 'RFC 5681 3.1', 'RFC 5681 4.1', 'RFC 6928 2', 'HTTP: The Definitive Guide 4.2.3, 4.2.5'],
  knobs: {
    silence: {
      kind: 'choice',
      label: said(
        'Silence of the used connection before its second transfer',
        '사용하던 커넥션이 두 번째 전송 전에 쉬는 시간',
      ),
      choices: {
        none: said('none', '없음'),
        long: said('1.5 s, not scaled', '1.5초(배율 없음)'),
      },
      standard: 'none',
    },
    transactions: {
      kind: 'number',
      label: said('Transactions', '트랜잭션 수'),
      unit: 'count',
      min: 20,
      max: 300,
      step: 10,
      standard: 60,
    },
    size: {
      kind: 'number',
      label: said('Content for the window to grow', '윈도를 키울 본문의 크기'),
      unit: 'bytes',
      min: 131_072,
      max: 4_194_304,
      step: 65_536,
      standard: 1_048_576,
    },
  },
  timeMaxMs: 120_000,
  async run(bench, { transactions, size, silence }) {
    const medians = await transactBoth(bench, Math.round(transactions))
    const slow = await slowStart(bench, Math.round(size), silence === 'long' ? SILENCE_MS : 0)
    return verdict(bench, medians, slow, silence === 'long')
  },
})

/**
 * The measured transactions are not reported, because reporting takes longer than they do; afterwards a few of each kind are
 * shown.
 */
async function transactBoth(bench: Bench, transactions: number): Promise<Medians> {
  const port = await smallOrigin(bench)
  const took = await measure(bench, port, transactions)
  const medians = {
    connect: median(took.new.map(({ connect }) => connect)),
    fresh: median(took.new.map(({ whole }) => whole)),
    kept: median(took.kept.map(({ whole }) => whole)),
    spread: spread(took.kept.map(({ whole }) => whole)),
  }
  warmUp()
  const each = await show(bench, port, false)
  const all = await show(bench, port, true)
  const transaction = said('Transaction (median)', '트랜잭션(중앙값)')
  each.figure('transaction', transaction, medians.fresh, 'ms')
  all.figure('transaction', transaction, medians.kept, 'ms')
  each.figure('connect', said('Connecting (median)', '커넥션 열기(중앙값)'), medians.connect, 'ms')
  each.figure('share', said('Share of connecting', '커넥션 열기가 차지하는 비율'), share(medians), 'percent')
  const handshakes = said(`Handshakes for ${transactions} transactions`, `트랜잭션 ${transactions}개의 핸드셰이크 수`)
  for (const [scene, of] of [
    [each, took.new],
    [all, took.kept],
  ] as const)
    scene.figure('handshakes', handshakes, of.filter(({ connect }) => connect > 0).length, 'count')
  return medians
}

/** The two kinds of transaction alternate, so that a disturbance affects both. */
async function measure(bench: Bench, port: number, transactions: number): Promise<Record<'new' | 'kept', Took[]>> {
  const separate = new SmallClient(bench, port, false)
  const kept = new SmallClient(bench, port, true)
  const took: Record<'new' | 'kept', Took[]> = { new: [], kept: [] }
  for (let n = 1; n <= transactions; n++) {
    took.new.push(await separate.transact())
    took.kept.push(await kept.transact())
  }
  return took
}

async function show(bench: Bench, port: number, keeps: boolean): Promise<Scene> {
  const parties = [party('client'), party('origin')]
  const scene = keeps
    ? bench.scene('kept', said('One connection for all', '커넥션 하나로 모두'), parties)
    : bench.scene('new', said('One connection for each transaction', '트랜잭션마다 새 커넥션'), parties)
  const once = said(
    'Connect once; then send a request and read the response, again and again.',
    '커넥션을 한 번 연 뒤 요청하고 읽기를 되풀이한다.',
  )
  const always = said(
    'Connect, send a request, read the response, close; and again.',
    '커넥션을 열고, 요청하고, 읽고, 닫는다. 이것을 되풀이한다.',
  )
  scene.step(1, keeps ? once : always, 'client')
  const client = new SmallClient(bench, port, keeps, scene)
  for (let n = 1; n <= TOLD; n++) await client.transact(`${n}`)
  return scene
}

/** The range without the quickest quarter and the slowest quarter. */
function spread(values: readonly number[]): number {
  return quantile(values, 0.75) - quantile(values, 0.25)
}

/** Percent. */
function share({ connect, fresh }: Medians): number {
  return Math.round((connect / fresh) * 100)
}

/** Chosen by the measured share; a share between two answers matches none of them. */
function answerOf(medians: Medians): number | null {
  const percent = share(medians)
  if (percent < 3) return 1
  if (percent >= 5 && percent <= 20) return 2
  return percent >= 35 ? 3 : null
}

function verdict(bench: Bench, medians: Medians, slow: SlowStart | null, silent: boolean): Verdict {
  const { connect, fresh, kept } = medians
  const [whole, of, without] = [spoken(fresh), spoken(connect), spoken(kept)]
  const costs = fresh >= kept * LONGER_FACTOR
  const grew = slow === null || hasGrown(slow, silent)
  const window =
    slow === null
      ? said('Slow start could not be shown on this machine.', '느린 시작은 이 컴퓨터에서 보일 수 없었다.')
      : said(
          `The window of a new connection grew from ${slow.initial} to ${slow.grown} segments in ${slow.newRounds} round trips; the used one began with ${slow.used} and needed ${slow.usedRounds}.`,
          `새 커넥션의 윈도는 왕복 ${slow.newRounds}회 동안 세그먼트 ${slow.initial}개에서 ${slow.grown}개로 커졌다. 사용하던 커넥션은 ${slow.used}개로 시작해 왕복 ${slow.usedRounds}회가 들었다.`,
        )
  const hidden = costs
    ? { tookMs: bench.clock.lost.longestMs, hidesMs: FORGOTTEN_MS }
    : { tookMs: medians.spread, hidesMs: kept * (LONGER_FACTOR - 1) }
  return judgedInTime(
    { certain: slow === null || slow.packets[0] > slow.packets[1], inTime: costs && grew, ...hidden },
    said(
      `With a handshake a small transaction took ${whole} ms, of which connecting took ${of} ms (${share(medians)} %); without a handshake it took ${without} ms. ${window.en}`,
      `핸드셰이크가 있는 작은 트랜잭션은 ${whole}ms가 걸렸고 그중 ${of}ms(${share(medians)}%)는 커넥션을 여는 데 들었다. 핸드셰이크가 없으면 ${without}ms였다. ${window.ko}`,
    ),
    said(
      `The cost of a new connection was not visible: ${whole} ms with a handshake, ${without} ms without. ${window.en}`,
      `새 커넥션의 비용이 나타나지 않았다. 핸드셰이크가 있으면 ${whole}ms, 없으면 ${without}ms였다. ${window.ko}`,
    ),
    answerOf(medians),
  )
}

/** Also checks that a used connection, without a silence in between, begins with the window that it has. */
function hasGrown({ initial, grown, used }: SlowStart, silent: boolean): boolean {
  return grown >= initial * GROWN_FACTOR && (silent || used > initial)
}
