import { type Bench, type Place, party, type Scene } from '../bench.js'
import type { LabClient, Received } from '../client.js'
import { experiment, judged, type Verdict } from '../experiment.js'
import type { LabOrigin } from '../origin.js'
import type { Shape } from '../relay.js'
import { said } from '../said.js'
import { hangIn } from '../waits.js'
import { agrees, asForwardProxy, askingProxy, HANG_SHARE, inMs, optionsOf, uriOf } from './proxies-parts.js'
import { type Chain, DUMB_FIRST, HANGS, HOPWISE, type Kind, SMART_FIRST } from './two-proxies-chains.js'
import { waitsSeen } from './waits-seen.js'

const TIMEOUT_S = 5
/** Time for the dumb proxy to see that it no longer has to wait. In story time. */
const SETTLE_MS = 1_000

interface Through {
  readonly second: Received
  /** The first exchange showed the conditions for the rest. */
  readonly asExpected: boolean
  /** The second request waited, and in the middle of this wait some parties waited for one another in a circle. */
  readonly hung: boolean
  /** Requests that reached the origin. */
  readonly arrived: number
}

const ASKS = said(
  'The client asks its proxy with Proxy-Connection to keep the connection.',
  '클라이언트가 Proxy-Connection으로 프록시에 커넥션을 유지해 달라고 요청한다.',
)
const SAME_CONNECTION = said(
  'The client believes that its connection is kept, and sends its second request on it.',
  '클라이언트는 커넥션이 유지된다고 믿고 그 커넥션으로 두 번째 요청을 보낸다.',
)
const NEW_CONNECTION = said(
  'There was no agreement, so the client opens a new connection for its second request.',
  '아무도 동의하지 않았으므로 클라이언트는 두 번째 요청을 위해 새 커넥션을 연다.',
)

