import type { Bench } from '../bench.js'
import { experiment, judged, type Verdict } from '../experiment.js'
import { said } from '../said.js'
import {
  CONTENT_BYTES,
  type Cut,
  cutShort,
  FIRST,
  halfClosed,
  type Misread,
  octetsOf,
  SECOND,
  SENT_BYTES,
  type Uploaded,
  uploads,
  wrongLength,
} from './close-scenes.js'
import { ANSWER } from './close-server.js'

export const close = experiment({
  id: 'close',
  title: said('How connections end', '커넥션이 끝나는 방법'),
  question: said(
    `A client uploads a large file and wants to read the answer afterwards. The server decides early: it sends its answer of ${ANSWER.length} bytes and closes the connection without reading the rest of the upload. The client's next write fails: the connection was reset. The answer came before the reset. How much of the answer can the client still read?`,
    `클라이언트가 큰 파일을 업로드하고, 그다음에 응답을 읽으려고 한다. 서버는 곧바로 충분히 보았다고 판단해 ${ANSWER.length}바이트의 응답을 보내고, 업로드의 나머지를 읽지 않은 채 커넥션을 닫는다. 클라이언트의 다음 쓰기는 실패한다. 커넥션이 리셋되었기 때문이다. 클라이언트는 그보다 먼저 도착한 응답을 얼마나 읽을 수 있을까?`,
  ),
  answers: [
    {
      text: said(
        'Nothing: a reset destroys what came before it',
        '한 바이트도 읽지 못한다. 리셋이 그전에 온 것까지 없앤다',
      ),
    },
    {
      text: said(
        `All ${ANSWER.length} bytes, if its program and its system have kept them: neither has to`,
        `프로그램과 시스템이 버리지 않았다면 ${ANSWER.length}바이트 전부. 그러나 버려도 된다`,
      ),
    },
    {
      text: said('All of it, but only when its upload is done', '업로드를 다 마친 뒤에야 전부 읽는다'),
    },
    { text: said('As much as fits into one segment', '세그먼트 하나에 들어가는 만큼') },
  ],
  watch: said(
    'Each scene ends a connection in a different way. Each time, ask what the other side can know: that it has everything, that it has only a part, or nothing at all.',
    '장면마다 다른 방식으로 커넥션이 끝난다. 그때마다 반대쪽이 무엇을 알 수 있는지 생각해 보라. 전부 받았다는 것을 아는가, 일부만 받았다는 것을 아는가, 아니면 아무것도 알 수 없는가?',
  ),
  lesson: [
    said(
      'Either side may close at any time, even in the middle of a message. So a message must say where it ends. A body that is cut is not a short body: when fewer bytes arrive than Content-Length says, the message is incomplete, and must be thrown away or marked, never used as if it were complete. Where only the end of the connection ends the body, the receiver cannot distinguish the two.',
      '어느 쪽이든 언제라도, 메시지 중간에도 닫을 수 있다. 그래서 메시지는 어디에서 끝나는지를 스스로 말해야 한다. 잘린 본문은 짧은 본문이 아니다. Content-Length가 채워지지 않았다면 그 메시지는 불완전하므로 버리거나 표시해 두어야 하고, 온전한 것처럼 써서는 안 된다. 커넥션의 끝만이 본문의 끝을 알린다면 둘을 구별할 방법이 없다.',
    ),
    said(
      'A wrong Content-Length is worse on a connection that is kept, because it moves the border between two messages. If it is too small, the rest of the first body is where the second answer should begin; if it is too large, the first body swallows the head of the second answer. A proxy that gives such a connection to the next client hands out answers that belong to others. hopwise keeps a connection only if no bytes came after the response.',
      '유지되는 커넥션에서는 잘못된 Content-Length가 더 위험하다. 두 메시지의 경계가 움직이기 때문이다. 너무 작으면 첫 번째 본문의 나머지가 두 번째 응답이 시작될 자리에 놓이고, 너무 크면 첫 번째 본문이 두 번째 응답의 헤더를 삼킨다. 그런 커넥션을 다음 클라이언트의 요청에 쓰는 프록시는 남의 응답을 건네주게 된다. hopwise는 응답 뒤에 아무것도 따라오지 않았을 때만 커넥션을 유지한다.',
    ),
    said(
      'A connection has two directions, and each one ends separately. With a half close one side says "I have sent everything" and goes on reading; the answer still comes. A half close is not an abort, although many servers and proxies treat it as one.',
      '커넥션에는 두 방향이 있고 각각 따로 끝난다. 절반 끊기는 한쪽이 "보낼 것은 다 보냈다"고 말하고 읽기는 계속하는 것이다. 응답은 여전히 온다. 많은 서버와 프록시가 중단으로 여기지만 이것은 중단이 아니다.',
    ),
    said(
      'A server that closes both directions while the client is still sending destroys more than it wants to. Its system answers the unread bytes with a reset; when the reset reaches the client, the next write fails. Whether the client can then still read the answer depends on two things. Its system: Linux keeps delivered bytes until the program reads them, but TCP allows a reset to empty the queues (RFC 9293 3.10.7.4), and other systems do that. Its program: with plain sockets a program can read after a failed write, but a Node socket is destroyed by the failed write, and many other programs stop there, too. So a server must not rely on it.',
      '상대가 아직 보내고 있는데 두 방향을 모두 닫으면 의도한 것보다 더 많은 것이 부서진다. 아무도 읽지 않을 바이트에는 리셋이 돌아가고, 리셋을 받은 클라이언트는 다음 쓰기에 실패한다. 그보다 먼저 보낸 응답을 클라이언트가 볼 수 있는지는 다른 둘에 달려 있다. 하나는 시스템이다. 리눅스는 이미 도착한 것을 읽을 수 있게 남겨 두지만, TCP에서는 리셋이 대기열을 비워도 되고(RFC 9293 3.10.7.4) 그렇게 하는 시스템도 있다. 다른 하나는 프로그램이다. 소켓을 직접 다루면 쓰기가 실패한 뒤에도 읽을 수 있지만, Node의 소켓은 그 순간 없어지고 거기서 멈추는 프로그램도 많다. 그러므로 서버는 이것을 기대해서는 안 된다.',
    ),
    said(
      'So the right way is: end your own output, read the other side’s output to its end, for a limited time, and then close.',
      '그러므로 올바른 방법은 이렇다. 자신의 출력을 끝내고, 상대의 출력을 정해진 시간 안에서 끝까지 읽고, 그다음에 닫는다.',
    ),
  ],
  change: said(
    'Make the length wrong by only one byte. One is enough: the second answer is still lost.',
    '길이를 한 바이트만 틀리게 해 보라. 한 바이트면 충분하다. 두 번째 응답은 똑같이 사라진다.',
  ),
  references: [
    'RFC 9112 6.3',
    'RFC 9112 8',
    'RFC 9112 9.6',
    'RFC 9293 3.6.1',
    'RFC 9293 3.10.7.4',
    'RFC 1122 4.2.2.13',
    'HTTP: The Definitive Guide 4.7',
  ],
  knobs: {
    off: {
      kind: 'number',
      label: said('Content-Length is wrong by', 'Content-Length가 틀린 만큼'),
      unit: 'bytes',
      min: 1,
      max: 20,
      step: 1,
      standard: 5,
    },
    upload: {
      kind: 'number',
      label: said('Size of the upload', '업로드의 크기'),
      unit: 'bytes',
      min: 262_144,
      max: 1_048_576,
      step: 131_072,
      standard: 524_288,
    },
  },
  timeMaxMs: 30_000,
  async run(bench, knobs) {
    const ends = await inOrder(bench, knobs)
    return verdict(ends)
  },
})

