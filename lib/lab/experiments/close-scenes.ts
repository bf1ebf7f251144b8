import { type Bench, type Place, party, type Scene } from '../bench.js'
import { type Received, request } from '../client.js'
import type { OriginAnswer } from '../origin.js'
import { said } from '../said.js'
import { ReadingOn } from './close-client.js'
import { ANSWER, type EarlyServer, openEarlyServer } from './close-server.js'

// The scenes of `close`: each ends connections in one way, and shows what the other side can conclude from it.

/** What the origin announces in the first scene, and what it has sent when it ends. */
export const CONTENT_BYTES = 100
export const SENT_BYTES = 40
/** The origin waits this long before it answers a client that has ended its side. */
const THINKS_MS = 500
/** A pause between two events, so that they can be distinguished. */
const PAUSE_MS = 300

const get = (target: string) => request(`GET ${target} HTTP/1.1`, { Host: 'origin' })

export interface Cut {
  /** How the connection ended after a complete answer, without notice. */
  readonly idle: '' | 'fin' | 'reset'
  readonly withLength: Received
  readonly withoutLength: Received
}

/** An idle connection that ends; a message that ends too soon, with and without a length. */
export async function cutShort(bench: Bench): Promise<Cut> {
  const title = said('Cut short', '중간에 잘린 응답')
  const scene = bench.scene('short', title, [party('client'), party('origin')])
  const cut: OriginAnswer = { content: CONTENT_BYTES, stopAfter: SENT_BYTES }
  const answers: Record<string, OriginAnswer> = {
    '/whole': { after: 'leave' },
    '/length': { ...cut, after: 'leave' },
    '/close': { ...cut, framing: 'close' },
  }
  const to = await scene.origin({ answer: ({ target }) => answers[target] ?? {} })
  const first = await scene.client({ to })
  await first.send(get('/whole'))
  await first.response()
  const idle = await first.end()
  if (idle === 'fin') scene.step(1, IDLE_ENDS, 'origin')
  await bench.sleep(PAUSE_MS)
  const withLength = await once(scene, to, get('/length'))
  if (withLength.outcome === 'truncated') scene.step(2, LENGTH_UNFULFILLED, 'client')
  await bench.sleep(PAUSE_MS)
  const withoutLength = await once(scene, to, get('/close'))
  if (withoutLength.outcome === 'whole') scene.step(3, NOBODY_CAN_TELL, 'client')
  const label = said('Bytes of the cut body that came', '잘린 본문에서 도착한 바이트 수')
  scene.figure('came', label, withLength.content.length, 'bytes')
  return { idle, withLength, withoutLength }
}

/** Two messages on a kept connection; the first has a wrong Content-Length. */
export interface Misread {
  readonly first: Received
  readonly second: Received
}

/** @param off added to the right length */
export async function wrongLength(bench: Bench, through: 'direct' | 'hopwise', off: number): Promise<Misread> {
  const id = through === 'hopwise' ? 'guarded' : off < 0 ? 'small' : 'large'
  const parties = through === 'direct' ? [party('client'), party('origin')] : THROUGH_HOPWISE
  const scene = bench.scene(id, WRONG_TITLES[id], parties)
  const origin = await scene.origin({
    answer: ({ nth, target }) =>
      target === '/wrong' && nth === 1 ? { content: FIRST, saidLength: FIRST.length + off } : { content: SECOND },
  })
  const to = through === 'direct' ? origin : await scene.proxy({ kind: 'hopwise', to: origin })
  const client = await scene.client({ to })
  // With a length that is too large, the first message ends only after the second has begun.
  await client.send(off < 0 ? get('/wrong') : get('/wrong') + get('/next'))
  const first = await client.response()
  await bench.sleep(PAUSE_MS)
  if (off < 0) await client.send(get('/next'))
  const second = await client.response()
  tellMisread(scene, { first, second })
  client.close()
  return { first, second }
}

