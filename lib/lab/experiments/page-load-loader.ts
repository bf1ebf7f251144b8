import type { Bench, Scene } from '../bench.js'
import { party } from '../bench.js'
import { type LabClient, type Received, request } from '../client.js'
import type { LabOrigin, OriginAnswer, OriginRequest } from '../origin.js'
import { type Said, said } from '../said.js'

/** What is loaded, over which line: in the time of the story. */
export interface Page {
  readonly objects: number
  readonly objectBytes: number
  /** Until a connection is open. */
  readonly connectMs: number
  /** The time that the server needs for an object. */
  readonly serverMs: number
  readonly roundTripMs: number
  /** The capacity of the line for all connections together; 0: as much as loopback. */
  readonly bytesPerS: number
  /** Whether requests that arrive together are processed together. The answers keep their order either way (RFC 9112 9.3.2). */
  readonly work: 'together' | 'in-turn'
}

export interface Technique {
  /** The id of its scene. */
  readonly id: string
  readonly title: Said
  /** Reported when the scene begins. */
  readonly how: Said
  /** Connections open at the same time. */
  readonly lanes: number
  /** A connection serves more than one object. */
  readonly keep: boolean
  /** All requests leave before the first answer. */
  readonly pipelined: boolean
}

/** A loaded page, and what loading it took: real ms. */
export interface Loaded {
  readonly scene: Scene
  readonly totalMs: number
  /** Until the first byte of the last object to begin. */
  readonly begunMs: number
  readonly opened: number
  readonly openAtOnce: number
  /** As the server counted them. */
  readonly requests: number
}

/** A page being loaded: what is left, and what has been seen. */
interface Load {
  readonly bench: Bench
  readonly scene: Scene
  readonly page: Page
  readonly technique: Technique
  readonly left: string[]
  readonly connect: () => Promise<LabClient>
  /** In ms since the scene was set. */
  readonly startedAt: number
  begunAt: number
  doneAt: number
  opened: number
  open: number
  openAtOnce: number
}

/**
 * Loads a page in one way, in its own scene.
 * @param begins called when the scene is set
 * @throws if an object does not arrive complete
 */
export async function loadPage(
  bench: Bench,
  page: Page,
  technique: Technique,
  begins: (scene: Scene) => void,
): Promise<Loaded> {
  const scene = bench.scene(technique.id, technique.title, [party('client'), party('origin')])
  begins(scene)
  scene.step(1, technique.how, 'client')
  const origin = await scene.origin({ answer: each => answerTo(bench, page, each) })
  const place = await lineTo(scene, origin, page)
  const load: Load = {
    ...{ bench, scene, page, technique },
    left: Array.from({ length: page.objects }, (_, i) => `/image-${i + 1}`),
    connect: () => scene.client({ to: place }),
    startedAt: scene.now(),
    ...{ begunAt: 0, doneAt: 0, opened: 0, open: 0, openAtOnce: 0 },
  }
  const lane = technique.pipelined ? pipeline : oneAfterAnother
  await Promise.all(Array.from({ length: Math.min(technique.lanes, page.objects) }, () => lane(load)))
  const { opened, openAtOnce } = load
  const [totalMs, begunMs] = [load.doneAt - load.startedAt, load.begunAt - load.startedAt]
  const requests = origin.requests.length
  scene.step(2, said(`All ${requests} objects have arrived.`, `객체 ${requests}개가 모두 도착했다.`), 'client')
  return { scene, totalMs, begunMs, opened, openAtOnce, requests }
}

/**
 * The work begins when the request has arrived, not when the previous answer has left, unless the server works on them in turn.
 */
function answerTo(bench: Bench, { work, serverMs, objectBytes }: Page, { cameAt }: OriginRequest): OriginAnswer {
  const delayMs = work === 'together' ? cameAt + bench.ms(serverMs) - bench.now() : bench.ms(serverMs)
  return { content: objectBytes, delayMs, fields: { 'Content-Type': 'image/png' } }
}

async function lineTo(scene: Scene, origin: LabOrigin, { roundTripMs, bytesPerS }: Page) {
  if (roundTripMs === 0 && bytesPerS === 0) return origin
  const { bench } = scene
  return scene.relay('client', origin, { delayMs: bench.ms(roundTripMs) / 2, bytesPerS: bytesPerS / bench.scale })
}

/** One worker of the client: takes the next object as soon as its previous one has arrived. */
async function oneAfterAnother(load: Load): Promise<void> {
  const { technique, left, scene } = load
  let client: LabClient | null = null
  for (let target = left.shift(); target !== undefined; target = left.shift()) {
    if (client !== null) scene.bar({ row: target, part: 'wait', from: load.startedAt, to: scene.now() })
    if (client === null || !technique.keep) client = await opened(load, target)
    const sentAt = scene.now()
    await client.send(requestFor(target, technique.keep))
    await received(load, client, target, sentAt)
    // The server closes; the client does not wait for that.
    if (!technique.keep) load.open -= 1
  }
  if (technique.keep) client?.close()
  else await client?.end()
}

async function pipeline(load: Load): Promise<void> {
  const { left, scene } = load
  const targets = left.splice(0)
  const client = await opened(load, targets[0] ?? '')
  for (const target of targets.slice(1)) scene.bar({ row: target, part: 'wait', from: load.startedAt, to: scene.now() })
  const sentAt = scene.now()
  await client.send(targets.map(target => requestFor(target, true)).join(''))
  for (const target of targets) await received(load, client, target, sentAt)
  client.close()
}

/** On loopback the kernel connects at once and cannot be made to wait: so the client waits before it connects. */
async function opened(load: Load, row: string): Promise<LabClient> {
  const { bench, scene, page } = load
  const from = scene.now()
  load.open += 1
  load.openAtOnce = Math.max(load.openAtOnce, load.open)
  await bench.sleep(page.connectMs)
  const client = await load.connect()
  load.opened += 1
  scene.bar({ row, part: 'connect', from, to: scene.now(), connection: client.connection })
  return client
}

async function received(load: Load, client: LabClient, row: string, sentAt: number): Promise<void> {
  const { scene, page } = load
  const calledAt = scene.now()
  const response: Received = await client.response()
  if (response.outcome !== 'whole' || response.content.length !== page.objectBytes)
    throw new Error(`the response for ${row} was ${response.outcome}, with ${response.content.length} bytes`)
  const { connection } = client
  const firstAt = calledAt + response.firstMs
  load.begunAt = Math.max(load.begunAt, firstAt)
  load.doneAt = Math.max(load.doneAt, calledAt + response.tookMs)
  scene.bar({ row, part: 'server', from: sentAt, to: firstAt, connection })
  scene.bar({ row, part: 'receive', from: firstAt, to: calledAt + response.tookMs, connection })
}

function requestFor(target: string, keep: boolean): string {
  return request(`GET ${target} HTTP/1.1`, { Host: 'origin', ...(keep ? {} : { Connection: 'close' }) })
}