export const twoProxies = experiment({
  id: 'two-proxies',
  title: said('Smart beside dumb', '똑똑한 프록시와 멍청한 프록시'),
  question: said(
    'A smart proxy understands Proxy-Connection: Keep-Alive and turns it into its own Connection: Keep-Alive. Next to it in the chain is a dumb proxy that passes everything on. In which order is the client safe from the hang?',
    '똑똑한 프록시는 Proxy-Connection: Keep-Alive를 이해하고 이를 자신의 Connection: Keep-Alive로 바꾼다. 그 옆에는 모든 것을 그대로 전달하는 멍청한 프록시가 있다. 어떤 순서로 놓아야 클라이언트가 멈추지 않을까?',
  ),
  answers: [
    { text: said('With the smart one next to the client', '똑똑한 프록시가 클라이언트 쪽에 있을 때') },
    { text: said('With the smart one next to the origin', '똑똑한 프록시가 원 서버 쪽에 있을 때') },
    { text: said('In either order', '어느 순서든 안전하다') },
    { text: said('In neither', '어느 순서든 안전하지 않다') },
  ],
  watch: said(
    'See where Proxy-Connection becomes Connection, and who believes that this is a wish of its neighbour. Then look for the circle: it is in a different place each time.',
    'Proxy-Connection이 어디에서 Connection으로 바뀌는지, 누가 그것을 이웃의 요청이라고 여기는지 보라. 그다음 순환을 찾아보라. 매번 다른 곳에 생긴다.',
  ),
  lesson: [
    said(
      'Proxy-Connection helps with a single dumb proxy between client and origin, because the origin does not know the field. It fails as soon as a party behind the dumb proxy knows it: the smart proxy turns the forwarded field into Connection: Keep-Alive, agrees with a neighbour that never asked, and the hang is back.',
      'Proxy-Connection은 클라이언트와 원 서버 사이에 멍청한 프록시가 하나만 있을 때 도움이 된다. 원 서버가 이 헤더를 모르기 때문이다. 그러나 멍청한 프록시 뒤에 이 헤더를 아는 누군가가 있으면 소용이 없다. 똑똑한 프록시는 그대로 전달된 헤더를 Connection: Keep-Alive로 바꾸고, 요청한 적 없는 이웃에 동의한다. 그래서 멈춤이 다시 나타난다.',
    ),
    said(
      'The other order is no better: the smart proxy sends its own Connection: Keep-Alive to the dumb one, which passes it on to the origin. Now the dumb proxy and the origin wait for each other, and the smart proxy and the client wait with them, so the hang is one hop further away.',
      '순서를 바꾸어도 나아지지 않는다. 똑똑한 프록시가 보낸 Connection: Keep-Alive를 멍청한 프록시가 원 서버에 그대로 전달한다. 이번에는 멍청한 프록시와 원 서버가 서로를 기다리고, 똑똑한 프록시는 클라이언트와 함께 기다린다. 멈춤이 한 홉 더 멀어졌을 뿐이다.',
    ),
    said(
      'A field that is passed on does not say who wrote it, so no field can repair the damage that passing on does. The rules today are: never send Proxy-Connection, never forward it, and a proxy does not keep a connection with an HTTP/1.0 client. The smart proxy here is an emulation; hopwise never does what it does.',
      '전달된 헤더는 누가 만든 것인지 말해 주지 않는다. 그래서 그대로 전달하는 데서 생긴 문제는 어떤 헤더로도 고칠 수 없다. 오늘날의 규칙은 이렇다. Proxy-Connection은 보내지도 전달하지도 않으며, 프록시는 HTTP/1.0 클라이언트와 커넥션을 유지하지 않는다. 여기의 똑똑한 프록시는 흉내 낸 것이며, hopwise는 결코 이렇게 동작하지 않는다.',
    ),
    said(
      'Where the rules are broken, even hopwise hangs: when it is configured to keep HTTP/1.0 clients behind a dumb proxy, or when a dumb proxy behind it passes on the HTTP/1.1 of an origin, which promises a persistent connection.',
      '규칙이 깨지면 hopwise도 멈춘다. 멍청한 프록시 뒤에서 HTTP/1.0 클라이언트와 커넥션을 유지하도록 설정했을 때, 또는 뒤에 있는 멍청한 프록시가 원 서버의 HTTP/1.1을 그대로 전달할 때다. HTTP/1.1은 지속 커넥션을 약속하기 때문이다.',
    ),
  ],
  change: said(
    'Let hopwise keep the connections of HTTP/1.0 clients behind the dumb proxy, which the standard forbids for a proxy: the hang is back.',
    '멍청한 프록시 뒤의 hopwise가 HTTP/1.0 클라이언트와 커넥션을 유지하게 해 보라. 표준은 프록시에 이를 금지한다. 멈춤이 다시 나타난다.',
  ),
  references: ['RFC 9112 C.2.2', 'RFC 9112 9.3', 'RFC 9110 7.6.1', 'HTTP: The Definitive Guide 4.5'],
  knobs: {
    timeout: {
      kind: 'number',
      label: said('Idle limit of every party that has one', '유휴 제한을 두는 모든 쪽의 제한 시간'),
      unit: 's',
      min: 1,
      max: 30,
      step: 1,
      standard: TIMEOUT_S,
    },
    hopwise: {
      kind: 'choice',
      label: said('Where hopwise stands', 'hopwise의 위치'),
      choices: {
        behind: said('behind the dumb proxy', '멍청한 프록시 뒤'),
        allowed: said('behind it, and configured to keep HTTP/1.0 clients', '그 뒤, HTTP/1.0 커넥션을 유지하도록 설정'),
        before: said('before the dumb proxy', '멍청한 프록시 앞'),
        before11: said('before it, with an origin that speaks HTTP/1.1', '그 앞, 원 서버가 HTTP/1.1을 사용'),
      },
      standard: 'behind',
    },
  },
  timeMaxMs: 60_000,
  async run(bench, { timeout, hopwise }) {
    const [dumbFirst, smartFirst, instead] = await Promise.all([
      through(bench, DUMB_FIRST, timeout),
      through(bench, SMART_FIRST, timeout),
      through(bench, HOPWISE[hopwise], timeout),
    ])
    return verdict(dumbFirst, smartFirst, instead, HANGS[hopwise])
  },
})

async function through(bench: Bench, chain: Chain, timeoutS: number): Promise<Through> {
  const { id, title, kinds, version } = chain
  const scene = bench.scene(id, title, [
    party('client'),
    party(kinds[0], 'proxy'),
    party(kinds[1], 'proxy2'),
    party('origin'),
  ])
  const origin = await scene.origin({ version, timeoutMs: bench.ms(timeoutS * 1000), announceS: timeoutS })
  const right = await proxyOf(scene, chain, kinds[1], 'proxy2', origin, timeoutS)
  const between = await scene.relay('proxy', right, lineOf(scene, kinds))
  const left = await proxyOf(scene, chain, kinds[0], 'proxy', between, timeoutS)
  return ask(scene, chain, origin, left, timeoutS)
}