/** The client ends its side right after its request. @returns the answer */
export async function halfClosed(bench: Bench): Promise<Received> {
  const title = said('Half close', '절반 끊기')
  const scene = bench.scene('half', title, [party('client'), party('origin')])
  const origin = await scene.origin({ delayMs: bench.ms(THINKS_MS) })
  const client = await scene.client({ to: origin })
  scene.step(1, HALF_CLOSES, 'client')
  await client.send(get('/'))
  client.halfClose()
  const got = await client.response()
  if (got.outcome === 'whole') scene.step(2, STILL_ANSWERED, 'origin')
  scene.figure(
    'answer',
    said('Bytes of the answer after the FIN', 'FIN을 보낸 뒤에 받은 응답의 바이트 수'),
    octetsOf(got),
    'bytes',
  )
  await client.end()
  return got
}

/** How much of the answer arrived, by kind of client. */
export interface Uploaded {
  /** It goes on writing with a Node socket, which is destroyed by the failed write. */
  readonly writes: Received
  /** It goes on writing, and reads after the failed write: bytes. */
  readonly readsOn: number
  /** It stops writing and only reads. */
  readonly reads: Received
}

/** Uploads to a server that answers early. `hopwise`: hopwise is in front of a server that closes with unread input. */
export async function uploads(bench: Bench, how: keyof typeof UPLOADS, bytes: number): Promise<Uploaded> {
  const { title, parties, ended, kept } = UPLOADS[how]
  const scene = bench.scene(how, title, parties)
  const ways = { scene, how, bytes }
  scene.step(1, WRITES_ON, 'client')
  const writes = await upload(ways, true, () => scene.step(2, ended, 'origin'))
  scene.step(3, octetsOf(writes) === 0 ? ANSWER_LOST : kept, 'client')
  await bench.sleep(PAUSE_MS)
  scene.step(4, READS_AFTER, 'client')
  const readsOn = await uploadReadingOn(ways, () => scene.step(5, ended, 'origin'))
  scene.step(6, how !== 'unread' ? kept : readsOn > 0 ? ANSWER_THERE : ANSWER_GONE, 'client')
  await bench.sleep(PAUSE_MS)
  scene.step(7, ONLY_READS, 'client')
  const reads = await upload(ways, false, () => scene.step(8, ended, 'origin'))
  scene.figure('writes', OCTETS_READ.writes, octetsOf(writes), 'bytes')
  scene.figure('reads-on', OCTETS_READ.readsOn, readsOn, 'bytes')
  scene.figure('reads', OCTETS_READ.reads, octetsOf(reads), 'bytes')
  return { writes, readsOn, reads }
}

interface Way {
  readonly scene: Scene
  readonly how: keyof typeof UPLOADS
  readonly bytes: number
}

/** Sends one half; when the server has answered and ended, sends the other half if `writesOn`; then reads. */
async function upload({ scene, how, bytes }: Way, writesOn: boolean, onAnswered: () => void): Promise<Received> {
  const { to, server } = await openUpload(scene, how)
  const client = await scene.client({ to })
  if (writesOn) client.pause()
  await client.send(uploadHead(bytes))
  const half = Buffer.alloc(Math.floor(bytes / 2), '.')
  void client.send(half)
  await server.answered
  onAnswered()
  if (writesOn) await client.send(half)
  client.resume()
  const got = await client.response({ method: 'POST' })
  client.close()
  return got
}

/** The same with a client that goes on reading after its failed write. @returns bytes of the answer */
async function uploadReadingOn({ scene, how, bytes }: Way, onAnswered: () => void): Promise<number> {
  const { to, server } = await openUpload(scene, how)
  const client = await ReadingOn.connect(scene, to)
  client.send(uploadHead(bytes))
  const half = '.'.repeat(Math.floor(bytes / 2))
  client.send(half)
  await server.answered
  onAnswered()
  client.send(half)
  await client.read()
  return client.octets
}