interface Ends {
  readonly cut: Cut
  readonly small: Misread
  readonly large: Misread
  readonly guarded: Misread
  readonly half: Awaited<ReturnType<typeof halfClosed>>
  readonly unread: Uploaded
  readonly lingering: Uploaded
  readonly hopwise: Uploaded
}

/** Scenes that belong together are shown side by side. */
async function inOrder(bench: Bench, { off, upload }: { off: number; upload: number }): Promise<Ends> {
  const [cut, half] = await Promise.all([cutShort(bench), halfClosed(bench)])
  const [small, large, guarded] = await Promise.all([
    wrongLength(bench, 'direct', -off),
    wrongLength(bench, 'direct', off),
    wrongLength(bench, 'hopwise', -off),
  ])
  const [unread, lingering, hopwise] = await Promise.all([
    uploads(bench, 'unread', upload),
    uploads(bench, 'lingering', upload),
    uploads(bench, 'hopwise', upload),
  ])
  return { cut, half, small, large, guarded, unread, lingering, hopwise }
}

function verdict({ cut, half, small, large, guarded, unread, lingering, hopwise }: Ends): Verdict {
  const { idle, withLength, withoutLength } = cut
  const short = withLength.outcome === 'truncated' && withoutLength.outcome === 'whole'
  const misread = [small, large].every(({ second }) => String(second.content) !== SECOND)
  const moved = small.first.content.length < FIRST.length && large.first.content.length > FIRST.length
  const kept = String(guarded.second.content) === SECOND
  const { readsOn } = unread
  const byNode = octetsOf(unread.writes)
  const saved = Math.min(octetsOf(lingering.writes), lingering.readsOn)
  const through = hopwise.writes.status === 413 && hopwise.readsOn > 0
  return judged(
    idle === 'fin' &&
      short &&
      misread &&
      moved &&
      kept &&
      half.outcome === 'whole' &&
      byNode === 0 &&
      saved === ANSWER.length &&
      through,
    said(
      `Where the server closed with unread input, a client that went on writing read ${byNode} of the ${ANSWER.length} bytes of the answer with a Node socket, and ${readsOn} where it read after its failed write; where the server first read to the end, both read ${saved}; a wrong Content-Length destroyed the second answer, but not through hopwise; that ${withLength.content.length} of ${CONTENT_BYTES} bytes were only a part was visible only where a length was given.`,
      `서버가 읽지 않은 입력을 남기고 닫았을 때, 계속 쓴 클라이언트는 ${ANSWER.length}바이트의 응답 가운데 Node의 소켓으로는 ${byNode}바이트를, 쓰기가 실패한 뒤에도 읽는 프로그램으로는 ${readsOn}바이트를 읽었다. 서버가 먼저 끝까지 읽었을 때는 둘 다 ${saved}바이트를 읽었다. 잘못된 Content-Length 때문에 두 번째 응답을 잃었지만 hopwise를 거치면 잃지 않았다. ${CONTENT_BYTES}바이트 중 ${withLength.content.length}바이트가 일부라는 것은 길이가 있을 때만 알 수 있었다.`,
    ),
    said(
      `Not every effect was seen: the client that went on writing read ${byNode} bytes of ${ANSWER.length} with a Node socket and ${readsOn} after its failed write, with a lingering server ${saved}, through hopwise it got ${hopwise.writes.status}; with ${SENT_BYTES} of ${CONTENT_BYTES} bytes the message was ${withLength.outcome}; the second answers were ${small.second.outcome}, ${large.second.outcome} and, through hopwise, ${guarded.second.outcome}.`,
      `모두 나타나지는 않았다. 계속 쓴 클라이언트는 ${ANSWER.length}바이트 중 Node의 소켓으로 ${byNode}바이트를, 쓰기가 실패한 뒤 ${readsOn}바이트를, 끝까지 읽는 서버에서는 ${saved}바이트를 읽었다. hopwise를 거친 응답: ${hopwise.writes.status}. ${CONTENT_BYTES}바이트 중 ${SENT_BYTES}바이트만 온 메시지: ${withLength.outcome}. 두 번째 응답: ${small.second.outcome}, ${large.second.outcome}, hopwise를 거치면 ${guarded.second.outcome}.`,
    ),
    // It depends on whether this system has kept the answer.
    readsOn === ANSWER.length ? 2 : readsOn === 0 ? 1 : null,
  )
}
