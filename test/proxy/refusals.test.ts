import { test } from 'tap'
import type { Door } from '../../lib/link/remedies.js'
import type { ExchangeRecord } from '../../lib/proxy/events.js'
import { settingsOf } from '../../lib/proxy/options/options.js'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { HopwiseProxy } from '../../lib/proxy/proxy.js'
import { ask, proxyStatusOf, request, until } from '../support/conversation.js'

// Whatever a setting refuses: the log names the setting, as the command line, the file or the library calls it. A forward proxy's
// client is told as well; a client of a gateway is not.

const SERVER = 'http://127.0.0.1:1'
const gateway = { mode: 'reverse', upstream: SERVER, name: 'edge' } as const
const forward = { mode: 'forward', name: 'edge' } as const
const connect = (port: number) => `CONNECT 203.0.114.1:${port} HTTP/1.1\r\nHost: a\r\n\r\n`

const refusals: [what: string, options: ProxyOptions, text: string, status: number, said: Record<Door, string>][] = [
  [
    'a port for CONNECT',
    forward,
    connect(25),
    403,
    {
      'command-line': '--connect-port 80,443,25',
      file: 'destinations.connectPorts: [80, 443, 25]',
      library: 'connectPorts: [80, 443, 25]',
    },
  ],
  [
    'a closed port',
    forward,
    request('GET', 'http://a.example:25/'),
    403,
    { 'command-line': '--allow-port 25', file: 'destinations.allowPorts: [25]', library: 'allowPorts: [25]' },
  ],
  [
    'a private address',
    forward,
    request('GET', 'http://10.0.0.1/'),
    403,
    {
      'command-line': '--allow 10.0.0.1/32',
      file: "destinations.allow: ['10.0.0.1/32']",
      library: "allow: ['10.0.0.1/32']",
    },
  ],
  [
    'the same for CONNECT',
    forward,
    'CONNECT 10.0.0.1:443 HTTP/1.1\r\nHost: a\r\n\r\n',
    403,
    {
      'command-line': '--allow 10.0.0.1/32',
      file: "destinations.allow: ['10.0.0.1/32']",
      library: "allow: ['10.0.0.1/32']",
    },
  ],
  [
    'a destination that is denied',
    { ...forward, allow: ['10.0.0.0/8'], deny: ['10.0.0.1'] },
    request('GET', 'http://10.0.0.1/'),
    403,
    {
      'command-line': 'destinations.only of a configuration file',
      file: '(destinations.only, destinations.deny)',
      library: '(only, deny)',
    },
  ],
  [
    'a stranger',
    { ...forward, credentials: [{ user: 'a', password: 'b' }] },
    request('GET', 'http://a.example/'),
    407,
    { 'command-line': '(--auth)', file: '(users)', library: '(credentials)' },
  ],
  [
    'a request that is not for a proxy',
    forward,
    request('GET', '/'),
    400,
    { 'command-line': 'mode of a configuration file', file: '(mode)', library: '(mode)' },
  ],
  [
    'too many requests',
    { ...forward, requestRate: { perSecond: 0.001 } },
    request('GET', 'http://a.example:25/'),
    429,
    { 'command-line': 'clients.requestsPerSecond of', file: '(clients.requestsPerSecond)', library: '(requestRate)' },
  ],
  [
    'content that is too long',
    { ...forward, limits: { requestContentBytesMax: 2 } },
    `${request('POST', 'http://a.example/', 'Content-Length: 3')}abc`,
    413,
    {
      'command-line': '(--request-content-bytes-max)',
      file: '(limits.requestContentBytesMax)',
      library: '(limits.requestContentBytesMax)',
    },
  ],
  [
    'a long request line',
    { ...forward, grammar: { requestLineBytesMax: 40 } },
    request('GET', `http://a.example/${'a'.repeat(50)}`),
    414,
    {
      'command-line': '--request-line-bytes-max',
      file: 'grammar.requestLineBytesMax',
      library: 'grammar.requestLineBytesMax',
    },
  ],
  [
    'a large head',
    { ...forward, grammar: { headBytesMax: 40 } },
    request('GET', 'http://a.example/', `X: ${'a'.repeat(50)}`),
    431,
    { 'command-line': '--head-bytes-max', file: 'grammar.headBytesMax', library: 'grammar.headBytesMax' },
  ],
  [
    'many fields',
    { ...forward, grammar: { fieldsMax: 1 } },
    request('GET', 'http://a.example/', 'X: 1', 'Y: 2'),
    431,
    { 'command-line': '--fields-max', file: 'grammar.fieldsMax', library: 'grammar.fieldsMax' },
  ],
  [
    'empty lines',
    { ...forward, grammar: { emptyLinesMax: 1 } },
    `\r\n\r\n\r\n${request('GET', 'http://a.example/')}`,
    400,
    { 'command-line': '--empty-lines-max', file: 'grammar.emptyLinesMax', library: 'grammar.emptyLinesMax' },
  ],
  [
    'TRACE',
    gateway,
    request('TRACE', '/'),
    405,
    { 'command-line': '--trace would', file: 'trace: true would', library: 'trace: true would' },
  ],
  [
    'CONNECT to a gateway',
    gateway,
    connect(443),
    405,
    { 'command-line': 'mode of a', file: '(mode)', library: '(mode)' },
  ],
  [
    'https in the clear',
    gateway,
    request('GET', 'https://a.example/'),
    421,
    { 'command-line': 'tls of a', file: '(tls)', library: '(tls)' },
  ],
  [
    'no route',
    { mode: 'reverse', name: 'edge', routes: [{ path: '/a', upstream: SERVER }] },
    request('GET', '/b'),
    404,
    { 'command-line': 'routes of a', file: '(routes)', library: '(routes)' },
  ],
  [
    'a loop',
    gateway,
    request('GET', '/', 'Via: 1.1 edge'),
    502,
    { 'command-line': '(--name)', file: '(name)', library: '(name)' },
  ],
]

for (const door of ['command-line', 'file', 'library'] as const)
  for (const [what, options, text, status, said] of refusals)
    test(`${what}: ${status}, and the log says ${said[door]} (${door})`, async t => {
      const proxy = new HopwiseProxy(settingsOf(options, door), false)
      t.teardown(() => proxy.destroy())
      const records: ExchangeRecord[] = []
      proxy.on('exchange', record => records.push(record))
      const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 })
      if (status === 429) await ask(t, port, text) // the first one spends what there is
      const answer = await ask(t, port, text)
      t.equal(answer.status, status)
      await until('it is told', () => records.at(-1)?.status === status)
      const record = records.at(-1)!
      t.equal(record.outcome, 'refused')
      t.equal(record.error?.type, proxyStatusOf(answer).error)
      t.ok(record.error?.message.includes(said[door]), String(record.error?.message))
      const isTold = String(answer.content).includes(said[door])
      t.equal(isTold, options.mode === 'forward', String(answer.content))
      t.equal(proxyStatusOf(answer).details.includes(said[door]), options.mode === 'forward')
      const { failures } = proxy.stats().exchanges
      if (status === 404) t.same(failures, {}, 'an unknown route is not a failure')
      else t.match(failures, { [record.error!.type]: Number })
    })
