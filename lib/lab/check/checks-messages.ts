import { said } from '../said.js'
import type { Check } from './check.js'
import { type Field, hasField } from './field.js'
import { Wrong } from './wrong.js'

const TEXT = 'The quick brown fox jumps over the lazy dog.\n'

function sameContent(content: Buffer, head: string): void {
  if (content.toString('latin1') !== TEXT)
    throw new Wrong(
      said(
        `the content arrived with ${content.length} bytes instead of ${TEXT.length}, or it was changed`,
        `본문이 ${TEXT.length}바이트가 아니라 ${content.length}바이트로 왔거나, 바뀌었다`,
      ),
      `${head}${content.toString('latin1').slice(0, 400)}`,
    )
}

function contentAtOrigin({ last }: Field): void {
  sameContent(last.content, last.head)
}

export const FRAMING_CHECKS: readonly Check[] = [
  {
    id: 'length-request',
    level: 'framing',
    title: said('The content of a request arrives complete', '요청의 본문이 온전히 도착한다'),
    fix: said(
      'Forward exactly as many bytes as Content-Length says.',
      'Content-Length가 알리는 바이트 수만큼 정확히 전달하라.',
    ),
    section: 'RFC 9112 6.2',
    async run(field) {
      await field.whole(await field.client(), { method: 'POST', content: TEXT, apart: true })
      contentAtOrigin(field)
    },
  },
  {
    id: 'chunked-request',
    level: 'framing',
    title: said('The chunked content of a request arrives complete', '청크로 보낸 요청 본문이 온전히 도착한다'),
    fix: said(
      'Transfer-Encoding is for one hop: read the chunks, and frame the content again for the next connection.',
      'Transfer-Encoding은 홉별 헤더다. 청크를 읽고, 다음 커넥션에 맞게 본문의 경계를 새로 정하라.',
    ),
    section: 'RFC 9112 7.1',
    async run(field) {
      await field.whole(await field.client(), { method: 'POST', content: TEXT, chunked: true, apart: true })
      contentAtOrigin(field)
    },
  },
  {
    id: 'chunked-response',
    level: 'framing',
    title: said('The chunked content of a response arrives complete', '청크로 온 응답 본문이 온전히 도착한다'),
    fix: said('Read the chunks of the origin and write your own.', '원 서버의 청크를 읽고 자신의 청크를 써라.'),
    section: 'RFC 9112 7.1',
    async run(field) {
      field.answers(() => ({ content: TEXT, framing: 'chunked' }))
      const { content, head } = await field.whole(await field.client())
      sameContent(content, head)
    },
  },
  {
    id: 'chunked-to-http10',
    level: 'framing',
    title: said('An HTTP/1.0 client never gets chunks', 'HTTP/1.0 클라이언트는 청크를 받지 않는다'),
    fix: said(
      'HTTP/1.0 does not know chunks: remove the chunk framing, and end the content with Content-Length or with the connection.',
      'HTTP/1.0은 청크를 모른다. 청크를 풀고, Content-Length나 커넥션 종료로 본문의 끝을 알려라.',
    ),
    section: 'RFC 9112 6.1',
    async run(field) {
      field.answers(() => ({ content: TEXT, framing: 'chunked' }))
      const { content, head } = await field.whole(await field.client(), { version: '1.0' })
      if (hasField(head, 'Transfer-Encoding'))
        throw new Wrong(
          said(
            'the HTTP/1.0 client received Transfer-Encoding',
            'HTTP/1.0 클라이언트가 Transfer-Encoding 헤더를 받았다',
          ),
          head,
        )
      sameContent(content, head)
    },
  },
  {
    id: 'until-close',
    level: 'framing',
    title: said(
      'Content that ends with the connection arrives complete',
      '커넥션 종료로 끝나는 본문이 온전히 도착한다',
    ),
    fix: said(
      "The end of the origin's connection is the end of this content: forward it in chunks, or close your connection to the client, too.",
      '원 서버 쪽 커넥션의 끝이 이 본문의 끝이다. 청크로 전달하거나, 마찬가지로 커넥션을 닫아서 알려라.',
    ),
    section: 'RFC 9112 6.3',
    async run(field) {
      field.answers(() => ({ content: TEXT, framing: 'close' }))
      const { content, head } = await field.whole(await field.client())
      sameContent(content, head)
    },
  },
  {
    id: 'head',
    level: 'framing',
    title: said(
      'A response to HEAD has no content, and the proxy does not wait for it',
      'HEAD 응답에는 본문이 없고, 아무도 본문을 기다리지 않는다',
    ),
    fix: said(
      'Whatever its fields say, a response to HEAD ends with its head: do not wait for content that never comes.',
      '헤더가 무엇을 알리든 HEAD 응답은 헤더 뒤의 빈 줄에서 끝난다. 오지 않을 본문을 기다리지 마라.',
    ),
    section: 'RFC 9112 6.3',
    async run(field) {
      field.answers(() => ({ content: TEXT }))
      await field.whole(await field.client(), { method: 'HEAD' })
      const { content, head } = await field.whole(await field.client())
      sameContent(content, head)
    },
  },
  {
    id: 'named-framing',
    level: 'framing',
    title: said(
      'Content is not lost when Connection names its length',
      'Connection이 본문의 길이를 지목해도 본문을 잃지 않는다',
    ),
    fix: said(
      'Do the framing yourself: how content is framed on the next connection is your decision, never that of the client.',
      '메시지의 경계는 스스로 정하라. 다음 커넥션에서의 경계는 클라이언트가 아니라 프록시가 정한다.',
    ),
    section: 'RFC 9110 7.6.1',
    async run(field) {
      const fields = [['Connection', 'Content-Length']] as const
      const received = await field.exchange(await field.client(), { method: 'POST', content: TEXT, fields })
      if (received.outcome === 'whole' && received.status >= 400 && field.seen.length === 0) return
      if (received.outcome !== 'whole')
        throw new Wrong(said('the exchange hung or broke', '요청과 응답의 교환이 멈추거나 깨졌다'), received.head)
      contentAtOrigin(field)
    },
  },
  {
    id: 'truncated',
    level: 'framing',
    title: said('A cut message does not look complete', '잘린 것이 온전한 것처럼 보이지 않는다'),
    fix: said(
      'If the origin closes before its content is complete, the client must see it: close its connection without a last chunk and without a shorter length.',
      '본문이 끝나기 전에 원 서버의 커넥션이 끝나면 클라이언트와의 커넥션도 깨진 것으로 끝내라. 마지막 청크를 보내거나 길이를 줄이지 마라.',
    ),
    section: 'RFC 9112 8',
    async run(field) {
      field.answers(() => ({ content: 1_000, stopAfter: 10, after: 'leave' }))
      const { outcome, head, status } = await field.exchange(await field.client())
      if (outcome === 'silent')
        throw new Wrong(
          said(
            `the client is still waiting after ${field.patienceMs / 1000} s`,
            `${field.patienceMs / 1000}초가 지나도 클라이언트가 아직 기다리고 있다`,
          ),
          head,
        )
      if (outcome === 'whole' && status < 500)
        throw new Wrong(
          said('10 bytes of 1,000 looked like a complete response', '1,000바이트 중 10바이트가 온전한 응답처럼 보였다'),
          head,
        )
    },
  },
]