/** The other proxies report that they wait; for hopwise it is derived from the line between the two. */
function lineOf(scene: Scene, kinds: Chain['kinds']): Shape {
  if (!kinds.includes('hopwise')) return {}
  const tells = kinds[0] === 'hopwise' ? 'near' : 'far'
  return { witness: waitsSeen(scene, { near: 'proxy', far: 'proxy2', tells }) }
}

function proxyOf(
  scene: Scene,
  { forward }: Chain,
  kind: Kind,
  name: string,
  to: Place,
  timeoutS: number,
): Promise<Place> {
  const { bench } = scene
  if (kind === 'dumb') return scene.proxy({ kind, party: name, to })
  if (kind === 'smart') {
    const options = { idleMs: bench.ms(timeoutS * 1000), announceS: timeoutS }
    return scene.proxy({ kind, party: name, to, options })
  }
  const options = forward ? asForwardProxy(bench, timeoutS, forward.keepsHttp10) : {}
  return scene.proxy({ kind, party: name, to, options })
}

async function ask(scene: Scene, chain: Chain, origin: LabOrigin, to: Place, timeoutS: number): Promise<Through> {
  const get = askingProxy(chain.forward ? uriOf(origin) : '/')
  let client = await scene.client({ to })
  scene.step(1, ASKS, 'client')
  await client.send(get)
  const first = await client.response()
  const kept = agrees(first.head)
  const asked = optionsOf(origin.requests[0]?.head ?? '', 'connection').includes('keep-alive')
  const asExpected = first.status === 200 && asked === chain.asked && kept === chain.agreed
  if (asExpected) for (const [i, [who, text]] of chain.steps.entries()) scene.step(i + 2, text, who)
  if (!kept) {
    await client.end()
    client = await scene.client({ to })
  }
  scene.step(chain.steps.length + 2, kept ? SAME_CONNECTION : NEW_CONNECTION, 'client')
  await client.send(get)
  const { second, circle } = await watched(scene, client, timeoutS)
  scene.figure('second', said('Second response after', '두 번째 응답까지'), second.tookMs, 'ms')
  await scene.untilGoesOn(chain.kinds[0] === 'dumb' ? 'proxy' : 'proxy2', SETTLE_MS)
  const hung = circle && second.tookMs >= scene.bench.ms(timeoutS * 1000) * HANG_SHARE
  return { second, asExpected, hung, arrived: origin.requests.length }
}

/** Waits for the response, and checks in the middle of the wait whether some parties wait for one another. */
async function watched(scene: Scene, client: LabClient, timeoutS: number) {
  let circle = false
  const { bench } = scene
  const middle = bench.clock.hold(bench.ms(timeoutS * 1000) * HANG_SHARE, () => {
    circle = hangIn(scene.waitingNow) !== null
  })
  try {
    const second = await client.response()
    return { second, circle }
  } finally {
    middle.cancel()
  }
}

function verdict(dumbFirst: Through, smartFirst: Through, instead: Through, hangs: boolean): Verdict {
  const bothHung = [dumbFirst, smartFirst].every(({ hung, arrived }) => hung && arrived === 1)
  const asExpected = [dumbFirst, smartFirst, instead].every(each => each.asExpected)
  const [a, b, c] = [dumbFirst, smartFirst, instead].map(({ second }) => inMs(second.tookMs))
  const then = hangs
    ? said(
        `and this time hopwise could not prevent it, either (${c} ms), because a rule was broken`,
        `이번에는 규칙이 깨졌기 때문에 hopwise도 막지 못했다(${c}ms)`,
      )
    : said(
        `with hopwise in place of the smart proxy it was answered after ${c} ms`,
        `똑똑한 프록시 자리에 hopwise가 있을 때는 ${c}ms 만에 응답을 받았다`,
      )
  return judged(
    bothHung && asExpected && instead.hung === hangs && (hangs || instead.second.outcome === 'whole'),
    said(
      `The second request hung in both orders, for ${a} ms with the dumb proxy in front and for ${b} ms with the smart one in front; ${then.en}.`,
      `두 번째 요청은 어느 순서에서나 멈추었다. 멍청한 프록시가 앞에 있을 때는 ${a}ms, 똑똑한 프록시가 앞에 있을 때는 ${b}ms 동안이었다. ${then.ko}.`,
    ),
    said(
      `The result is not as expected: the second requests took ${a}, ${b} and ${c} ms.`,
      `예상과 다르게 진행되었다. 두 번째 요청에는 각각 ${a}ms, ${b}ms, ${c}ms가 걸렸다.`,
    ),
    4,
  )
}
