import type { Bench, Scene } from '../bench.js'
import { party } from '../bench.js'
import { experiment, judged, type Verdict } from '../experiment.js'
import { Namespace } from '../namespace.js'
import { said } from '../said.js'
import { KeptConnection } from './tcp-keepalive-parts.js'

/** Seconds of the kernel, and a number of probes. */
interface Settings {
  readonly time: number
  readonly interval: number
  readonly probes: number
  /** About the number of retransmissions before the kernel gives up: tcp_retries2. */
  readonly retries: number
}

interface Vanished {
  /** Ms until the origin was told; null: it was not. */
  readonly withoutMs: number | null
  /** Its kernel still considers the connection established. */
  readonly stillStands: boolean
  readonly probedMs: number | null
  readonly probes: number
  readonly dataMs: number | null
  readonly retransmits: number
}

interface Alive {
  readonly probes: number
  /** None was left unanswered. */
  readonly answered: boolean
  readonly closedMs: number
}

export const tcpKeepalive = experiment({
  id: 'tcp-keepalive',
  title: said('TCP keep-alive is not HTTP keep-alive', 'TCP keep-alive와 HTTP keep-alive'),
  question: said(
    'A connection is idle, and the network of the client fails: there is no FIN and no reset. The server has not switched on TCP keep-alive and has nothing to send. When does it notice?',
    '유휴 커넥션에서 클라이언트의 네트워크가 끊긴다. FIN도 리셋도 오지 않는다. 서버는 TCP keep-alive를 켜지 않았고 보낼 데이터도 없다. 서버는 언제 알게 될까?',
  ),
  answers: [
    { text: said('At once: its kernel sees that the peer is gone', '바로 안다. 상대가 사라진 것을 커널이 감지한다') },
    { text: said('After some 15 minutes of retransmission', '약 15분 동안 재전송한 뒤에 안다') },
    { text: said('After two hours', '두 시간 뒤에 안다') },
    { text: said('Never', '결코 알지 못한다') },
  ],
  watch: said(
    'Three clients vanish at the same moment. See which of the three connections the origin still believes in at the end, and how it learned that the other two were dead. In the fourth scene the client is alive: see who ends that connection. The seconds belong to the kernel and are not scaled.',
    '세 클라이언트가 동시에 사라진다. 원 서버가 끝까지 살아 있다고 믿는 커넥션은 어느 것인지, 나머지 둘은 어떻게 드러나는지 보라. 네 번째 장면의 클라이언트는 살아 있다. 그 커넥션은 누가 끝내는지 보라. 여기서 초는 커널의 값이며 배율을 곱하지 않는다.',
  ),
  lesson: [
    said(
      'TCP sends nothing when there is nothing to send. A peer that vanished without a FIN (power failure, cable, a firewall that forgot the connection) therefore leaves an idle zombie: a connection that exists in only one kernel, for ever, with its memory and its place in a pool. Data in flight reveals it: data that is not acknowledged is sent again, each time after twice as long, until the kernel gives up (on Linux tcp_retries2, by default 15: after some 15 minutes).',
      'TCP는 보낼 것이 없으면 아무것도 보내지 않는다. 그래서 FIN 없이 사라진 상대(정전, 빠진 케이블, 커넥션을 잊은 방화벽)는 유휴 좀비 커넥션을 남긴다. 한쪽 커널에만 남아 메모리와 풀의 자리를 영원히 차지하는 커넥션이다. 전송 중인 데이터가 있으면 드러난다. 확인되지 않은 데이터는 간격을 두 배씩 늘려 재전송되고, 커널은 결국 포기한다(리눅스에서는 tcp_retries2의 기본값이 15이고, 약 15분 뒤다).',
    ),
    said(
      'TCP keep-alive finds the zombie without data. By default, the standard asks for at least two hours of silence (RFC 1122 4.2.3.6), and it leaves the rest to the system. On Linux tcp_keepalive_time (7200 s) is how long a connection must be silent before the first probe, tcp_keepalive_intvl (75 s) is the time between unanswered probes, and tcp_keepalive_probes (9) is how many of them may remain unanswered: by default 7200 + 9 × 75 s, more than two hours and eleven minutes. A living peer answers a probe, and the time starts again.',
      'TCP keep-alive는 데이터 없이도 이것을 찾아낸다. 표준은 기본값으로 적어도 두 시간의 침묵을 요구하고(RFC 1122 4.2.3.6) 나머지는 시스템에 맡긴다. 리눅스에서 tcp_keepalive_time(7200초)은 첫 프로브를 보내기까지 커넥션이 조용해야 하는 시간, tcp_keepalive_intvl(75초)은 응답 없는 프로브 사이의 간격, tcp_keepalive_probes(9)는 응답이 없어도 되는 프로브의 수다. 기본값으로는 7200 + 9 × 75초, 곧 두 시간 11분이 넘게 걸린다. 살아 있는 상대는 프로브에 응답하고, 그러면 시간을 처음부터 다시 잰다.',
    ),
    said(
      'It is off until a program asks for it (SO_KEEPALIVE). In Node, socket.setKeepAlive(true, ms) sets only the first delay on Node 20 and 22 (the interval is then 1 s, the number of probes 10: with a delay of 1 s a zombie is found after about 11 s); later releases of Node 24 take interval and count, too. A delay of 0 leaves all three as the kernel has them.',
      '프로그램이 요청하지 않으면(SO_KEEPALIVE) 꺼져 있다. Node 20과 22의 socket.setKeepAlive(true, ms)는 첫 지연만 정한다(간격은 1초, 프로브는 10개로 고정되므로 지연이 1초이면 좀비를 약 11초 뒤에 찾는다). Node 24의 이후 릴리스는 간격과 횟수도 받는다. 지연을 0으로 주면 세 값 모두 커널의 설정을 따른다.',
    ),
    said(
      'The two share only a name. TCP keep-alive checks the peer: the kernel asks "are you there?". HTTP keep-alive keeps the connection: the application says "do not close, more may come", and its idle limit closes even a connection whose peer answered every probe.',
      '둘은 이름만 같다. TCP keep-alive는 상대를 검사한다. 커널이 "거기 있는가?"라고 묻는다. HTTP keep-alive는 커넥션을 유지한다. 애플리케이션이 "닫지 말라, 요청이 더 있을 수 있다"라고 말한다. HTTP의 유휴 제한 시간이 지나면 상대가 모든 프로브에 응답했더라도 커넥션은 닫힌다.',
    ),
    said(
      'Who keeps alive, with what, and why? HTTP: the application, with Connection and an idle limit, so that the next request needs no handshake; one hop. TCP: the kernel, with empty probes, to find dead peers; one hop. WebSocket: the application, with ping and pong, to find dead peers and to stay within the idle limits on the way; end to end. Database pool: the application, with a query now and then, to check a connection and to keep it open; end to end.',
      '누가, 무엇으로, 왜 유지하는가. HTTP: 애플리케이션이 Connection 헤더와 유휴 제한 시간으로, 다음 요청에 핸드셰이크가 없도록 유지한다(홉 하나). TCP: 커널이 빈 프로브로, 죽은 상대를 찾는다(홉 하나). 웹소켓: 애플리케이션이 핑과 퐁으로, 죽은 상대를 찾고 중간의 유휴 제한에 걸리지 않게 한다(종단간). 데이터베이스 풀: 애플리케이션이 이따금 쿼리를 보내 커넥션을 검사하고 유지한다(종단간).',
    ),
  ],
  change: said(
    'Change time, interval or probes: the zombie is found after time + probes × interval, exact to the second. Without keep-alive nothing changes, however long you wait.',
    '대기 시간, 간격, 프로브 수를 바꾸어 보라. 좀비는 대기 시간 + 프로브 수 × 간격이 지나면 초 단위까지 정확하게 발견된다. keep-alive가 없으면 아무리 기다려도 달라지지 않는다.',
  ),
  references: ['RFC 9293 3.8.4', 'RFC 1122 4.2.3.6', 'RFC 9293 3.8.3', 'RFC 6298 5', 'RFC 9112 9.3', 'RFC 6455 5.5.2'],
  knobs: {
    time: {
      kind: 'number',
      label: said('tcp_keepalive_time (not scaled)', 'tcp_keepalive_time(배율 없음)'),
      unit: 's',
      min: 1,
      max: 3,
      step: 1,
      standard: 1,
    },
    interval: {
      kind: 'number',
      label: said('tcp_keepalive_intvl (not scaled)', 'tcp_keepalive_intvl(배율 없음)'),
      unit: 's',
      min: 1,
      max: 2,
      step: 1,
      standard: 1,
    },
    probes: {
      kind: 'number',
      label: said('tcp_keepalive_probes', 'tcp_keepalive_probes'),
      unit: 'count',
      min: 1,
      max: 3,
      step: 1,
      standard: 2,
    },
    retries: {
      kind: 'number',
      label: said('tcp_retries2', 'tcp_retries2'),
      unit: 'count',
      min: 1,
      max: 3,
      step: 1,
      standard: 1,
    },
  },
  // The kernel's seconds are not scaled: even with the smallest scale there must be time for the longest settings.
  timeMaxMs: 400_000,
  async run(bench, { time, interval, probes, retries }) {
    const settings = {
      time: Math.round(time),
      interval: Math.round(interval),
      probes: Math.round(probes),
      retries: Math.round(retries),
    }
    const sysctls = {
      tcp_keepalive_time: settings.time,
      tcp_keepalive_intvl: settings.interval,
      tcp_keepalive_probes: settings.probes,
      tcp_retries2: settings.retries,
    }
    const [gone, here] = await Promise.all([Namespace.open(bench, { sysctls }), Namespace.open(bench, { sysctls })])
    const [vanished, alive] = await Promise.all([vanish(bench, gone, settings), live(bench, here, settings)])
    return verdict(settings, vanished, alive)
  },
})

