import { type Bench, type Place, party, type Scene } from '../bench.js'
import type { LabClient } from '../client.js'
import { experiment, judgedInTime, type Verdict } from '../experiment.js'
import type { LabOrigin } from '../origin.js'
import type { ProxyChoice } from '../proxies.js'
import { type Said, said } from '../said.js'
import {
  agrees,
  asForwardProxy,
  askingProxy,
  HANG_SHARE,
  inMs,
  optionsOf,
  RESPONSES_MAX,
  uriOf,
} from './proxies-parts.js'

/** The idle limit of every party that has one, and the value that it announces: it is never reached. */
const TIMEOUT_S = 15
/** A pause between two requests, so that they can be distinguished. */
const PAUSE_MS = 300

type Kind = 'dumb' | 'smart' | 'hopwise'

interface Through {
  /** Complete responses. */
  readonly answered: number
  readonly slowestMs: number
  /** Connections that the client needed, and that the origin accepted. */
  readonly near: number
  readonly far: number
  /** What the origin received: Proxy-Connection itself; a wish to keep its own connection. */
  readonly passedOn: boolean
  readonly asked: boolean
  /** The client was told that its connection is kept. */
  readonly agreed: boolean
}

export const proxyConnection = experiment({
  id: 'proxy-connection',
  title: said('Proxy-Connection, the way out', 'Proxy-Connection이라는 우회로'),
  question: said(
    'To avoid the hang, browsers once sent Proxy-Connection: Keep-Alive to proxies instead of Connection: Keep-Alive. A dumb proxy also passes this field on. What does the origin do with it?',
    '멈춤을 피하기 위해 한때 브라우저는 프록시에 Connection: Keep-Alive 대신 Proxy-Connection: Keep-Alive를 보냈다. 멍청한 프록시는 이것도 그대로 전달한다. 원 서버는 이 헤더를 어떻게 처리할까?',
  ),
  answers: [
    { text: said('It agrees as before, and everyone hangs', '전처럼 동의하고, 모두가 멈춘다') },
    {
      text: said(
        'It ignores the field, answers and closes: no hang, and nothing is kept',
        '무시하고 응답한 뒤 닫는다. 멈춤도 없고, 유지되는 것도 없다',
      ),
    },
    { text: said('It keeps the connection for this client alone', '이 클라이언트를 위해서만 커넥션을 유지한다') },
    { text: said('It refuses the request with 400', '요청을 400으로 거부한다') },
  ],
  watch: said(
    'Count the connections on both sides of each proxy. One proxy passes the field on, one turns it into its own Connection field, and hopwise drops it.',
    '각 프록시의 양쪽에서 커넥션의 수를 세어 보라. 한 프록시는 헤더를 그대로 전달하고, 한 프록시는 자신의 Connection으로 바꾸고, hopwise는 제거한다.',
  ),
  lesson: [
    said(
      'Proxy-Connection was invented by Netscape and never became a standard. It works because of what does not happen: through a dumb proxy it arrives at an origin that does not know it. So there is no agreement, the origin closes after its response, and the dumb proxy gets the end that it waits for. Nothing hangs, and nothing persists.',
      'Proxy-Connection은 넷스케이프가 고안한 것으로 표준이 된 적이 없다. 이 방법은 아무 일도 일어나지 않기 때문에 통한다. 멍청한 프록시를 거쳐 도착한 헤더를 원 서버는 알지 못한다. 그래서 동의가 없고, 원 서버는 응답한 뒤 닫으며, 멍청한 프록시는 기다리던 커넥션의 끝을 얻는다. 멈추는 것도, 유지되는 것도 없다.',
    ),
    said(
      'A proxy that knows the field understands it as a wish about its own connection with the client. It sends its own Connection: Keep-Alive to the origin, gets its own agreement, and answers its client with Proxy-Connection: Keep-Alive. Now both hops persist, each by its own agreement.',
      '이 헤더를 아는 프록시는 이것을 클라이언트와 자신 사이의 커넥션에 대한 요청으로 받아들인다. 원 서버에는 자신의 Connection: Keep-Alive를 보내 따로 동의를 얻고, 클라이언트에는 Proxy-Connection: Keep-Alive로 응답한다. 이제 두 홉 모두 각자의 동의에 따라 커넥션이 유지된다.',
    ),
    said(
      'hopwise never forwards this field, and does not let it name other fields. As a gateway it ignores the field completely, because a dumb proxy may have passed it on. A forward proxy must not keep the connection of an HTTP/1.0 client in any case; its connection to the origin still persists, because HTTP/1.1 needs no wish for that.',
      'hopwise는 이 헤더를 전달하지 않으며, 이 헤더로 다른 헤더를 지목하게 두지도 않는다. 게이트웨이일 때는 이 헤더를 아예 무시한다. 멍청한 프록시가 그대로 전달한 것일 수 있기 때문이다. 포워드 프록시는 어떤 경우에도 HTTP/1.0 클라이언트와 커넥션을 유지해서는 안 된다. 그래도 원 서버 쪽 커넥션은 유지된다. HTTP/1.1에서는 유지해 달라고 요청할 필요가 없기 때문이다.',
    ),
  ],
  change: said(
    'Let hopwise keep the connections of HTTP/1.0 clients, which the standard forbids for a proxy: now one connection is enough on both sides. The next experiment shows why it is forbidden.',
    'hopwise가 HTTP/1.0 클라이언트와 커넥션을 유지하게 해 보라. 표준은 프록시에 이를 금지한다. 이제 양쪽 모두 커넥션 하나면 충분하다. 금지하는 이유는 다음 실험에서 볼 수 있다.',
  ),
  references: ['RFC 9112 C.2.2', 'RFC 9112 9.3', 'RFC 9110 7.6.1', 'HTTP: The Definitive Guide 4.5'],
  knobs: {
    requests: {
      kind: 'number',
      label: said('Requests, one after another', '차례로 보내는 요청 수'),
      unit: 'count',
      min: 2,
      max: 10,
      step: 1,
      standard: 3,
    },
    http10: {
      kind: 'choice',
      label: said('HTTP/1.0 clients at hopwise', 'hopwise의 HTTP/1.0 클라이언트'),
      choices: {
        closed: said('closed after each response, as the standard says', '표준대로 응답마다 닫는다'),
        kept: said('kept when they ask (forwardHttp10KeepAlive)', '요청하면 유지한다(forwardHttp10KeepAlive)'),
      },
      standard: 'closed',
    },
  },
  timeMaxMs: 20_000,
  async run(bench, { requests, http10 }) {
    const [dumb, smart, hopwise] = await Promise.all([
      through(bench, 'dumb', requests),
      through(bench, 'smart', requests),
      through(bench, 'hopwise', requests, http10 === 'kept'),
    ])
    return verdict({ dumb, smart, hopwise }, { bench, requests, kept: http10 === 'kept' })
  },
})