async function openUpload(scene: Scene, how: Way['how']): Promise<{ to: Place; server: EarlyServer }> {
  const server = await openEarlyServer(scene, how === 'lingering' ? 'lingering' : 'unread')
  return { server, to: how === 'hopwise' ? await scene.proxy({ kind: 'hopwise', to: server }) : server }
}

function uploadHead(bytes: number): string {
  return request('POST /upload HTTP/1.1', { Host: 'origin', 'Content-Length': String(bytes) })
}

const OCTETS_READ = {
  writes: said(
    'Bytes of the answer read by a client that went on writing (a Node socket)',
    '계속 쓴 클라이언트(Node의 소켓)가 읽은 응답의 바이트 수',
  ),
  readsOn: said(
    'Bytes of the answer read by one that went on writing, and read after its failed write',
    '계속 쓰다가 쓰기가 실패한 뒤에 읽은 클라이언트가 읽은 응답의 바이트 수',
  ),
  reads: said(
    'Bytes of the answer read by one that stopped writing and only read',
    '읽기만 한 클라이언트가 읽은 응답의 바이트 수',
  ),
} as const

/** Bytes of head and content together. */
export function octetsOf({ head, content }: Received): number {
  return head.length + content.length
}

async function once(scene: Scene, to: Place, octets: string): Promise<Received> {
  const client = await scene.client({ to })
  await client.send(octets)
  return client.response()
}

export const FIRST = 'This is the first answer.\n'
export const SECOND = 'This is the second answer.\n'
const THROUGH_HOPWISE = [party('client'), party('hopwise'), party('origin')]

function tellMisread(scene: Scene, { first, second }: Misread): void {
  scene.step(
    1,
    said(
      `The client takes ${first.content.length} bytes for the first answer: ${quoted(first)}`,
      `클라이언트는 ${first.content.length}바이트를 첫 번째 응답으로 받아들인다. ${quoted(first)}`,
    ),
    'client',
  )
  const right = second.outcome === 'whole' && String(second.content) === SECOND
  scene.step(
    2,
    right
      ? said('The second answer is what the origin meant.', '두 번째 응답은 원 서버가 보내려던 그대로다.')
      : said(
          'The bytes where the second answer should begin are not an answer.',
          '두 번째 응답이 시작되어야 할 자리에 있는 것은 응답이 아니다.',
        ),
    'client',
  )
  scene.figure(
    'first',
    said('Bytes taken for the first body', '첫 번째 본문으로 받아들인 바이트 수'),
    first.content.length,
    'bytes',
  )
  scene.figure('second', said('Second answers understood', '제대로 읽은 두 번째 응답'), right ? 1 : 0, 'count')
}

const quoted = ({ content }: Received) => JSON.stringify(content.toString('latin1'))

const WRONG_TITLES = {
  small: said('A Content-Length that is too small', '너무 작은 Content-Length'),
  large: said('A Content-Length that is too large', '너무 큰 Content-Length'),
  guarded: said('Too small, through hopwise', 'hopwise를 거친 너무 작은 Content-Length'),
} as const

