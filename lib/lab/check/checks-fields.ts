import { said } from '../said.js'
import type { Check } from './check.js'
import { connectionOptions, type Field, hasField } from './field.js'
import { Wrong } from './wrong.js'

/** @throws Wrong if the origin received a field that was only for the proxy */
function notAtOrigin(field: Field, ...names: string[]): void {
  const { head } = field.last
  for (const name of names)
    if (hasField(head, name))
      throw new Wrong(said(`the origin received the field ${name}`, `원 서버가 ${name} 헤더를 받았다`), head)
}

function atOrigin(field: Field, name: string): void {
  const { head } = field.last
  if (!hasField(head, name))
    throw new Wrong(
      said(
        `the origin did not receive ${name}, which is end to end`,
        `종단간 헤더가 원 서버에 도착하지 않았다: ${name}`,
      ),
      head,
    )
}

function noOption(head: string, option: string, who: ReturnType<typeof said>): void {
  if (connectionOptions(head).includes(option.toLowerCase()))
    throw new Wrong(
      said(
        `${who.en} received the option ${option} in Connection`,
        `${who.ko} Connection 헤더에서 ${option} 옵션을 받았다`,
      ),
      head,
    )
}

const ORIGIN = said('the origin', '원 서버가')
const CLIENT = said('the client', '클라이언트가')

