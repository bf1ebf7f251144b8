import t from 'tap'
import { plain, said } from '../../lib/lab/said.js'
import { painter } from '../../lib/lab/terminal/paint.js'
import { at, field, lines, message, octets, open, RUN, setScene, step, waits } from './terminal-story.js'

const KEEP = field('Connection', 'Keep-Alive', 'drop')
const REQUEST = { startLine: 'GET / HTTP/1.0', fields: [field('Host', 'a'), KEEP] }
const OPENED = [RUN, setScene(10, 's'), open(12, 's', 'c1', 'client', 'proxy'), open(12, 's', 'c2', 'proxy', 'origin')]

/** The drawing of a story after its first two connections. */
function after(...story: Parameters<typeof lines>[0]) {
  return lines([...OPENED, ...story]).slice(6)
}

t.test('lifelines, arrows with start lines, and under them the fields that matter', async t => {
  const story = [
    RUN,
    setScene(10, 's'),
    open(12, 's', 'c1', 'client', 'proxy', 1.234),
    step(12, 's', 1, 'The client asks for its connection to be kept.'),
    message(13, 's', 'c1', 'client', REQUEST),
    open(14, 's', 'c2', 'proxy', 'origin'),
    message(15.5, 's', 'c2', 'proxy', REQUEST),
    message(17, 's', 'c2', 'origin', {
      startLine: 'HTTP/1.1 200 OK',
      fields: [field('Content-Length', '5'), field('Via', '1.1 a', 'replace'), field('Bad', 'x', 'reject')],
      content: 5,
    }),
  ]
  t.strictSame(lines(story), [
    '',
    'Scene s',
    '',
    '     ms client                     dumb proxy               origin server',
    '    2.0 ├┄┄ c1 opens, 1.2 ms ┄┄┄┄┄┄┄┄┄┄►│                               │',
    '    2.0 │ (1) The client asks for its connection to be kept.            │',
    '    3.0 ├── GET / HTTP/1.0 ──────── c1 ►│                               │',
    '        │ - Connection: Keep-Alive      │                               │',
    '    4.0 │                               ├┄┄ c2 opens ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄►│',
    '    5.5 │                               ├── GET / HTTP/1.0 ──────── c2 ►│',
    '        │                               │ - Connection: Keep-Alive      │',
    '    7.0 │                               │◄─ HTTP/1.1 200 OK ─────── c2 ─┤',
    '        │                               │   Content-Length: 5           │',
    '        │                               │ ~ Via: 1.1 a                  │',
    '        │                               │ ! Bad: x                      │',
  ])
})

t.test('which side ended a connection, and how', async t => {
  t.strictSame(
    after(
      at(20, { kind: 'fin', scene: 's', connection: 'c2', by: 'origin' }),
      at(21, { kind: 'closed', scene: 's', connection: 'c2', by: 'origin', how: 'fin' }),
      at(22, { kind: 'closed', scene: 's', connection: 'c1', by: 'proxy', how: 'reset', why: plain('too late') }),
    ),
    [
      '   10.0 │                               │◄┄ FIN ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ c2 ┄┤',
      '   11.0 │                               │ ✕ c2 closed by origin server  │',
      '   12.0 │◄┄ RST ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ c1 ┄┤                               │',
      '   12.0 │ ✕ c1 reset by dumb proxy: too │                               │',
      '        │   late                        │                               │',
    ],
  )
  t.match(after(at(22, { kind: 'closed', scene: 's', connection: 'c1', by: 'client', how: 'vanished' })), [
    /✕ c1: client vanished/,
  ])
})

t.test('silence is shown with the waits; in a cycle through a proxy it says so', async t => {
  const stalled = [
    waits(13, 's', 'proxy', 'origin'),
    waits(14, 's', 'origin', 'proxy'),
    message(15, 's', 'c1', 'client', REQUEST),
    waits(15, 's', 'client', 'proxy'),
  ]
  const fin = at(5015, { kind: 'fin', scene: 's', connection: 'c2', by: 'origin' })
  t.strictSame(after(...stalled, fin).slice(2), [
    '        ┆                               ┆                               ┆',
    '        ┆ … 5.00 s pass, nothing moves: client waits for dumb proxy,    ┆',
    '        ┆   dumb proxy waits for origin server, origin server waits for ┆',
    '        ┆   dumb proxy: a cycle         ┆                               ┆',
    '        ┆                               ┆                               ┆',
    '   5005 │                               │◄┄ FIN ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ c2 ┄┤',
  ])
  t.strictSame(
    after(
      ...stalled,
      at(16, { kind: 'goes-on', scene: 's', who: 'origin' }),
      at(515, { kind: 'fin', scene: 's', connection: 'c2', by: 'origin' }),
    ).slice(2, -1),
    [
      '        ┆ … 500 ms pass, nothing moves: client waits for dumb proxy,    ┆',
      '        ┆   dumb proxy waits for origin server                          ┆',
    ],
    'no cycle, no frame around it',
  )
  t.notMatch(after(...stalled, at(300, { kind: 'fin', scene: 's', connection: 'c2', by: 'origin' })).join('\n'), '…')
})