const TITLES: Readonly<Record<Kind, Said>> = {
  dumb: said('Through the dumb proxy', '멍청한 프록시를 거쳐서'),
  smart: said('Through a proxy that knows the field', '이 헤더를 아는 프록시를 거쳐서'),
  hopwise: said('Through hopwise as a forward proxy', '포워드 프록시인 hopwise를 거쳐서'),
}

async function through(bench: Bench, kind: Kind, requests: number, keepsHttp10 = false): Promise<Through> {
  const scene = bench.scene(kind, TITLES[kind], [party('client'), party(kind), party('origin')])
  const origin = await scene.origin({ timeoutMs: bench.ms(TIMEOUT_S * 1000), announceS: TIMEOUT_S, max: RESPONSES_MAX })
  const proxy = await scene.proxy(choiceOf(bench, kind, origin, keepsHttp10))
  const get = askingProxy(kind === 'hopwise' ? uriOf(origin) : '/')
  scene.step(
    1,
    said(
      'The client asks its proxy with Proxy-Connection to keep the connection.',
      '클라이언트가 Proxy-Connection으로 프록시에 커넥션을 유지해 달라고 요청한다.',
    ),
    'client',
  )
  const told = (agreed: boolean) => tellWhatHappened(scene, { kind, origin, agreed })
  const asked = await askAgain(scene, { to: proxy, get, times: requests, told })
  scene.figure('near', said('Connections of the client', '클라이언트의 커넥션 수'), asked.near, 'count')
  scene.figure('far', said('Connections to the origin', '원 서버로의 커넥션 수'), origin.accepted, 'count')
  scene.figure('slowest', said('Slowest response after', '가장 느린 응답까지'), asked.slowestMs, 'ms')
  return { ...asked, far: origin.accepted, ...whatCame(origin) }
}

interface Asking {
  readonly to: Place
  readonly get: string
  readonly times: number
  /** Called with what the first response says. */
  readonly told: (agreed: boolean) => void
}

/** Sends one request after another: on the same connection as long as the responses agree to keep it, otherwise on a new one. */
async function askAgain(scene: Scene, { to, get, times, told }: Asking) {
  const sum = { answered: 0, slowestMs: 0, near: 0, agreed: false }
  let client: LabClient | null = null
  for (let n = 1; n <= times; n++) {
    if (client === null) sum.near += 1
    client ??= await scene.client({ to })
    await client.send(get)
    const { outcome, head, tookMs } = await client.response()
    if (outcome === 'whole') sum.answered += 1
    sum.slowestMs = Math.max(sum.slowestMs, tookMs)
    sum.agreed = agrees(head)
    if (n === 1) told(sum.agreed)
    if (!sum.agreed) {
      await client.end()
      client = null
    }
    if (n < times) await scene.bench.sleep(PAUSE_MS)
  }
  return sum
}

function choiceOf(bench: Bench, kind: Kind, to: LabOrigin, keepsHttp10: boolean): ProxyChoice {
  if (kind === 'dumb') return { kind, to }
  if (kind === 'hopwise') return { kind, to, options: asForwardProxy(bench, TIMEOUT_S, keepsHttp10) }
  return { kind, to, options: { idleMs: bench.ms(TIMEOUT_S * 1000), announceS: TIMEOUT_S } }
}