/** The time after which the last probe counts as unanswered. Ms. */
function foundAfter({ time, interval, probes }: Settings): number {
  return (time + probes * interval) * 1_000
}

async function vanish(bench: Bench, namespace: Namespace, settings: Settings): Promise<Vanished> {
  const set = (id: string, title: ReturnType<typeof said>) => bench.scene(id, title, [party('client'), party('origin')])
  const scenes = [
    set('without', said('Idle, without keep-alive', '유휴, keep-alive 없음')),
    set('probed', said('Idle, with TCP keep-alive', '유휴, TCP keep-alive 사용')),
    set('data', said('Data in flight', '전송 중인 데이터')),
  ] as const
  const without = await KeptConnection.open(scenes[0], namespace, false)
  const probed = await KeptConnection.open(scenes[1], namespace, true)
  const data = await KeptConnection.open(scenes[2], namespace, false)
  await data.ask()
  await namespace.loopbackDown()
  for (const { scene } of [without, probed, data]) tellVanishing(scene)
  data.scene.step(
    2,
    said('The origin sends the response to a client that is gone.', '원 서버가 사라진 상대에게 응답을 보낸다.'),
    'origin',
  )
  data.answerInVain()
  // Twice as long as it should take, plus what a busy machine may need.
  const patienceMs = foundAfter(settings) * 2 + 8_000
  const [probes, retransmits] = await Promise.all([watchProbed(probed, patienceMs), watchData(data, patienceMs)])
  const stillStands = (await without.kernel())?.established === true
  if (stillStands) tellZombie(without)
  return {
    withoutMs: without.end?.afterMs ?? null,
    stillStands,
    probedMs: timedOut(probed),
    probes,
    dataMs: timedOut(data),
    retransmits,
  }
}

