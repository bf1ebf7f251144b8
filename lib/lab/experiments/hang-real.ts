import { type Bench, type Place, party, type Scene } from '../bench.js'
import { judgedInTime, type Verdict } from '../experiment.js'
import { said } from '../said.js'
import { type CurlRan, curlTwice, programCalled, startNginx } from './hang-programs.js'
import { HANG_SHARE, SETTLE_MS, TITLES, tellBelieved, tellPassedOn } from './hang-telling.js'
import { agrees, inMs } from './proxies-parts.js'
import { waitsSeen } from './waits-seen.js'

// The same hang with external programs: curl as the client, nginx as the origin. Relays between the parties record what they
// send.

/** Added to the idle limit of nginx, so that curl never gives up first. Real ms. */
const CURL_PATIENCE_MS = 30_000

interface Through {
  readonly curl: CurlRan
  readonly secondMs: number
  /** The connection of the second request ended without a response to it. */
  readonly unread: boolean
  /** Requests that nginx had received by then. */
  readonly arrived: number
}

/** @throws Impossible when curl or nginx is missing */
export async function withRealParts(bench: Bench, timeoutS: number): Promise<Verdict> {
  programCalled('curl')
  const idleS = Math.max(1, Math.ceil(bench.ms(timeoutS * 1000) / 1000))
  const port = await startNginx(bench, idleS)
  const [dumb, hopwise] = await Promise.all([
    through(bench, 'dumb', port, idleS),
    through(bench, 'hopwise', port, idleS),
  ])
  return verdict(bench, idleS, dumb, hopwise)
}

async function through(bench: Bench, kind: 'dumb' | 'hopwise', port: number, idleS: number): Promise<Through> {
  const scene = bench.scene(kind, TITLES[kind], [party('curl', 'client'), party(kind), party('nginx', 'origin')])
  if (kind === 'dumb') scene.note(wholeSeconds(idleS), 'origin')
  const nginx: Place = { party: 'origin', port, observes: false, expect() {} }
  let arrived = 0
  const toNginx = waitsSeen(scene, {
    near: 'proxy',
    far: 'origin',
    tells: 'far',
    onRequest() {
      arrived += 1
      if (kind === 'dumb' && arrived === 1) tellPassedOn(scene)
    },
  })
  const proxy = await scene.proxy({ kind, to: await scene.relay('proxy', nginx, { witness: toNginx }) })
  const story = new Story(scene, kind, () => arrived)
  const { port: entrance } = await scene.relay('client', proxy, { witness: story.witness })
  const curl = await curlTwice(bench, `http://127.0.0.1:${entrance}/`, idleS * 1000 + CURL_PATIENCE_MS)
  scene.figure('first', said('First response after', '첫 응답까지'), story.tookMs(1), 'ms')
  scene.figure('second', said('Second response after', '두 번째 응답까지'), story.tookMs(2), 'ms')
  scene.figure(
    'curl',
    said('Second transfer, by curl’s own clock', 'curl이 잰 두 번째 전송'),
    curl.tookMs[1] ?? 0,
    'ms',
  )
  await scene.untilGoesOn('proxy', SETTLE_MS)
  return { curl, secondMs: story.tookMs(2), unread: story.unread, arrived: story.arrivedThen }
}

function wholeSeconds(idleS: number) {
  return said(
    `nginx counts whole seconds: its idle limit is ${idleS} s of real time here, whatever the scale.`,
    `nginx는 초 단위로만 센다. 여기서 유휴 제한 시간은 배율과 관계없이 실제 시간으로 ${idleS}초다.`,
  )
}

/** The steps of the story that are seen on the line between curl and the proxy, and when they happened. */
class Story {
  unread = false
  arrivedThen = 0
  private readonly asked: number[] = []
  private readonly ended: number[] = []

  constructor(
    private readonly scene: Scene,
    private readonly kind: 'dumb' | 'hopwise',
    private readonly arrived: () => number,
  ) {
    scene.step(
      1,
      said('curl asks the proxy to keep the connection.', 'curl이 프록시에 커넥션을 유지해 달라고 요청한다.'),
      'client',
    )
  }

  get witness() {
    return waitsSeen(this.scene, {
      near: 'client',
      far: 'proxy',
      tells: 'near',
      onRequest: () => this.request(),
      onResponse: head => this.response(head),
      onEnd: () => this.end(),
    })
  }

  /** From the nth request to its response, or to the end of its connection. */
  tookMs(nth: number): number {
    return (this.ended[nth - 1] ?? this.scene.now()) - (this.asked[nth - 1] ?? 0)
  }

  private request(): void {
    this.asked.push(this.scene.now())
    if (this.asked.length !== 2) return
    this.scene.step(
      5,
      said('curl sends its second request on the same connection.', 'curl이 같은 커넥션으로 두 번째 요청을 보낸다.'),
      'client',
    )
  }

  private response(head: string): void {
    this.ended.push(this.scene.now())
    if (this.ended.length === 1 && this.kind === 'dumb' && agrees(head)) tellBelieved(this.scene)
    if (this.ended.length === 2) this.arrivedThen = this.arrived()
  }

  private end(): void {
    if (this.asked.length !== 2 || this.ended.length !== 1) return
    this.unread = true
    this.arrivedThen = this.arrived()
    this.ended.push(this.scene.now())
    this.scene.note(
      said(
        'The connection ends without a response. curl does not report this; it connects again.',
        '응답 없이 커넥션이 끝난다. curl은 아무 말 없이 커넥션을 다시 연다.',
      ),
      'client',
    )
  }
}

function verdict(bench: Bench, idleS: number, dumb: Through, hopwise: Through): Verdict {
  const hangMs = idleS * 1000 * HANG_SHARE
  const hung = dumb.unread && dumb.secondMs >= hangMs && dumb.arrived === 1
  const well = !hopwise.unread && hopwise.secondMs < hangMs && hopwise.arrived === 2
  const whole = [dumb, hopwise].every(({ curl }) => curl.code === 0)
  return judgedInTime(
    // These programs have their own clocks, which do not wait when this process is late.
    { certain: whole, inTime: hung && well, tookMs: bench.clock.lost.longestMs, hidesMs: hangMs },
    said(
      `Through the dumb proxy curl's second transfer stalled for ${inMs(dumb.secondMs)} ms because its request was never read, until nginx closed; then curl silently connected again and exited with 0. Through hopwise it took ${inMs(hopwise.secondMs)} ms.`,
      `멍청한 프록시를 거친 curl의 두 번째 전송은 아무도 읽지 않은 요청 때문에 nginx가 닫을 때까지 ${inMs(dumb.secondMs)}ms 동안 멈추었다. 그다음 curl은 조용히 커넥션을 다시 열고 종료 코드 0으로 끝났다. hopwise를 거친 전송은 ${inMs(hopwise.secondMs)}ms가 걸렸다.`,
    ),
    said(
      `The stall did not show: the second transfer took ${inMs(dumb.secondMs)} ms through the dumb proxy and ${inMs(hopwise.secondMs)} ms through hopwise. ${dumb.curl.err}${hopwise.curl.err}`.trim(),
      `멈춤이 나타나지 않았다. 두 번째 전송은 멍청한 프록시를 거쳐 ${inMs(dumb.secondMs)}ms, hopwise를 거쳐 ${inMs(hopwise.secondMs)}ms가 걸렸다. ${dumb.curl.err}${hopwise.curl.err}`.trim(),
    ),
    3,
  )
}