export const FIELD_CHECKS: readonly Check[] = [
  {
    id: 'forward',
    level: 'forward',
    title: said(
      'A request reaches the origin, and its response reaches the client',
      '요청이 원 서버에, 응답이 클라이언트에 도달한다',
    ),
    fix: said(
      'Send the request to the origin that the check names, and send the response back, byte for byte where nothing has to change.',
      '검사가 알려 준 원 서버로 요청을 보내고 그 응답을 돌려보내라. 바꿀 이유가 없는 것은 한 바이트도 바꾸지 마라.',
    ),
    section: 'RFC 9110 7.6',
    async run(field) {
      field.answers(() => ({ content: 'Well done.\n', fields: { 'X-End': 'kept' } }))
      const { content, head } = await field.whole(await field.client(), { fields: [['X-Other', 'kept']] })
      atOrigin(field, 'X-Other')
      if (!hasField(head, 'X-End') || content.toString() !== 'Well done.\n')
        throw new Wrong(said('the response was changed on its way', '응답이 도중에 바뀌었다'), `${head}${content}`)
    },
  },
  {
    id: 'connection-request',
    level: 'connection',
    title: said("The client's Connection ends at the proxy", '클라이언트의 Connection 헤더는 프록시에서 끝난다'),
    fix: said(
      'Remove every Connection line before you forward the request. If the next connection needs one, write your own.',
      '요청을 보내기 전에 Connection 헤더를 모두 제거하라. 다음 커넥션에 필요하면 직접 새로 써라.',
    ),
    section: 'RFC 9110 7.6.1',
    async run(field) {
      await field.whole(await field.client(), { fields: [['Connection', 'X-Private-Option']] })
      noOption(field.last.head, 'X-Private-Option', ORIGIN)
    },
  },
  {
    id: 'keep-alive-request',
    level: 'connection',
    title: said('Keep-Alive ends at the proxy, too', 'Keep-Alive 헤더도 프록시에서 끝난다'),
    fix: said(
      'Like Connection, Keep-Alive is about one connection: remove it in both directions.',
      'Keep-Alive도 Connection처럼 커넥션 하나에 대한 말이다. 양방향에서 모두 제거하라.',
    ),
    section: 'RFC 9112 C.2.2',
    async run(field) {
      const fields = [
        ['Connection', 'Keep-Alive'],
        ['Keep-Alive', 'timeout=5, max=100'],
      ] as const
      await field.whole(await field.client(), { version: '1.0', fields })
      notAtOrigin(field, 'Keep-Alive')
    },
  },
  {
    id: 'proxy-connection',
    level: 'connection',
    title: said('Proxy-Connection is never forwarded', 'Proxy-Connection은 절대로 전달하지 않는다'),
    fix: said(
      'Remove Proxy-Connection. It was invented because of proxies that forward what they do not know, and it fails with two proxies in a row.',
      'Proxy-Connection을 제거하라. 모르는 것을 그대로 전달하는 프록시를 위해 만든 헤더이며, 프록시가 둘 이어지면 소용이 없다.',
    ),
    section: 'RFC 9112 C.2.2',
    async run(field) {
      await field.whole(await field.client(), { fields: [['Proxy-Connection', 'keep-alive']] })
      notAtOrigin(field, 'Proxy-Connection')
    },
  },
  {
    id: 'connection-response',
    level: 'connection',
    title: said("The origin's Connection ends at the proxy", '원 서버의 Connection 헤더는 프록시에서 끝난다'),
    fix: said(
      'The same rule applies to responses: remove Connection and Keep-Alive, and write what is true for your own connection.',
      '응답에도 같은 규칙이 적용된다. Connection과 Keep-Alive를 제거하고, 자신의 커넥션에 대해 맞는 말을 하라.',
    ),
    section: 'RFC 9110 7.6.1',
    async run(field) {
      field.answers(() => ({ fields: { Connection: 'X-Private-Option', 'Keep-Alive': 'timeout=77, max=7' } }))
      const { head } = await field.whole(await field.client())
      noOption(head, 'X-Private-Option', CLIENT)
      if (/^keep-alive:.*77/im.test(head))
        throw new Wrong(
          said("the client received the origin's Keep-Alive", '클라이언트가 원 서버의 Keep-Alive 헤더를 받았다'),
          head,
        )
    },
  },
  {
    id: 'named-request',
    level: 'named',
    title: said(
      'A field that Connection names is not forwarded; the others are',
      'Connection이 지목한 헤더는 전달되지 않고, 나머지는 전달된다',
    ),
    fix: said(
      'First read the options of Connection, then remove every field with such a name, and nothing else.',
      '먼저 Connection의 옵션을 읽고, 그런 이름의 헤더를 모두 제거하되 다른 헤더는 그대로 두어라.',
    ),
    section: 'RFC 9110 7.6.1',
    async run(field) {
      const fields = [
        ['Connection', 'X-Secret'],
        ['X-Secret', 'for this hop'],
        ['X-Other', 'for the origin'],
      ] as const
      await field.whole(await field.client(), { fields })
      notAtOrigin(field, 'X-Secret')
      atOrigin(field, 'X-Other')
    },
  },
  {
    id: 'named-lines',
    level: 'named',
    title: said(
      'Connection may have several lines, upper and lower case, and empty members',
      'Connection은 여러 줄일 수 있고, 대소문자를 가리지 않으며, 빈 항목이 있을 수 있다',
    ),
    fix: said(
      'All Connection lines together are one list. Ignore case when you compare names, and skip empty members.',
      '모든 Connection 줄은 하나의 목록이다. 대소문자를 가리지 말고 비교하고, 빈 항목은 건너뛰어라.',
    ),
    section: 'RFC 9110 5.6.1',
    async run(field) {
      const fields = [
        ['Connection', ', x-ONE ,,'],
        ['X-One', '1'],
        ['connection', 'X-Two'],
        ['x-two', '2'],
      ] as const
      await field.whole(await field.client(), { fields })
      notAtOrigin(field, 'X-One', 'X-Two')
    },
  },
  {
    id: 'named-close',
    level: 'named',
    title: said('close and a field name may be in one list', 'close와 헤더 이름이 한 목록에 함께 있을 수 있다'),
    fix: said(
      'close is one option among others: remove the fields that the others name, and close the connection to the client after the response.',
      'close도 여러 옵션 가운데 하나다. 다른 옵션이 지목한 헤더를 제거하고, 응답 뒤에 클라이언트와의 커넥션을 끝내라.',
    ),
    section: 'RFC 9112 9.6',
    async run(field) {
      const client = await field.client()
      await field.whole(client, {
        fields: [
          ['Connection', 'close, X-Secret'],
          ['X-Secret', 'for this hop'],
        ],
      })
      notAtOrigin(field, 'X-Secret')
      if ((await client.end(field.patienceMs)) === '')
        throw new Wrong(said('the connection to the client was not closed', '클라이언트와의 커넥션이 끝나지 않았다'))
    },
  },
  {
    id: 'named-response',
    level: 'named',
    title: said('The same in a response', '응답에서도 마찬가지다'),
    fix: said(
      'Fields that the Connection of a response names are only for your proxy.',
      '응답의 Connection이 지목한 헤더는 프록시만을 위한 것이다.',
    ),
    section: 'RFC 9110 7.6.1',
    async run(field) {
      field.answers(() => ({ fields: { Connection: 'X-Hop', 'X-Hop': 'for this hop', 'X-End': 'for the client' } }))
      const { head } = await field.whole(await field.client())
      if (hasField(head, 'X-Hop'))
        throw new Wrong(said('the client received X-Hop', '클라이언트가 X-Hop 헤더를 받았다'), head)
      if (!hasField(head, 'X-End'))
        throw new Wrong(said('the client did not receive X-End', '클라이언트가 X-End 헤더를 받지 못했다'), head)
    },
  },
]