const IDLE_ENDS = said(
  'The origin has answered, and then closed the idle connection without notice. It may do so at any time, and nothing is lost.',
  '원 서버가 응답한 뒤 아무 말 없이 유휴 커넥션을 닫았다. 언제든지 그래도 되고, 잃은 것도 없다.',
)
const LENGTH_UNFULFILLED = said(
  `${CONTENT_BYTES} bytes were promised and ${SENT_BYTES} came: the client knows that the body is cut.`,
  `${CONTENT_BYTES}바이트를 약속하고 ${SENT_BYTES}바이트만 보냈다. 클라이언트는 본문이 잘렸다는 것을 알 수 있다.`,
)
const NOBODY_CAN_TELL = said(
  'The same cut in a body that ends with the connection: it looks complete, and the client cannot know.',
  '커넥션의 끝으로만 끝나는 본문이 똑같이 잘렸다. 온전해 보이고, 아무도 알 수 없다.',
)
const HALF_CLOSES = said(
  'The client sends its request and ends its side. It still reads.',
  '클라이언트가 요청을 보내고 자기 쪽 출력을 끝낸다. 읽기는 계속한다.',
)
const STILL_ANSWERED = said(
  'The other direction stays open until the origin ends it: the answer comes.',
  '반대 방향은 원 서버가 끝낼 때까지 남아 있다. 응답이 온다.',
)
const WRITES_ON = said(
  'A client uploads, and wants to read the answer afterwards. It uses a Node socket. The server will have answered and ended long before.',
  '한 클라이언트가 업로드를 하고, 다 보낸 다음에 읽으려고 한다. 이 클라이언트는 Node의 소켓이다. 서버는 그보다 훨씬 먼저 응답하고 끝낼 것이다.',
)
const READS_AFTER = said(
  'Another client goes on writing in the same way, but still reads after its write has failed.',
  '다른 클라이언트도 똑같이 계속 쓰지만, 쓰기가 실패한 뒤에도 읽는다.',
)
const ONLY_READS = said(
  'A third client stops the upload and from then on only reads.',
  '세 번째 클라이언트는 업로드를 멈추고 그때부터 읽기만 한다.',
)
const CLOSED_UNREAD = said(
  `The server has sent its ${ANSWER.length} bytes and closed. It leaves bytes unread, so its system sends a reset.`,
  `서버가 ${ANSWER.length}바이트를 보내고 닫았다. 읽지 않은 바이트를 남겼으므로 시스템이 리셋을 보낸다.`,
)
const ENDED_ITS_SIDE = said(
  `The server has sent its ${ANSWER.length} bytes and ended its side. It goes on reading to the end.`,
  `서버가 ${ANSWER.length}바이트를 보내고 자기 쪽 출력을 끝냈다. 읽기는 끝까지 계속한다.`,
)
const ANSWER_LOST = said(
  'The next write failed, and Node destroyed the socket: the answer, which had arrived before, was thrown away unread.',
  '다음 쓰기가 실패하자 Node가 소켓을 없앴다. 그전에 이미 도착한 응답은 읽히지 않은 채 버려졌다.',
)
const ANSWER_THERE = said(
  'The next write failed, but the client still read: the answer was there.',
  '다음 쓰기가 실패했지만 클라이언트는 그래도 읽었다. 응답이 그대로 남아 있었다.',
)
const ANSWER_GONE = said(
  'The next write failed, and there was nothing left to read: this system threw the answer away when the reset came.',
  '다음 쓰기가 실패했고 읽을 것이 남아 있지 않았다. 이 시스템은 리셋을 받자 응답도 버렸다.',
)
const UPLOADS = {
  unread: {
    title: said('Closed with unread input', '읽지 않은 입력을 남기고 닫기'),
    parties: [party('client'), party('origin')],
    ended: CLOSED_UNREAD,
    kept: said('The client has still read its answer.', '그래도 클라이언트는 응답을 읽었다.'),
  },
  lingering: {
    title: said('Own side ended, rest read, then closed', '출력을 끝내고 끝까지 읽은 뒤 닫기'),
    parties: [party('client'), party('origin')],
    ended: ENDED_ITS_SIDE,
    kept: said(
      'The server read and discarded what the client wrote. Nothing broke, and the answer was there when the client read.',
      '클라이언트가 쓴 것은 읽히고 버려졌다. 아무것도 끊기지 않았고, 클라이언트가 읽을 때 응답이 그대로 있었다.',
    ),
  },
  hopwise: {
    title: said('The first server, behind hopwise', 'hopwise 뒤에 있는 첫 번째 서버'),
    parties: THROUGH_HOPWISE,
    ended: CLOSED_UNREAD,
    kept: said(
      'The reset reached hopwise, which had already read the answer. hopwise read what the client still wrote, and the client has its answer.',
      '리셋은 이미 응답을 읽은 hopwise에 닿았다. hopwise는 클라이언트가 아직 쓰고 있던 것을 읽었고, 클라이언트는 응답을 받았다.',
    ),
  },
} as const
