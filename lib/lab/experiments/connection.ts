import { readFile } from 'node:fs/promises'
import { Resolver } from '../../net/names/resolver.js'
import type { Bench, Place, Scene } from '../bench.js'
import { party } from '../bench.js'
import { type LabClient, type Received, request } from '../client.js'
import { experiment, judged, type Verdict } from '../experiment.js'
import { said, yesNo } from '../said.js'
import { ADDRESS, type FourValues, fourValues } from './connection-values.js'
import { counted } from './keep-alive-parts.js'

const HOST = 'localhost'
const PATH = '/page.txt'
/** The packet size of most networks, and the room that is left in it for content after the IPv4 and TCP headers. */
const ETHERNET_BYTES = 1_500
const ETHERNET_CONTENT_BYTES = 1_460

/** Where the time of a transaction went: the end of each part, in ms since its scene was set. */
interface Moments {
  begin: number
  named: number
  connected: number
  arrived: number
  worked: number
  read: number
}

interface Transaction {
  readonly moments: Moments
  readonly reads: number
  /** Every byte arrived, in its right place. */
  readonly inOrder: boolean
}

export const connection = experiment({
  id: 'connection',
  title: said('What a transaction is made of', '트랜잭션은 무엇으로 이루어지는가'),
  question: said(
    'A client fetches one document from a nearby server, and the server needs a moment to prepare it. Which part takes most of the time?',
    '클라이언트가 가까이 있는 서버에서 문서 하나를 가져오고, 서버는 그 문서를 준비하는 데 시간이 조금 걸린다. 무엇이 가장 오래 걸릴까?',
  ),
  answers: [
    { text: said('Looking up the address of the name', '이름에 해당하는 주소를 찾는 일') },
    { text: said('Opening the connection', '커넥션을 여는 일') },
    { text: said('The work of the server', '서버가 처리하는 일') },
    { text: said('Sending the content over the line', '본문을 전송하는 일') },
  ],
  watch: said(
    'Count the seven steps from the name in the address bar to the closed connection, and see in the bars where the time goes. Then see what makes two connections different.',
    '주소창의 이름에서 시작하여 커넥션이 닫힐 때까지 일곱 단계를 세어 보고, 시간이 어디에 쓰이는지 막대에서 확인하라. 그다음 무엇이 두 커넥션을 구별하는지 보라.',
  ),
  lesson: [
    said(
      'A client takes the host name from the URL, looks up its address, takes the port from the URL (80 if an http URL has none), connects, sends the request, reads the response and closes the connection. These are seven steps, and only two of them carry HTTP.',
      '클라이언트는 URL에서 호스트 이름을 얻고, 그 이름의 주소를 찾고, URL에서 포트를 얻고(http에서 생략하면 80), 커넥션을 열고, 요청을 보내고, 응답을 읽고, 커넥션을 닫는다. 일곱 단계 가운데 HTTP가 오가는 단계는 둘뿐이다.',
    ),
    said(
      'A connection is identified by four values: the address and port of one end, the address and port of the other. Two connections at the same time may have three of them in common, never all four.',
      '커넥션은 네 값으로 식별된다. 한쪽의 주소와 포트, 그리고 다른 쪽의 주소와 포트다. 동시에 열린 두 커넥션은 이 가운데 셋까지 같을 수 있지만 넷이 모두 같을 수는 없다.',
    ),
    said(
      'TCP takes bytes at one end and delivers the same bytes, in the same order, at the other. On the way it cuts them into segments, and IP carries each segment in a packet. Where one piece ends and the next begins means nothing, so HTTP itself has to say where a message ends.',
      'TCP는 한쪽 끝에서 받은 바이트를 다른 쪽 끝에 같은 순서로 그대로 전달한다. 그 과정에서 바이트를 세그먼트로 나누고, IP는 세그먼트를 하나씩 패킷에 담아 나른다. 조각이 어디에서 끊기는지는 아무 의미가 없다. 메시지가 어디에서 끝나는지는 HTTP가 스스로 알려야 한다.',
    ),
    said(
      'The time of a transaction has five parts: looking up the name, connecting, sending the request, the work of the server, and the answer. With a slow server nearby, the work takes nearly all of the time; with a fast server far away and a new connection for each request, the name and the connecting do.',
      '트랜잭션에 걸리는 시간은 이름 찾기, 커넥션 열기, 요청 보내기, 서버의 처리, 응답 받기로 나뉜다. 가까이 있는 느린 서버라면 거의 모두가 처리 시간이다. 멀리 있는 빠른 서버에 요청마다 커넥션을 연다면 이름 찾기와 커넥션 열기가 대부분을 차지한다.',
    ),
  ],
  change: said(
    'Set the work of the server to 0 ms: now you see the parts that were too small before. Then make the content small: it comes in one piece.',
    '서버의 처리 시간을 0ms로 해 보라. 너무 짧아서 보이지 않던 부분만 남는다. 그다음 본문을 작게 해 보라. 한 조각으로 도착한다.',
  ),
  references: [
    'RFC 9110 4.2.1',
    'RFC 9293 3.5',
    'RFC 9293 3.6',
    'RFC 9293 3.7',
    'RFC 9293 4',
    'HTTP: The Definitive Guide 4.1, 4.2',
  ],
  knobs: {
    work: {
      kind: 'number',
      label: said('Work of the server', '서버의 처리 시간'),
      unit: 'ms',
      min: 0,
      max: 5_000,
      step: 100,
      standard: 800,
    },
    size: {
      kind: 'number',
      label: said('Content', '본문 크기'),
      unit: 'bytes',
      min: 100,
      max: 1_048_576,
      step: 100,
      standard: 300_000,
    },
  },
  timeMaxMs: 30_000,
  async run(bench, { work, size }) {
    const transaction = await transact(bench, work, size)
    return verdict(transaction, await fourValues(bench), size)
  },
})