export const POOL_CHECKS: readonly Check[] = [
  {
    id: 'no-hang',
    level: 'pool',
    title: said(
      'Two HTTP/1.0 requests with keep-alive do not hang',
      'keep-alive를 요청한 HTTP/1.0 요청 두 개가 멈추지 않는다',
    ),
    fix: said(
      'Either keep the connection and read the next request from it, or do not promise to keep it and close it after the response.',
      '커넥션을 유지하면서 다음 요청을 읽거나, 유지하겠다고 약속하지 말고 응답 뒤에 닫아라.',
    ),
    section: 'RFC 9112 9.3',
    async run(field) {
      const client = await field.client()
      const asking = { version: '1.0', fields: [['Connection', 'Keep-Alive']] } as const
      await field.whole(client, asking)
      const second = await field.exchange(client, asking)
      if (second.outcome === 'silent')
        throw new Wrong(said('the second request was not read', '두 번째 요청을 아무도 읽지 않았다'), second.head)
      if (second.outcome === 'ended') await field.whole(await field.client(), asking)
    },
  },
  {
    id: 'client-stays',
    level: 'pool',
    title: said(
      "An origin that closes does not end the client's connection",
      '원 서버가 닫아도 클라이언트의 커넥션은 끝나지 않는다',
    ),
    fix: said(
      "The origin's close is about its own connection. Keep the client's connection, and open a new one to the origin for the next request.",
      '원 서버의 close는 그쪽 커넥션에 대한 말이다. 클라이언트의 커넥션은 유지하고, 다음 요청을 위해 원 서버와 커넥션을 새로 열어라.',
    ),
    section: 'RFC 9112 9.3',
    async run(field) {
      field.answers(() => ({ after: 'close' }))
      const client = await field.client()
      await field.whole(client)
      const second = await field.exchange(client)
      if (second.outcome !== 'whole')
        throw new Wrong(
          said(
            "the client's connection ended together with that of the origin",
            '클라이언트의 커넥션이 원 서버의 커넥션과 함께 끝났다',
          ),
          second.head,
        )
    },
  },
  {
    id: 'upstream-stays',
    level: 'pool',
    title: said(
      'Clients that close do not end the connection to the origin',
      '클라이언트가 닫아도 원 서버와의 커넥션은 끝나지 않는다',
    ),
    fix: said(
      'Keep connections to the origin in a pool: the next client, whichever it is, may use an idle one.',
      '원 서버와의 커넥션을 풀에 보관하라. 다음 클라이언트가 누구든 유휴 커넥션을 쓸 수 있다.',
    ),
    section: 'RFC 9112 9.3',
    async run(field) {
      for (let n = 0; n < 3; n++) await field.whole(await field.client(), { fields: [['Connection', 'close']] })
      if (field.connections > 1)
        throw new Wrong(
          said(
            `three requests came over ${field.connections} connections`,
            `요청 세 개가 커넥션 ${field.connections}개로 왔다`,
          ),
        )
    },
  },
  {
    id: 'idle-end',
    level: 'pool',
    title: said(
      'No GET is lost when an idle connection has died',
      '유휴 상태에서 죽은 커넥션 때문에 GET을 잃지 않는다',
    ),
    fix: said(
      'An idle connection on which a FIN arrives is dead: take it out of the pool. And if a connection dies while a GET uses it, repeat the GET once.',
      'FIN이 도착한 유휴 커넥션은 죽은 것이다. 풀에서 빼라. 사용하는 순간 죽으면 GET을 한 번 다시 보내라.',
    ),
    section: 'RFC 9112 9.3.1',
    async run(field) {
      const client = await field.client()
      field.answers((_, nth) => (nth === 1 ? { after: 'leave' } : {}))
      await field.whole(client)
      const second = await field.exchange(client)
      if (second.outcome === 'whole' && second.status === 200) return
      if (second.outcome === 'ended') {
        await field.whole(await field.client())
        return
      }
      throw new Wrong(
        said(
          `the next GET was answered ${second.status || 'not at all'}`,
          `다음 GET이 정상 응답을 받지 못했다(${second.status || '응답 없음'})`,
        ),
        second.head,
      )
    },
  },
  {
    id: 'post-once',
    level: 'pool',
    title: said('A POST is never sent twice', 'POST는 두 번 보내지 않는다'),
    fix: said(
      'If a connection dies during a POST, the proxy cannot know whether the POST was executed: answer 502, and let the client decide.',
      'POST 도중 커넥션이 죽으면 처리되었는지 아무도 모른다. 502로 응답하고 판단은 클라이언트에게 맡겨라.',
    ),
    section: 'RFC 9110 9.2.2',
    async run(field) {
      const client = await field.client()
      field.answers(({ method }) => (method === 'POST' ? { raw: '', after: 'reset' } : {}))
      await field.whole(client)
      const { outcome } = await field.exchange(client, { method: 'POST', content: TEXT })
      if (outcome === 'silent')
        throw new Wrong(said('the client is still waiting for an answer', '클라이언트가 아직도 응답을 기다리고 있다'))
      const times = field.seen.filter(({ method }) => method === 'POST').length
      if (times > 1)
        throw new Wrong(said(`the origin received the POST ${times} times`, `원 서버가 같은 POST를 ${times}번 받았다`))
    },
  },
]