t.test(
  'with a message on its way there is no cycle; with nothing to come there is one, even without a proxy',
  async t => {
    const begins = [RUN, setScene(0, 's', { proxy: false }), open(1, 's', 'c1', 'client', 'origin')]
    const asked = [...begins, message(2, 's', 'c1', 'client', REQUEST), waits(2, 's', 'client', 'origin')]
    const said = 'client waits for origin server, origin server waits for'
    const onItsWay = [...asked, waits(3, 's', 'origin', 'client'), octets(2000, 's', 'c1', 'origin', 'x')]
    t.match(lines(onItsWay, { width: 100 }).join('\n'), said)
    t.notMatch(lines(onItsWay).join('\n'), 'cycle')
    const head = { startLine: 'HTTP/1.1 200 OK', fields: [field('Content-Length', '9')] }
    const begun = [...asked, message(3, 's', 'c1', 'origin', head), waits(4, 's', 'origin', 'client')]
    const stillComes = [...begun, octets(2000, 's', 'c1', 'origin', '.........')]
    t.match(lines(stillComes, { width: 100 }).join('\n'), said)
    t.notMatch(lines(stillComes).join('\n'), 'cycle')
    const closed = at(5000, { kind: 'closed', scene: 's', connection: 'c1', by: 'origin', how: 'fin' })
    t.match(lines([...begun, closed], { width: 100 }).join('\n'), /client: a cycle/)
  },
)

t.test('content: sizes that its length does not already say, pieces together, bytes that are not text', async t => {
  const head = { startLine: 'HTTP/1.1 200 OK', fields: [field('Content-Length', '9')] }
  t.match(after(message(13, 's', 'c2', 'origin', { ...head, content: 9 })).join('\n'), /^(?!.*of content)/s)
  t.match(after(message(13, 's', 'c2', 'origin', { ...head, content: 4 })), [
    '200 OK',
    'Content-Length: 9',
    '4 B of content',
  ])
  t.match(
    after(
      octets(13, 's', 'c2', 'origin', 'a', 1000),
      octets(14, 's', 'c2', 'origin', 'b', 500),
      octets(15, 's', 'c1', 'proxy', 'c'),
    ),
    ['◄─ 1,500 B, 2 pieces ─', '◄─ 1 B "c" ─'],
  )
  t.match(after(octets(13, 's', 'c1', 'client', '\x81\x05hello\xff')), ['8 B \\x81\\x05hello\\xff'])
})

t.test('several heads in one piece are several arrows; of many fields the first are shown', async t => {
  const text = 'GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n'
  const heads = [1, 2].map(n => ({ from: (n - 1) * 19, to: n * 19, startLine: `GET /${n} HTTP/1.1`, fields: [] }))
  t.match(
    after(at(13, { kind: 'bytes', scene: 's', connection: 'c1', by: 'client', size: text.length, text, heads })),
    ['GET /1 HTTP/1.1', 'GET /2 HTTP/1.1'],
  )
  const fields = Array.from({ length: 10 }, (_, i) => field(`X-${i}`, 'y'.repeat(i === 0 ? 1000 : 1)))
  const many = after(message(13, 's', 'c1', 'client', { startLine: 'GET / HTTP/1.1', fields }))
  t.match(many.at(-1), '… +3')
  t.ok(many.length < 20, 'one of them does not fill the screen')
})

t.test('notes and steps in the chosen language', async t => {
  const story = [
    ...OPENED,
    at(13, { kind: 'step', scene: 's', n: 2, text: said('It answers.', '응답한다.') }),
    at(14, { kind: 'note', scene: 's', party: 'proxy', text: said('56 bytes lie here.', '56바이트가 남아 있다.') }),
    waits(14, 's', 'client', 'proxy'),
    waits(14, 's', 'proxy', 'origin'),
    at(2014, { kind: 'closed', scene: 's', connection: 'c2', by: 'origin', how: 'fin' }),
  ]
  t.strictSame(lines(story, { language: 'ko' }), [
    '',
    '장면 s',
    '',
    '     ms 클라이언트                멍청한 프록시                   원 서버',
    '    2.0 ├┄┄ c1 열림 ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄►│                               │',
    '    2.0 │                               ├┄┄ c2 열림 ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄►│',
    '    3.0 │ (2) 응답한다.                 │                               │',
    '    4.0 │ · 멍청한 프록시: 56바이트가 남아 있다.                        │',
    '        ┆ … 2.00초 동안 아무 일도 일어나지 않는다: 클라이언트는 멍청한  ┆',
    '        ┆   프록시를, 멍청한 프록시는 원 서버를 기다린다                ┆',
    '   2004 │                               │ ✕ c2: 원 서버가 닫음          │',
  ])
})

t.test('a party without a lifeline is reported in words', async t => {
  t.match(after(open(13, 's', 'c3', 'somebody', 'origin'), octets(14, 's', 'c9', 'client', 'x')), [
    'somebody → origin server: c3 opens',
    'client → client: 1 B "x"',
  ])
})

t.test('no text from the wire or a file reaches the terminal as a command', async t => {
  const evil = '\x1b]0;owned\x07\x9b2J\r\n'
  const story = [
    RUN,
    at(0, {
      kind: 'scene',
      scene: 's',
      title: plain(evil),
      parties: [
        { id: 'client', role: 'client', what: 'client', name: plain(evil) },
        { id: 'origin', role: 'origin', what: 'origin', name: plain(evil) },
      ],
    }),
    open(1, 's', evil, 'client', 'origin'),
    octets(2, 's', evil, 'client', evil),
    message(3, 's', evil, 'origin', { startLine: evil, fields: [field(evil, evil, 'drop')] }),
    step(4, 's', 1, evil),
    at(5, { kind: 'note', scene: 's', party: evil, text: plain(evil) }),
    waits(6, 's', 'client', evil),
    at(1000, { kind: 'closed', scene: 's', connection: evil, by: evil, how: 'reset', why: plain(evil) }),
  ]
  for (const view of ['lifelines', 'transcript'] as const) {
    const shown = lines(story, { view })
    t.ok(shown.length > 4)
    t.notMatch(shown.join(''), /\p{Cc}/u, view)
  }
  const coloured = lines(story, { paint: painter(true) }).join('')
  t.notMatch(coloured.replace(/\x1b\[[\d;]+m/g, ''), /\p{Cc}/u, 'except our own colours')
})
