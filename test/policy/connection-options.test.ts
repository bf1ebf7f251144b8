import { test } from 'tap'
import { CONNECTION_OPTIONS_MAX, ConnectionOptions } from '../../lib/policy/connection-options.js'
import { ProtocolError } from '../../lib/wire/protocol-error.js'
import { caught, fieldLines, optionsOf } from './heads.js'

const NOTHING = { names: [], close: false, keepAlive: false, upgrade: false, te: false, any: false }
const rows: [title: string, lines: string[], expected: object][] = [
  ['R132: no Connection at all', ['Host: a'], NOTHING],
  [
    'R132: the value that nearly every client sends',
    ['Connection: keep-alive'],
    { names: ['keep-alive'], keepAlive: true, any: false },
  ],
  ['R92: close', ['Connection: close'], { names: ['close'], close: true, any: false }],
  [
    'R138: options are case-insensitive',
    ['connection: CLOSE, Keep-Alive'],
    { names: ['close', 'keep-alive'], close: true, keepAlive: true },
  ],
  ['R132: several lines count as one', ['Connection: a', 'X: y', 'CONNECTION: b'], { names: ['a', 'b'], any: true }],
  ['R118: empty members are ignored', ['Connection: , ,close,'], { names: ['close'], close: true }],
  ['R118: only empty members', ['Connection: ,,', 'Connection:'], NOTHING],
  ['R157: upgrade', ['Connection: Upgrade'], { names: ['upgrade'], upgrade: true, any: false }],
  ['R68: TE', ['Connection: TE'], { names: ['te'], te: true, any: false }],
  ['R137: an option without a field is fine', ['Connection: nobody'], { names: ['nobody'], any: true }],
  ['R212: Proxy-Connection is ignored', ['Proxy-Connection: close, x-a'], NOTHING],
  ['Host is named', ['Connection: Host'], { namesFraming: true, namesIdentity: false }],
  ['Content-Length is named', ['Connection: close, Content-Length'], { namesFraming: true }],
  ['Transfer-Encoding is named', ['Connection: TRANSFER-ENCODING'], { namesFraming: true }],
  ['X-Forwarded-For is named', ['Connection: x-forwarded-for'], { namesIdentity: true, namesFraming: false }],
  ['a look-alike is named', ['Connection: x_real-ip'], { namesIdentity: true }],
  ['Via is named', ['Connection: Via'], { namesIdentity: true }],
  ['Forwarded is named', ['Connection: Forwarded'], { namesIdentity: true }],
]

for (const [title, lines, expected] of rows) {
  test(title, async t => t.match({ ...optionsOf(fieldLines(...lines)) }, expected))
}

test('one object reads message after message', async t => {
  const options = new ConnectionOptions()
  options.read(fieldLines('Connection: close, te, upgrade, keep-alive, host, via, x'), 400)
  options.nominated = 3
  options.read(fieldLines('Host: a'), 400)
  t.same({ ...options }, { ...new ConnectionOptions() })
})

test('R132: which lines are named, whatever their case', async t => {
  const lines = fieldLines('Connection: x-a, Cookie', 'X-A: 1', 'X-AB: 1', 'COOKIE: 1', 'Host: a')
  const options = optionsOf(lines)
  t.same(
    [0, 1, 2, 3, 4].map(i => options.has(lines, i)),
    [false, true, false, true, false],
  )
})

test('R132: a name with the same hash is another name', async t => {
  const lines = fieldLines('Connection: x-an', 'x-cn: 1', 'X-AN: 1')
  const options = optionsOf(lines)
  t.equal(lines.hash(1), lines.hash(2), 'this pair does collide')
  t.same(
    [1, 2].map(i => options.has(lines, i)),
    [false, true],
  )
})

for (const status of [400, 502] as const) {
  test(`more than ${CONNECTION_OPTIONS_MAX} options: ${status}`, async t => {
    const many = Array.from({ length: CONNECTION_OPTIONS_MAX }, (_, i) => `o${i}`).join(',,')
    t.doesNotThrow(() => optionsOf(fieldLines(`Connection: ${many}`), status))
    const more = fieldLines(`Connection: ${many}`, 'Connection: close')
    const thrown = caught(() => optionsOf(more, status))
    t.type(thrown, ProtocolError)
    t.match(thrown, { status, section: 'RFC 9110 7.6.1' })
  })

  for (const value of ['a b', '"close"', 'close;', 'caf\u00e9', 'close\u00a0']) {
    test(`an option that is not a token, ${JSON.stringify(value)}: ${status}`, async t => {
      const thrown = caught(() => optionsOf(fieldLines(`Connection: ${value}`), status))
      t.match(thrown, { status, message: /not a token/ })
    })
  }
}
