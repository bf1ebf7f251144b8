import type { Bench, Scene } from '../bench.js'
import { party } from '../bench.js'
import { type LabClient, request } from '../client.js'
import { type Said, said } from '../said.js'
import { storyClock } from '../story-clock.js'

/** The effect of an idle limit on a client that comes back now and then. */
export interface Limited {
  readonly requests: number
  /** Connections that it had to open. */
  readonly connections: number
  /** Real ms that its last connection was kept uselessly after the last response. */
  readonly heldMs: number
}

const REQUESTS = 5
const GET = request('GET / HTTP/1.1', { Host: 'origin' })

/**
 * A client sends a request, pauses, and sends another one; in the end it does not come back.
 * @param pauseMs of the story, as is `limitMs`
 */
export async function underLimit(
  bench: Bench,
  id: string,
  title: Said,
  { pauseMs, limitMs }: { pauseMs: number; limitMs: number },
): Promise<Limited> {
  const scene = bench.scene(id, title, [party('client'), party('hopwise'), party('origin')])
  const proxy = await scene.proxy({
    kind: 'hopwise',
    to: await scene.origin(),
    options: { clock: storyClock(bench), deadlines: { clientIdleMs: limitMs } },
  })
  scene.step(
    1,
    said(
      `The client sends a request every ${pauseMs} ms; the proxy keeps an idle connection for ${limitMs} ms.`,
      `클라이언트는 ${pauseMs}ms마다 요청하고, 프록시는 유휴 커넥션을 ${limitMs}ms 동안 유지한다.`,
    ),
  )
  const opened: LabClient[] = []
  const open = async () => {
    const client = await scene.client({ to: proxy })
    opened.push(client)
    return client
  }
  let client = await open()
  for (let request = 0; request < REQUESTS; request += 1) {
    if (request > 0) await bench.sleep(pauseMs)
    client = await askOn(client, open)
  }
  return tell(scene, opened.length, await held(scene, client))
}

/** Sends a GET on that connection, or on a new one: if the end of the old one was already on its way, a GET may be sent again. */
async function askOn(kept: LabClient, open: () => Promise<LabClient>): Promise<LabClient> {
  let client = kept.ended === '' ? kept : await open()
  await client.send(GET)
  if ((await client.response()).outcome === 'whole') return client
  client = await open()
  await client.send(GET)
  const { outcome } = await client.response()
  if (outcome !== 'whole') throw new Error(`a response on a new connection came ${outcome}`)
  return client
}

async function held(scene: Scene, client: LabClient): Promise<number> {
  scene.step(2, said('The client does not come back.', '클라이언트는 다시 오지 않는다.'), 'client')
  const since = scene.now()
  await client.end()
  return scene.now() - since
}

function tell(scene: Scene, connections: number, heldMs: number): Limited {
  scene.figure('requests', said('Requests', '요청'), REQUESTS, 'count')
  scene.figure(
    'connections',
    said('Connections, with a handshake each', '커넥션(저마다 핸드셰이크 한 번)'),
    connections,
    'count',
  )
  scene.figure('held', said('Kept uselessly at the end', '마지막에 쓸모없이 유지된 시간'), heldMs, 'ms')
  return { requests: REQUESTS, connections, heldMs }
}
