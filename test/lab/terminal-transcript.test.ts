import t from 'tap'
import { plain } from '../../lib/lab/said.js'
import { Stage } from '../../lib/lab/terminal/stage.js'
import { at, LOOK, lines, message, octets, open, RUN, setScene, step, VERDICT, waits } from './terminal-story.js'

const OPENED = at(1, {
  kind: 'open',
  scene: 's',
  connection: 'c1',
  from: 'client',
  to: 'proxy',
  addresses: ['127.0.0.1:50000', '127.0.0.1:8080'],
})

function transcript(...story: Parameters<typeof lines>[0]): string[] {
  return lines([RUN, setScene(0, 's'), OPENED, ...story, VERDICT], { view: 'transcript' }).slice(3)
}

const GREETING = ['Trying 127.0.0.1...', 'Connected to 127.0.0.1.', "Escape character is '^]'."]

t.test('the input and output of the client, and nothing of what happens behind the proxy', async t => {
  t.strictSame(
    transcript(
      step(1, 's', 1, 'a step'),
      octets(2, 's', 'c1', 'client', 'GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n'),
      waits(2, 's', 'client', 'proxy'),
      open(3, 's', 'c2', 'proxy', 'origin'),
      octets(4, 's', 'c2', 'proxy', 'GET / HTTP/1.0\r\n\r\n'),
      at(5, { kind: 'fin', scene: 's', connection: 'c2', by: 'origin' }),
      octets(6, 's', 'c1', 'proxy', 'HTTP/1.0 200 OK\r\n\r\nHello\n'),
      at(7, { kind: 'fin', scene: 's', connection: 'c1', by: 'proxy' }),
      at(7, { kind: 'closed', scene: 's', connection: 'c1', by: 'proxy', how: 'fin' }),
    ),
    [
      ...GREETING,
      '> GET / HTTP/1.0',
      '> Connection: Keep-Alive',
      '>',
      'HTTP/1.0 200 OK',
      '',
      'Hello',
      'Connection closed by foreign host.',
    ],
  )
})

t.test('silence, as long as it was', async t => {
  t.strictSame(
    transcript(
      octets(2, 's', 'c1', 'client', 'x\r\n'),
      at(5002, { kind: 'fin', scene: 's', connection: 'c1', by: 'proxy' }),
    ).slice(3),
    ['> x', '(5.00 s pass, nothing moves)', 'Connection closed by foreign host.'],
  )
})

t.test('how a connection ended, by whom', async t => {
  const closed = (by: string, how: 'fin' | 'reset') =>
    transcript(at(5, { kind: 'closed', scene: 's', connection: 'c1', by, how })).slice(3)
  t.strictSame(closed('client', 'fin'), ['Connection closed.'])
  t.strictSame(closed('proxy', 'fin'), ['Connection closed by foreign host.'])
  t.strictSame(closed('proxy', 'reset'), ['Connection reset by peer.'])
  t.strictSame(
    transcript(
      at(5, { kind: 'fin', scene: 's', connection: 'c1', by: 'client' }),
      octets(6, 's', 'c1', 'proxy', 'late\n'),
      at(7, { kind: 'fin', scene: 's', connection: 'c1', by: 'proxy' }),
    ).slice(3),
    ['> (FIN)', 'late', 'Connection closed by foreign host.'],
    'half closed',
  )
})

t.test('several connections are distinguished', async t => {
  t.strictSame(
    transcript(
      open(2, 's', 'c2', 'client', 'proxy'),
      octets(3, 's', 'c1', 'client', 'one\r\n'),
      octets(4, 's', 'c1', 'client', 'more\r\n'),
      octets(5, 's', 'c2', 'client', 'two\r\n'),
    ),
    [...GREETING, '[c2]', ...GREETING, '[c1]', '> one', '> more', '[c2]', '> two'],
  )
})

t.test('bytes that are not text are escaped; bytes that were not recorded are counted', async t => {
  t.strictSame(transcript(octets(2, 's', 'c1', 'proxy', '\x1b[2J\x00\xff\r\nx', 5000)).slice(3), [
    '\\x1b[2J\\x00\\xff',
    'x',
    '… +4,991 B',
  ])
  t.match(transcript(message(2, 's', 'c1', 'client', { startLine: 'GET / HTTP/1.1' })).slice(3), [
    '> GET / HTTP/1.1',
    '>',
  ])
})

t.test('it is never cut to a width, and has a title for each scene', async t => {
  const long = 'x'.repeat(300)
  const shown = lines(
    [RUN, setScene(0, 's'), OPENED, octets(2, 's', 'c1', 'proxy', long), setScene(3, 'other'), VERDICT],
    { view: 'transcript', width: 40 },
  )
  t.ok(shown.includes(long))
  t.strictSame(shown.slice(0, 3), ['', 'Scene s', ''])
  t.match(
    lines([RUN, setScene(0, 's'), at(1, { kind: 'note', scene: 's', text: plain('x') })], { view: 'transcript' }),
    ['', 'Scene s', ''],
  )
})

t.test(
  'the end of a connection is under its own heading, however long it takes and whatever runs beside it',
  async t => {
    const beside = open(1, 'other', 'c1', 'client', 'proxy')
    const stage = new Stage({ ...LOOK, view: 'transcript' })
    const shown = [
      ...stage.take([RUN, setScene(0, 's'), setScene(0, 'other'), OPENED, beside]),
      ...stage.take([octets(2, 's', 'c1', 'proxy', 'answer\n'), octets(3, 'other', 'c1', 'proxy', 'beside\n')]),
      ...stage.tick(4_900),
      ...stage.take([at(5_000, { kind: 'closed', scene: 's', connection: 'c1', by: 'proxy', how: 'fin' })]),
      ...stage.tick(9_000),
      ...stage.end(),
    ]
    const of = (text: string) => shown.findIndex(line => line.includes(text))
    t.ok(of('foreign host') > 0 && of('foreign host') < of('Scene other'), shown.join('\n'))
    t.equal(shown.filter(line => line === 'Scene s').length, 1)
  },
)
