import type { Bench, Scene } from '../bench.js'
import { party } from '../bench.js'
import { type LabClient, request } from '../client.js'
import { experiment, judged, type Verdict } from '../experiment.js'
import { type Said, said, yesNo } from '../said.js'
import { counted, hasOption } from './keep-alive-parts.js'

/** The side that says close, and the proxy in between. */
type Closer = 'upstream' | 'client'
type Kind = 'hopwise' | 'stock'

/** Connections on both sides of one proxy. */
interface Sides {
  readonly answered: number
  readonly client: number
  readonly upstream: number
}

/** A pause between requests, so that the learner can follow. */
const PACE_MS = 400
/** The longest wait for a connection to end after close, which should be at once, in ms of the story. */
const PATIENCE_MS = 10_000

export const twoSides = experiment({
  id: 'two-sides',
  title: said('Two connections, not one', '커넥션은 하나가 아니라 둘이다'),
  question: said(
    'A client sends several requests through a proxy over one connection. The server behind the proxy closes its connection after each response. What should the client notice?',
    '클라이언트가 커넥션 하나로 프록시에 여러 요청을 보낸다. 프록시 뒤의 서버는 응답할 때마다 커넥션을 닫는다. 클라이언트 쪽에서는 무엇이 달라져야 할까?',
  ),
  answers: [
    {
      text: said('Its own connection closes after each response, too', '자신의 커넥션도 응답을 받을 때마다 닫힌다'),
    },
    {
      text: said('Nothing: its own connection stays', '아무것도 달라지지 않는다. 자신의 커넥션은 유지된다'),
    },
    { text: said('Every second request fails', '요청이 두 번에 한 번꼴로 실패한다') },
  ],
  watch: said(
    'Count the connections on the left and on the right of each proxy. First the server says close with each response, then the client with each request.',
    '각 프록시의 왼쪽과 오른쪽에 있는 커넥션을 세어 보라. 처음에는 서버가 응답마다 close를 보내고, 다음에는 클라이언트가 요청마다 close를 보낸다.',
  ),
  lesson: [
    said(
      'A proxy has two connections, and each has its own life: the Connection field is about one of them, and never about the other. So a proxy decides for each side separately whether to keep the connection.',
      '프록시에는 커넥션이 둘 있고, 두 커넥션의 수명은 서로 무관하다. Connection 헤더는 그중 하나에 대해서만 말하고 다른 하나에 대해서는 말하지 않는다. 그러므로 프록시는 커넥션을 유지할지를 양쪽에서 따로 결정한다.',
    ),
    said(
      'Through hopwise a server may say close after each response: the client keeps its connection, and only the upstream connections change. A client may close each time: one upstream connection serves all of its requests.',
      'hopwise를 거치면 서버가 응답마다 close를 보내도 클라이언트는 커넥션을 유지하고, 업스트림 커넥션만 바뀐다. 클라이언트가 매번 커넥션을 닫아도 업스트림 커넥션 하나가 모든 요청을 처리한다.',
    ),
    said(
      'Stock http-proxy passes the Connection field on in both directions: what happens on one side happens on the other. When the server closes, the client loses its connection, and when the client closes, the proxy loses its own, even where an agent would have kept it.',
      '기본 http-proxy는 Connection 헤더를 양방향으로 그대로 전달한다. 그래서 한쪽이 닫히면 다른 쪽도 닫힌다. 서버가 닫으면 클라이언트도 커넥션을 잃고, 클라이언트가 닫으면 에이전트가 유지하려던 업스트림 커넥션까지 닫힌다.',
    ),
  ],
  change: said(
    'Use stock http-proxy without the agent, which is the default: now it says close to the server with each request, whatever the client wants.',
    '기본 http-proxy에서 에이전트를 빼 보라. 설치한 그대로의 설정이다. 이제 클라이언트가 무엇을 원하든 프록시가 요청마다 서버에 close를 보낸다.',
  ),
  references: ['RFC 9110 7.6.1', 'RFC 9112 9.3', 'RFC 9112 9.6', 'RFC 2616 8.1.3'],
  knobs: {
    requests: {
      kind: 'number',
      label: said('Requests', '요청 수'),
      unit: 'count',
      min: 2,
      max: 10,
      step: 1,
      standard: 4,
    },
    agent: {
      kind: 'choice',
      label: said('Stock http-proxy', '기본 http-proxy'),
      choices: {
        none: said('with default settings', '기본 설정 그대로'),
        keeping: said('with an agent that keeps connections', '커넥션을 유지하는 에이전트와 함께'),
      },
      standard: 'keeping',
    },
  },
  timeMaxMs: 60_000,
  async run(bench, { requests, agent }) {
    const both = (closer: Closer) =>
      Promise.all([
        through(bench, 'hopwise', closer, requests, agent === 'keeping'),
        through(bench, 'stock', closer, requests, agent === 'keeping'),
      ])
    return verdict(requests, await both('upstream'), await both('client'))
  },
})

const TITLES: Readonly<Record<Closer, Readonly<Record<Kind, Said>>>> = {
  upstream: {
    hopwise: said('The server closes: hopwise', '서버가 닫을 때: hopwise'),
    stock: said('The server closes: stock http-proxy', '서버가 닫을 때: 기본 http-proxy'),
  },
  client: {
    hopwise: said('The client closes: hopwise', '클라이언트가 닫을 때: hopwise'),
    stock: said('The client closes: stock http-proxy', '클라이언트가 닫을 때: 기본 http-proxy'),
  },
}

