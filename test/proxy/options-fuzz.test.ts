import fc from 'fast-check'
import { test } from 'tap'
import { OPTION_NAMES } from '../../lib/proxy/options/known-options.js'
import { settingsOf } from '../../lib/proxy/options/options.js'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { createProxy } from '../../lib/proxy/proxy.js'

// Whatever is given as an option, the result is a proxy, or a TypeError that begins with the name of the option.

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const runs = 400

/** Values of every kind, also very unlikely ones. */
const anything = fc.oneof(
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
    withTypedArray: true,
    withSparseArray: true,
  }),
  fc.constantFrom<unknown>(
    ...[
      null,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      -0,
      '',
      ' ',
      '1',
      'http://a',
      Symbol('s'),
      () => 1,
      /x/,
      new URL('http://a/'),
      Buffer.from('x'),
    ],
    ...[
      [],
      {},
      [[]],
      [{}],
      new Map(),
      new Set(),
      new Error('x'),
      new Proxy({}, {}),
      Object.create(null),
      [null],
      [undefined],
      { length: 1 },
    ],
  ),
)

const SERVER = 'http://127.0.0.1:3000'
const base = {
  reverse: { mode: 'reverse', routes: [{ upstream: 'app' }], upstreams: { app: { servers: [SERVER] } } },
  forward: { mode: 'forward' },
} as const

/** Where a value of any kind is put, and the name that a message about it begins with. */
const places: [name: string, put: (value: unknown) => object][] = [
  ...OPTION_NAMES.filter(name => name !== 'mode').map((name): [string, (value: unknown) => object] => [
    name,
    value => ({ [name]: value }),
  ]),
  ['routes', value => ({ routes: [value] })],
  ...[
    'host',
    'path',
    'exact',
    'method',
    'upstream',
    'stripPrefix',
    'setPrefix',
    'sendHost',
    'requestFields',
    'responseFields',
    'bufferRequestBytes',
  ].map((name): [string, (value: unknown) => object] => [
    'routes[0]',
    value => ({ routes: [{ upstream: SERVER, [name]: value }] }),
  ]),
  ['routes[0]', value => ({ routes: [{ upstream: SERVER, requestFields: { set: { 'X-A': value } } }] })],
  ['routes[0]', value => ({ routes: [{ upstream: SERVER, responseFields: { remove: [value] } }] })],
  ['upstreams.app', value => ({ upstreams: { app: value } })],
  ...[
    'servers',
    'balance',
    'hash',
    'sticky',
    'retries',
    'ejection',
    'healthCheck',
    'slowStartMs',
    'resolve',
    'tls',
    'proxyProtocol',
    'limits',
    'deadlines',
  ].map((name): [string, (value: unknown) => object] => [
    'upstreams.app',
    value => ({ upstreams: { app: { servers: [SERVER], [name]: value } } }),
  ]),
  ...['url', 'weight', 'backup', 'connectionsMax', 'waitingMax'].map((name): [string, (value: unknown) => object] => [
    'upstreams.app',
    value => ({ upstreams: { app: { servers: [{ url: SERVER, [name]: value }] } } }),
  ]),
  ['upstreams.app', value => ({ upstreams: { app: { servers: [SERVER], healthCheck: { path: value } } } })],
  ['upstreams.app', value => ({ upstreams: { app: { servers: ['https://a'], tls: { ca: value } } } })],
  ['upstreams.app', value => ({ upstreams: { app: { servers: ['https://a'], tls: { cert: value, key: value } } } })],
  ['tls', value => ({ tls: { certificates: [{ cert: value, key: value }] } })],
  ['tls', value => ({ tls: { certificates: [value] } })],
  ['clients', value => ({ clients: { allow: [value] } })],
  ['clients', value => ({ clients: { failedLoginsPerMinute: value } })],
  ['limits', value => ({ limits: { originsMax: value } })],
  ['deadlines', value => ({ deadlines: { connectMs: value } })],
  ['grammar', value => ({ grammar: { fieldsMax: value } })],
  ['credentials', value => ({ credentials: [{ user: value, password: value }] })],
  ['users', value => ({ users: new Map([['ann', value]]) })],
  ['users', value => ({ users: new Map([[value, {}]]) })],
  ['proxyProtocol', value => ({ proxyProtocol: { from: [value] } })],
  ['requestRate', value => ({ requestRate: { perSecond: value } })],
  ['resolve', value => ({ resolve: { nameservers: [value] } })],
]