async function transact(bench: Bench, workMs: number, size: number): Promise<Transaction> {
  const scene = bench.scene('transaction', said('One transaction', '트랜잭션 하나'), [party('client'), party('origin')])
  const content = numbered(size)
  const mtu = await loopbackMtu()
  const moments: Moments = { begin: 0, named: 0, connected: 0, arrived: 0, worked: 0, read: 0 }
  const origin = await scene.origin({
    // Both ends are in one process: one clock says when the request arrived and when the work was done.
    async answer() {
      moments.arrived = scene.now()
      await bench.sleep(workMs)
      moments.worked = scene.now()
      return { content, fields: { 'Content-Type': 'text/plain' } }
    },
  })
  moments.begin = scene.now()
  await findAddress(scene, origin.port)
  moments.named = scene.now()
  const client = await connect(scene, origin)
  moments.connected = scene.now()
  tellSend(scene)
  await client.send(request(`GET ${PATH} HTTP/1.1`, { Host: `${HOST}:${origin.port}` }))
  const got = await client.response()
  moments.read = scene.now()
  const inOrder = got.outcome === 'whole' && got.content.equals(content)
  tellRead(scene, client, got)
  client.close()
  tellPackets(scene, size, mtu)
  tellTimes(scene, moments, client.connection)
  return { moments, reads: client.reads, inOrder }
}

/** Steps 1 to 3. All addresses of the name are reported; the origin listens on one of them. */
async function findAddress(scene: Scene, port: number): Promise<void> {
  const url = `http://${HOST}:${port}${PATH}`
  scene.step(
    1,
    said(
      `The client takes the host name from ${url}: ${HOST}.`,
      `클라이언트가 ${url} 주소에서 호스트 이름을 얻는다: ${HOST}.`,
    ),
    'client',
  )
  const began = scene.now()
  const what = await new Promise<string>(done => {
    new Resolver().resolve(HOST, (error, found) =>
      done(error === null ? found.map(({ address }) => address).join(', ') : error.message),
    )
  })
  const tookMs = (scene.now() - began).toFixed(2)
  scene.step(
    2,
    said(
      `It asks for the address of that name. The answer after ${tookMs} ms: ${what}. The origin is at ${ADDRESS}.`,
      `그 이름의 주소를 묻는다. ${tookMs}ms 뒤에 받은 답: ${what}. 원 서버는 ${ADDRESS} 주소에 있다.`,
    ),
    'client',
  )
  scene.step(
    3,
    said(
      `It takes the port from the URL: ${port}. Without one it would be 80.`,
      `URL에서 포트를 얻는다: ${port}. 적혀 있지 않으면 80이다.`,
    ),
    'client',
  )
}

/** Step 4, and the four values. */
async function connect(scene: Scene, origin: Place): Promise<LabClient> {
  const client = await scene.client({ to: origin })
  scene.step(
    4,
    said(
      'It connects: three packets, SYN, SYN with ACK, and ACK.',
      '커넥션을 연다. SYN, SYN+ACK, ACK 세 패킷을 주고받는다.',
    ),
    'client',
  )
  const [near, far] = client.addresses
  scene.note(said(`Its four values: ${near} and ${far}.`, `이 커넥션의 네 값: ${near}, ${far}.`), 'client')
  return client
}

function tellSend(scene: Scene): void {
  scene.step(5, said('It sends the request.', '요청을 보낸다.'), 'client')
}