async function through(bench: Bench, kind: Kind, closer: Closer, requests: number, keeping: boolean): Promise<Sides> {
  const parties = [party('client'), party(kind), party('origin')]
  const scene = bench.scene(`${closer}-${kind}`, TITLES[closer][kind], parties)
  const origin = await scene.origin({ answer: () => (closer === 'upstream' ? { after: 'close' } : {}) })
  const proxy = await scene.proxy(
    kind === 'stock' ? { kind, to: origin, upstreamKeepAlive: keeping } : { kind, to: origin },
  )
  tellCloser(scene, closer)
  let client: LabClient | null = null
  let opened = 0
  let answered = 0
  for (let i = 0; i < requests; i++) {
    if (i > 0) await bench.sleep(PACE_MS)
    if (client === null || client.ended !== '') {
      client = await scene.client({ to: proxy })
      opened += 1
    }
    await client.send(
      request('GET / HTTP/1.1', { Host: 'origin', ...(closer === 'client' ? { Connection: 'close' } : {}) }),
    )
    const { outcome, head } = await client.response()
    if (outcome === 'whole') answered += 1
    if (outcome === 'whole' && !hasOption(head, 'close')) continue
    await client.over(bench.patienceMs(PATIENCE_MS))
    client = null
  }
  const sides = { answered, client: opened, upstream: origin.accepted }
  tellSides(scene, closer, sides)
  const asked = origin.requests.filter(({ head }) => hasOption(head, 'close')).length
  scene.note(
    said(
      `${asked} of ${counted(requests, 'request')} reached the server with Connection: close.`,
      `요청 ${requests}개 가운데 ${asked}개가 Connection: close를 단 채 서버에 도착했다.`,
    ),
    'origin',
  )
  return sides
}

function tellCloser(scene: Scene, closer: Closer): void {
  if (closer === 'upstream')
    scene.step(1, said('The origin says close with each response.', '원 서버가 응답마다 close를 보낸다.'), 'origin')
  else
    scene.step(1, said('The client says close with each request.', '클라이언트가 요청마다 close를 보낸다.'), 'client')
}

/** Reports the counts, and what they mean on the side that did not say close. */
function tellSides(scene: Scene, closer: Closer, { answered, client, upstream }: Sides): void {
  scene.figure('answered', said('Responses', '응답'), answered, 'count')
  scene.figure('client', said('Connections of the client', '클라이언트 쪽 커넥션'), client, 'count')
  scene.figure('upstream', said('Upstream connections', '업스트림 커넥션'), upstream, 'count')
  const [text, at] =
    closer === 'upstream'
      ? client === 1
        ? [
            said('The connection of the client stays open all the time.', '클라이언트의 커넥션은 내내 유지된다.'),
            'client',
          ]
        : [said(`The client needed ${client} connections.`, `클라이언트는 커넥션 ${client}개가 필요했다.`), 'client']
      : upstream === 1
        ? [
            said('One upstream connection served all requests.', '업스트림 커넥션 하나가 모든 요청을 처리했다.'),
            'origin',
          ]
        : [
            said(
              `The proxy needed ${upstream} upstream connections.`,
              `프록시는 업스트림 커넥션 ${upstream}개가 필요했다.`,
            ),
            'origin',
          ]
  scene.step(2, text, at)
}

type Pair = readonly [hopwise: Sides, stock: Sides]

function verdict(requests: number, upstream: Pair, client: Pair): Verdict {
  const all = [...upstream, ...client].every(({ answered }) => answered === requests)
  const apart =
    upstream[0].client === 1 &&
    upstream[0].upstream === requests &&
    client[0].client === requests &&
    client[0].upstream === 1
  const tied = upstream[1].client > 1 && client[1].upstream > 1
  const [stockClient, stockUpstream] = [upstream[1].client, client[1].upstream]
  return judged(
    all && apart && tied,
    said(
      `${requests} responses each time: through hopwise the client kept its one connection when the server closed, and one upstream connection was enough when the client closed; through stock http-proxy the client needed ${stockClient} connections, and the proxy ${stockUpstream}.`,
      `매번 응답 ${requests}개를 받았다. hopwise를 거치면 서버가 닫아도 클라이언트의 커넥션은 하나로 유지되었고, 클라이언트가 닫아도 업스트림 커넥션은 하나로 유지되었다. 기본 http-proxy를 거치면 클라이언트는 ${stockClient}개, 프록시는 ${stockUpstream}개가 필요했다.`,
    ),
    said(
      `The result is not as expected. Connections of the client when the server closes: hopwise ${upstream[0].client}, stock ${counted(stockClient, 'connection')}; upstream connections when the client closes: hopwise ${client[0].upstream}, stock ${stockUpstream}; everything answered: ${yesNo(all).en}.`,
      `예상과 달랐다. 서버가 닫을 때 클라이언트의 커넥션: hopwise ${upstream[0].client}개, 기본 http-proxy ${stockClient}개. 클라이언트가 닫을 때 업스트림 커넥션: hopwise ${client[0].upstream}개, 기본 http-proxy ${stockUpstream}개. 모두 응답을 받음: ${yesNo(all).ko}.`,
    ),
    2,
  )
}
