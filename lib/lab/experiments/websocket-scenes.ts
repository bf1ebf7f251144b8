import type { Bench, Scene } from '../bench.js'
import { party } from '../bench.js'
import { fieldOf } from '../client.js'
import { type Said, said } from '../said.js'
import { storyClock } from '../story-clock.js'
import { HOP_FIELD, type WebSocketEnd, webSocket, webSocketServer } from './websocket-end.js'

/** In ms of the story. */
export interface Silence {
  /** The longest silence of the tunnel that the proxy allows. */
  readonly idleMs: number
  readonly pingMs: number
  readonly who: 'client' | 'origin'
}

/** The history of a WebSocket. */
export interface Lived {
  /** The proxy ended it. */
  readonly ended: boolean
  /** If it did: real ms after the last byte that passed. */
  readonly silentMs: number
  /** Pings that one end sent, pings that the other read, and pongs that came back. */
  readonly pings: number
  readonly read: number
  readonly pongs: number
  /** A message still got through at the end. */
  readonly talks: boolean
  /** After the heads, each end read as many bytes as the other wrote. */
  readonly untouched: boolean
  /** The head that the origin received. */
  readonly head: string
}

/** How long the tunnel is watched, in idle limits. */
const WATCHED = 2.5
/** The longest wait for something that should come at once, in ms of the story. */
const SOON_MS = 20_000
/** 1000 (RFC 6455 7.4.1) */
const CLOSE_NORMAL = Buffer.from([0x03, 0xe8])
/** More than the number of beats, so that the frame is never complete. */
const TRICKLED_BYTES = 125

interface Watched {
  readonly bench: Bench
  readonly scene: Scene
  readonly client: WebSocketEnd
  readonly origin: WebSocketEnd
  readonly silence: Silence
}

/** Both ends are silent after the greeting. */
export async function silent(bench: Bench, silence: Silence): Promise<Lived> {
  const watched = await greeted(bench, silence, 'silent', said('Without pings', '핑 없이'))
  const { scene, client } = watched
  scene.step(3, said('Both ends are silent, and wait.', '양쪽 끝이 아무 말 없이 기다린다.'))
  await client.until(() => false, bench.ms(silence.idleMs * WATCHED))
  return tell(watched, { pings: 0, talks: false })
}

/** One end sends a ping now and then. */
export async function pinged(bench: Bench, silence: Silence): Promise<Lived> {
  const watched = await greeted(bench, silence, 'pings', said('With pings', '핑과 함께'))
  const { scene, client } = watched
  const end = watched[silence.who]
  scene.step(
    3,
    said(
      `One end sends a ping every ${silence.pingMs} ms, and the other answers each with a pong.`,
      `한쪽 끝이 ${silence.pingMs}ms마다 핑을 보내고, 다른 쪽 끝이 그때마다 퐁으로 답한다.`,
    ),
    silence.who,
  )
  const pings = await beat(watched, n => end.send('ping', `still there? ${n}`))
  await end.until(() => end.count('pong') === pings, bench.patienceMs(SOON_MS))
  const lived = tell(watched, { pings, talks: await talk(watched) })
  client.send('close', CLOSE_NORMAL)
  await client.until(() => false, bench.patienceMs(SOON_MS))
  return lived
}

/** One end sends a single ping, one byte at a time: only the two ends could recognise a WebSocket in that. */
export async function trickled(bench: Bench, silence: Silence): Promise<Lived> {
  const watched = await greeted(bench, silence, 'octets', said('With single bytes', '바이트 하나씩'))
  const end = watched[silence.who]
  const ping = end.framed('ping', Buffer.alloc(TRICKLED_BYTES, '.'))
  watched.scene.step(
    3,
    said(
      `One end sends a ping byte by byte, one byte every ${silence.pingMs} ms: the ping is never complete, so there is no pong.`,
      `한쪽 끝이 핑 하나를 ${silence.pingMs}ms마다 한 바이트씩 보낸다. 핑이 끝내 완성되지 않으므로 퐁도 없다.`,
    ),
    silence.who,
  )
  await beat(watched, n => end.write(ping.subarray(n - 1, n)))
  const lived = tell(watched, { pings: 0, talks: await talk(watched) })
  watched.client.leave()
  return lived
}

/** A client and an origin that have a WebSocket through hopwise, and have said hello. */
async function greeted(bench: Bench, silence: Silence, id: string, title: Said): Promise<Watched> {
  const scene = bench.scene(id, title, [party('client'), party('hopwise'), party('origin')])
  const server = await webSocketServer(scene)
  const proxy = await scene.proxy({
    kind: 'hopwise',
    to: server,
    options: { clock: storyClock(bench), deadlines: { tunnelIdleMs: silence.idleMs } },
  })
  const client = await webSocket(scene, proxy)
  const [origin] = server.accepted
  if (!origin) throw new Error('no connection reached the origin')
  scene.step(
    1,
    said(
      `The client offers to upgrade. The proxy removes Connection and ${HOP_FIELD}, and writes Upgrade and its own Connection: ${fieldOf(origin.head, 'connection')}.`,
      `클라이언트가 업그레이드를 제안한다. 프록시는 Connection과 ${HOP_FIELD}을 떼어 내고, Upgrade와 자신의 Connection(${fieldOf(origin.head, 'connection')})을 새로 쓴다.`,
    ),
    'proxy',
  )
  const watched = { bench, scene, client, origin, silence }
  await talk(watched)
  scene.step(
    2,
    said(
      'The origin agreed with 101. From here on there is no more HTTP: the proxy is a tunnel.',
      '원 서버가 101로 동의했다. 이제부터는 HTTP가 아니다. 프록시는 터널이 된다.',
    ),
    'origin',
  )
  return watched
}

/** The end that sends no pings says hello. @returns whether that arrived */
async function talk({ bench, client, origin, silence }: Watched): Promise<boolean> {
  const [from, to] = silence.who === 'client' ? [origin, client] : [client, origin]
  const heard = to.count('text')
  from.send('text', 'Hello')
  return to.until(() => to.count('text') > heard, bench.patienceMs(SOON_MS))
}

/** Calls `once` again and again until the time is over or the proxy has ended the tunnel. @returns how often */
async function beat({ bench, scene, client, silence }: Watched, once: (n: number) => void): Promise<number> {
  const until = scene.now() + bench.ms(silence.idleMs * WATCHED)
  let beats = 0
  while (scene.now() < until) {
    await bench.sleep(silence.pingMs)
    if (client.ended !== '') return beats
    beats += 1
    once(beats)
  }
  return beats
}

function tell(watched: Watched, { pings, talks }: Pick<Lived, 'pings' | 'talks'>): Lived {
  const { scene, client, origin, silence } = watched
  const [from, to] = silence.who === 'client' ? [client, origin] : [origin, client]
  const ended = client.ended !== ''
  const lived = {
    ...{ ended, pings, talks, head: origin.head },
    silentMs: ended ? client.endedAt - client.lastAt : 0,
    read: to.count('ping'),
    pongs: from.count('pong'),
    untouched: client.received === origin.sent && origin.received === client.sent,
  }
  if (ended)
    scene.figure('silence', said('Ended after a silence of', '아무 말 없이 지나 끊기기까지'), lived.silentMs, 'ms')
  scene.figure('pings', said('Pings sent', '보낸 핑'), pings, 'count')
  scene.figure('pongs', said('Pongs that came back', '돌아온 퐁'), lived.pongs, 'count')
  scene.figure(
    'octets',
    said('Bytes that passed through the tunnel', '터널을 지나간 바이트'),
    client.received + origin.received,
    'bytes',
  )
  return lived
}