function whatCame({ requests }: LabOrigin): Pick<Through, 'passedOn' | 'asked'> {
  const heads = requests.map(({ head }) => head)
  return {
    passedOn: heads.some(head => optionsOf(head, 'proxy-connection').includes('keep-alive')),
    asked: heads.some(head => optionsOf(head, 'connection').includes('keep-alive')),
  }
}

/** Steps 2 to 4, after the first response: each says only what the fields on the wire prove. */
function tellWhatHappened(scene: Scene, { kind, origin, agreed }: { kind: Kind; origin: LabOrigin; agreed: boolean }) {
  const { passedOn, asked } = whatCame(origin)
  if (passedOn) scene.step(2, PASSED_ON, 'proxy')
  else if (asked) scene.step(2, TURNED, 'proxy')
  else scene.step(2, DROPPED, 'proxy')
  if (asked) scene.step(3, AGREED, 'origin')
  else scene.step(3, kind === 'hopwise' ? BY_ITSELF : IGNORED, 'origin')
  scene.step(4, agreed ? KEPT : NOT_KEPT, 'client')
}

const PASSED_ON = said(
  'The proxy does not know the field and passes it on.',
  '프록시는 이 헤더를 알지 못한 채 그대로 전달한다.',
)
const TURNED = said(
  'The proxy knows the field, and asks the origin with its own Connection: Keep-Alive.',
  '프록시는 이 헤더를 알고, 자신의 Connection: Keep-Alive로 원 서버에 요청한다.',
)
const DROPPED = said(
  'The proxy drops the field: it is not meant for the servers behind it.',
  '프록시는 이 헤더를 제거한다. 뒤에 있는 누구를 위한 것도 아니기 때문이다.',
)
const AGREED = said('The origin agrees with the proxy.', '원 서버가 프록시에 동의한다.')
const BY_ITSELF = said(
  'The origin was asked in HTTP/1.1, so its connection to the proxy persists by default.',
  '원 서버는 HTTP/1.1로 요청받았으므로 프록시와의 커넥션은 아무 말 없이도 유지된다.',
)
const IGNORED = said(
  'The origin does not know the field either: it ignores it, answers and closes.',
  '원 서버도 이 헤더를 알지 못한다. 무시하고 응답한 뒤 닫는다.',
)
const KEPT = said(
  'The client is told that its connection is kept, and sends its next request on it.',
  '클라이언트는 커넥션이 유지된다는 응답을 받고, 다음 요청을 그 커넥션으로 보낸다.',
)
const NOT_KEPT = said(
  'There was no agreement: the client opens a new connection for its next request.',
  '아무도 동의하지 않았다. 클라이언트는 다음 요청을 위해 새 커넥션을 연다.',
)

interface Conditions {
  readonly bench: Bench
  readonly requests: number
  readonly kept: boolean
}

function verdict({ dumb, smart, hopwise }: Record<Kind, Through>, { bench, requests, kept }: Conditions): Verdict {
  const all = [dumb, smart, hopwise]
  const hangMs = bench.ms(TIMEOUT_S * 1000) * HANG_SHARE
  const answered = all.every(each => each.answered === requests)
  const ignored = dumb.passedOn && !dumb.asked && !dumb.agreed && dumb.near === requests && dumb.far === requests
  const bothHops = !smart.passedOn && smart.asked && smart.agreed && smart.near === 1 && smart.far === 1
  const dropped = !hopwise.passedOn && !hopwise.asked && hopwise.agreed === kept && hopwise.far === 1
  const near = hopwise.near === (kept ? 1 : requests)
  const slowest = inMs(Math.max(...all.map(({ slowestMs }) => slowestMs)))
  return judgedInTime(
    {
      certain: answered && ignored && bothHops && dropped && near,
      inTime: all.every(({ slowestMs }) => slowestMs < hangMs),
      tookMs: bench.clock.lost.longestMs,
      hidesMs: hangMs,
    },
    said(
      `Nothing hung (${slowest} ms at most): for ${requests} requests the dumb proxy needed ${dumb.near} connections on one side and ${dumb.far} on the other, the proxy that knows the field ${smart.near} and ${smart.far}, hopwise ${hopwise.near} and ${hopwise.far}.`,
      `아무것도 멈추지 않았다(최대 ${slowest}ms). 요청 ${requests}개에 필요한 커넥션은 클라이언트 쪽과 원 서버 쪽이 각각 멍청한 프록시 ${dumb.near}개와 ${dumb.far}개, 헤더를 아는 프록시 ${smart.near}개와 ${smart.far}개, hopwise ${hopwise.near}개와 ${hopwise.far}개였다.`,
    ),
    said(
      `The result is not as expected: ${dumb.near}/${dumb.far}, ${smart.near}/${smart.far} and ${hopwise.near}/${hopwise.far} connections, ${slowest} ms at most.`,
      `예상과 다르게 진행되었다. 커넥션은 각각 ${dumb.near}/${dumb.far}, ${smart.near}/${smart.far}, ${hopwise.near}/${hopwise.far}개였고 최대 ${slowest}ms가 걸렸다.`,
    ),
    2,
  )
}