/** Steps 6 and 7. */
function tellRead(scene: Scene, client: LabClient, { content }: Received): void {
  const { reads } = client
  scene.step(
    6,
    said(
      `It reads the response to its end: ${content.length} bytes of content, in ${counted(reads, 'piece')}.`,
      `응답을 끝까지 읽는다. 본문 ${content.length}바이트가 ${reads}조각으로 도착했다.`,
    ),
    'client',
  )
  scene.figure('reads', said('Pieces that the response came in', '응답이 나뉘어 도착한 조각 수'), reads, 'count')
  scene.figure('content', said('Content', '본문'), content.length, 'bytes')
  scene.step(7, said('It closes the connection.', '커넥션을 닫는다.'), 'client')
}

function tellPackets(scene: Scene, size: number, mtu: number | null): void {
  const packets = Math.ceil(size / ETHERNET_CONTENT_BYTES)
  const here =
    mtu === null
      ? said('', '')
      : said(
          ` On loopback a packet may have up to ${mtu} bytes.`,
          ` 루프백에서는 패킷 하나가 ${mtu}바이트까지 될 수 있다.`,
        )
  scene.note(
    said(
      `Over Ethernet, with ${ETHERNET_BYTES} bytes in a packet, this content would take at least ${counted(packets, 'segment')}.${here.en}`,
      `패킷 하나가 ${ETHERNET_BYTES}바이트인 이더넷이라면 이 본문에는 세그먼트가 적어도 ${packets}개 필요하다.${here.ko}`,
    ),
    'origin',
  )
}

/** The largest packet on loopback, where the system reports it. */
async function loopbackMtu(): Promise<number | null> {
  const text = await readFile('/sys/class/net/lo/mtu', 'latin1').catch(() => '')
  return /^\d+\s*$/.test(text) ? Number(text) : null
}

function tellTimes(scene: Scene, at: Moments, connection: string): void {
  const parts = [
    ['name', 'name', said('Name', '이름 찾기'), at.begin, at.named],
    ['connect', 'connect', said('Connect', '커넥션 열기'), at.named, at.connected],
    ['send', 'send', said('Send', '요청 보내기'), at.connected, at.arrived],
    ['work', 'server', said('Work', '서버의 처리'), at.arrived, at.worked],
    ['answer', 'receive', said('Answer', '응답 받기'), at.worked, at.read],
  ] as const
  for (const [id, part, label, from, to] of parts) {
    scene.figure(id, label, to - from, 'ms')
    scene.bar({ row: PATH, part, from, to, connection })
  }
}

/** Content in which every byte shows its position: lines of 16 bytes, each with its own offset. */
function numbered(size: number): Buffer {
  const lines = Array.from({ length: Math.ceil(size / 16) }, (_, i) => `${String(i * 16).padStart(15, ' ')}\n`)
  return Buffer.from(lines.join(''), 'latin1').subarray(0, size)
}

/** The part that took more time than all others together; null when there is none. */
function answerOf({ begin, named, connected, arrived, worked, read }: Moments): number | null {
  const parts = [named - begin, connected - named, worked - arrived, read - worked]
  const most = parts.findIndex(part => part > (read - begin) / 2)
  return most < 0 ? null : most + 1
}

function verdict({ moments, reads, inOrder }: Transaction, values: FourValues, size: number): Verdict {
  const told = values.portsDiffer && values.same !== ''
  const { answered } = values
  const total = moments.read - moments.begin
  const share = total === 0 ? 0 : Math.round((100 * (moments.worked - moments.arrived)) / total)
  const ms = total.toFixed(total < 10 ? 1 : 0)
  return judged(
    inOrder && told && answered,
    said(
      `In seven steps and ${ms} ms, ${size} bytes arrived in order, in ${counted(reads, 'piece')}; ${share} % of the time was the work of the server, and no two connections had all four values in common.`,
      `일곱 단계를 거쳐 ${ms}ms 만에 ${size}바이트가 ${reads}조각으로 나뉘어 순서대로 도착했다. 시간의 ${share}%는 서버의 처리였고, 네 값이 모두 같은 커넥션은 없었다.`,
    ),
    said(
      `The result is not as expected: bytes in order: ${yesNo(inOrder).en}, a second connection with the same four values refused: ${yesNo(values.same !== '').en}, each answered by its own origin: ${yesNo(answered).en}.`,
      `예상과 달랐다. 바이트 순서 유지: ${yesNo(inOrder).ko}, 네 값이 같은 두 번째 커넥션 거부: ${yesNo(values.same !== '').ko}, 각 커넥션에 맞는 원 서버의 응답: ${yesNo(answered).ko}.`,
    ),
    answerOf(moments),
  )
}