function tellVanishing(scene: Scene): void {
  scene.step(
    1,
    said(
      'The client vanishes: the loopback of this network namespace is down. Nothing arrives any more, and no one is told.',
      '클라이언트가 사라진다. 이 네트워크 네임스페이스의 루프백을 내렸기 때문이다. 더는 아무것도 도착하지 않고, 아무도 그 사실을 통보받지 못한다.',
    ),
    'client',
  )
}

/** @returns how many probes the kernel sent in vain */
async function watchProbed(probed: KeptConnection, patienceMs: number): Promise<number> {
  const { scene } = probed
  const probes = await probed.watch(patienceMs, await probed.probes(), nth =>
    scene.step(
      nth + 1,
      said(`The kernel sends probe ${nth}: no answer.`, `커널이 프로브 ${nth}번을 보낸다. 응답이 없다.`),
      'origin',
    ),
  )
  const foundMs = timedOut(probed)
  if (foundMs === null) return probes
  probed.givenUp(said(`${times('probe', probes)} not answered`, `프로브 ${probes}개에 응답이 없었다`))
  scene.step(probes + 2, found(foundMs), 'origin')
  scene.figure('found', said('The origin knew after', '원 서버가 알게 되기까지'), foundMs, 'ms')
  scene.figure('probes', said('Unanswered probes', '응답 없는 프로브'), probes, 'count')
  return probes
}

/** @returns how often the kernel sent the response again */
async function watchData(data: KeptConnection, patienceMs: number): Promise<number> {
  const { scene } = data
  const retransmits = await data.watch(
    patienceMs,
    () => data.retransmits(),
    nth =>
      scene.step(
        nth + 2,
        said(`No ACK came: retransmission ${nth}.`, `확인응답이 오지 않는다. ${nth}번째 재전송이다.`),
        'origin',
      ),
  )
  const foundMs = timedOut(data)
  if (foundMs === null) return retransmits
  data.givenUp(
    said(`${times('retransmission', retransmits)} not acknowledged`, `재전송 ${retransmits}번에 확인응답이 없었다`),
  )
  scene.step(retransmits + 3, found(foundMs), 'origin')
  scene.figure('found', said('The origin knew after', '원 서버가 알게 되기까지'), foundMs, 'ms')
  scene.figure('retransmits', said('Retransmissions', '재전송'), retransmits, 'count')
  return retransmits
}

function found(ms: number) {
  return said(
    `After ${seconds(ms)} s its kernel gives up and tells the origin: ETIMEDOUT.`,
    `${seconds(ms)}초 뒤 커널이 포기하고 원 서버에 알린다: ETIMEDOUT.`,
  )
}