/** The message names the option, or the key that it does not have; a missing group is reported for its route. */
function isSaid(error: unknown, name: string): boolean {
  if (!(error instanceof TypeError)) return false
  const option = /^\w+/.exec(name)![0]
  const names = [
    name,
    `${option} `,
    `${option}:`,
    `a key of ${option}`,
    ...(option === 'upstreams' ? ['routes[0]'] : []),
    ...(option === 'routes' ? ['upstreams '] : []),
  ]
  return names.some(each => error.message.startsWith(each))
}

for (const mode of ['reverse', 'forward'] as const)
  test(`${mode}: options of any kind make a proxy, or a TypeError that names them (SEED=${seed})`, async t => {
    t.comment(`seed ${seed}`)
    let refused = 0
    fc.assert(
      fc.property(fc.constantFrom(...places), anything, ([name, put], value) => {
        const options = { ...base[mode], ...put(value) } as unknown as ProxyOptions
        try {
          settingsOf(options)
        } catch (error) {
          refused++
          if (!isSaid(error, name)) throw new Error(`of ${name}: ${String((error as Error)?.stack ?? error)}`)
        }
      }),
      { numRuns: runs * 5, seed },
    )
    t.ok(refused > runs)
  })

test('the options themselves may be anything', async t => {
  t.comment(`seed ${seed}`)
  fc.assert(
    fc.property(anything, options => {
      try {
        settingsOf(options as ProxyOptions)
      } catch (error) {
        if (!(error instanceof TypeError) || !/^(the options|there is no option|mode) /.test(error.message)) throw error
      }
    }),
    { numRuns: runs, seed },
  )
})

test('update refuses the same, and nothing has changed then', async t => {
  const proxy = createProxy({ mode: 'forward', name: 'before' })
  t.teardown(() => proxy.destroy())
  for (const [options, sentence] of [
    [{ mode: 'forward', credentials: [] }, /^credentials is empty/],
    [{ mode: 'forward', upstream: SERVER }, /^upstream is for mode "reverse"/],
    [{ mode: 'forward', deadlines: { conectMs: 1 } }, /^deadlines has no conectMs/],
    [{ mode: 'forward', tls: { certificates: [{ cert: 'x', key: 'y' }] } }, /^tls: certificate 1/],
    [undefined, /^the options must be an object/],
  ] as const)
    t.throws(() => proxy.update(options as never), { name: 'TypeError', message: sentence })
  t.equal((proxy as unknown as { settings: { name: string } }).settings.name, 'before')
})

test('habits from other software get a helpful message', async t => {
  const refusal = (options: object): string => {
    try {
      settingsOf(options as ProxyOptions)
    } catch (error) {
      return (error as Error).message
    }
    return ''
  }
  t.equal(
    refusal({ mode: 'reverse', upstream: new URL('http://a/') }),
    'upstream must be a string, not a URL: write upstream: url.href',
  )
  t.match(
    refusal({ mode: 'reverse', routes: [{ path: /^\/api/, upstream: SERVER }] }),
    /^routes\[0\]\.path must be a string, not a RegExp/,
  )
  t.match(
    refusal({ mode: 'forward', tls: { certificates: [{ cert: Buffer.from('x'), key: 'k' }] } }),
    /certificates\[0\]\.cert must be a string, not a Uint8Array: read the file with 'utf8'/,
  )
  t.match(refusal({ mode: 'forward', limits: { originsMax: '5' } }), /write 5 without quotes/)
  t.match(refusal({ mode: 'reverse', upstream: SERVER, upstreams: {} }), /^upstreams is for a proxy with routes/)
  t.notMatch(refusal({ mode: 'forward', parent: 'ftp://ann:secret@a' }), 'secret')
})