function tellZombie({ scene, silentMs }: KeptConnection): void {
  scene.step(
    2,
    said(
      'The origin knows nothing: its kernel considers the connection established. It is a zombie for as long as no data is sent.',
      '원 서버는 아무것도 모른다. 커널에게 이 커넥션은 살아 있다. 아무도 보내지 않는 한 계속 남는 좀비 커넥션이다.',
    ),
    'origin',
  )
  scene.figure('unnoticed', said('Unnoticed until the end, for', '끝까지 알지 못한 시간'), silentMs, 'ms')
}

function timedOut({ end }: KeptConnection): number | null {
  return end?.code === 'ETIMEDOUT' ? end.afterMs : null
}

/** The peer is present and its kernel answers each probe; the connection still ends, because HTTP has its own limit. */
async function live(bench: Bench, namespace: Namespace, { time }: Settings): Promise<Alive> {
  const scene = bench.scene('alive', said('The peer lives', '상대가 살아 있다'), [party('client'), party('origin')])
  const kept = await KeptConnection.open(scene, namespace, true)
  const idleMs = (2 * time + 0.5) * 1_000
  scene.step(
    1,
    said(
      `The connection is idle. The origin's HTTP idle limit is ${seconds(idleMs)} s.`,
      `커넥션이 유휴 상태다. 원 서버의 HTTP 유휴 제한 시간은 ${seconds(idleMs)}초다.`,
    ),
    'origin',
  )
  const probes = await kept.watch(idleMs, await kept.probes(), nth =>
    scene.step(
      nth + 1,
      said(
        `The kernel sends probe ${nth}, and the client's kernel answers: the peer is there.`,
        `커널이 프로브 ${nth}번을 보내고 클라이언트의 커널이 응답한다. 상대가 있다.`,
      ),
      'origin',
    ),
  )
  const answered = (await kept.kernel())?.unansweredProbes === 0
  scene.step(
    probes + 2,
    said(
      'The origin still closes: TCP checked the peer, but HTTP decides how long a connection is kept.',
      '그래도 원 서버는 커넥션을 닫는다. TCP는 상대를 검사했을 뿐, 커넥션을 얼마나 유지할지는 HTTP가 결정한다.',
    ),
    'origin',
  )
  await kept.close()
  const closedMs = kept.end?.code === '' ? kept.end.afterMs : Number.POSITIVE_INFINITY
  scene.figure('answered', said('Answered probes', '응답받은 프로브'), probes, 'count')
  scene.figure('closed', said('Closed by HTTP after', 'HTTP가 닫기까지'), closedMs, 'ms')
  return { probes, answered, closedMs }
}

function times(word: string, n: number): string {
  return `${n} ${word}${n === 1 ? '' : 's'}`
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1)
}

function verdict(settings: Settings, vanished: Vanished, alive: Alive): Verdict {
  const { withoutMs, stillStands, probedMs, probes, dataMs, retransmits } = vanished
  const unnoticed = withoutMs === null && stillStands
  const probed = probedMs !== null && probes >= 1 && probedMs >= foundAfter(settings) * 0.95
  const sentAgain = dataMs !== null && retransmits >= 1
  const lived = alive.probes >= 1 && alive.answered && Number.isFinite(alive.closedMs)
  const [byProbes, byData] = [seconds(probedMs ?? 0), seconds(dataMs ?? 0)]
  const [p, r, u, l] = [probed, sentAgain, unnoticed, lived].map(it => (it ? said('yes', '예') : said('no', '아니요')))
  return judged(
    unnoticed && probed && sentAgain && lived,
    said(
      `The vanished peer was found after ${byProbes} s by ${times('probe', probes)}, after ${byData} s by ${times('retransmission', retransmits)}, and not at all where the connection was idle without keep-alive; the living peer answered ${times('probe', alive.probes)}, and HTTP still closed its connection.`,
      `사라진 상대는 프로브 ${probes}개로 ${byProbes}초 뒤에, 재전송 ${retransmits}번으로 ${byData}초 뒤에 드러났고, keep-alive 없는 유휴 커넥션에서는 끝까지 드러나지 않았다. 살아 있는 상대는 프로브 ${alive.probes}개에 응답했지만 HTTP는 그 커넥션을 닫았다.`,
    ),
    said(
      `Not every effect was seen. Found by probes: ${p?.en}; found by retransmission: ${r?.en}; unnoticed without either: ${u?.en}; a living peer that answered probes: ${l?.en}.`,
      `모두 나타나지는 않았다. 프로브로 발견: ${p?.ko}. 재전송으로 발견: ${r?.ko}. 둘 다 없으면 알지 못함: ${u?.ko}. 살아 있는 상대의 프로브 응답: ${l?.ko}.`,
    ),
    4,
  )
}
