import { test } from 'tap'
import { readCommandLine } from '../../lib/cli/command-line.js'
import { checked, forwardSettings, reverseSettings } from '../../lib/cli/proxy-settings.js'
import { readConfigurationText } from '../../lib/config/read.js'
import { settingsOf } from '../../lib/proxy/options/options.js'

// An impossible setting is refused at each of the three doors (library, file, command line), and each names it in its own words.

const SERVER = 'http://127.0.0.1:3000'

interface Bad {
  what: string
  mode: 'reverse' | 'forward'
  /** Options of the library besides the mode, with `routes` or `upstream` where the rest must be right. */
  library: object
  /** What the TypeError says. */
  named: RegExp
  /** Keys of the listener in YAML; null: the file has no such setting. */
  file: string | null
  /** The path of the finding. */
  path?: RegExp
  group?: string
  /** Options of the command line; null: it has no such option. */
  line: string | null
  option?: RegExp
}

const routed = { upstreams: { app: { servers: [SERVER] } } }
const group = (more: object) => ({ routes: [{ upstream: 'app' }], upstreams: { app: { servers: [SERVER], ...more } } })
const route = (more: object) => ({ routes: [{ upstream: 'app', ...more }], ...routed })
const lone = { upstream: SERVER }

const bad: Bad[] = [
  {
    what: 'credentials for a gateway',
    mode: 'reverse',
    library: { ...lone, credentials: [{ user: 'a', password: 'b' }] },
    named: /^credentials is for mode "forward"/,
    file: 'users: { file: u }',
    path: /users$/,
    line: '--auth a:b',
    option: /Unknown option --auth: it is an option of forward/,
  },
  {
    what: 'destinations of a gateway',
    mode: 'reverse',
    library: { ...lone, allow: ['10.0.0.0/8'] },
    named: /^allow is for mode "forward"/,
    file: 'destinations: { allow: [10.0.0.0/8] }',
    path: /destinations$/,
    line: '--allow 10.0.0.0/8',
    option: /--allow: it is an option of forward/,
  },
  {
    what: 'ports of a gateway',
    mode: 'reverse',
    library: { ...lone, connectPorts: [1] },
    named: /^connectPorts is for/,
    file: 'destinations: { connectPorts: [1] }',
    path: /destinations$/,
    line: '--connect-port 1',
    option: /--connect-port: it is an option of/,
  },
  {
    what: 'a parent of a gateway',
    mode: 'reverse',
    library: { ...lone, parent: SERVER },
    named: /^parent is for/,
    file: `parent: ${SERVER}`,
    path: /parent$/,
    line: null,
  },
  {
    what: 'name servers of a gateway',
    mode: 'reverse',
    library: { ...lone, resolve: { nameservers: ['1.1.1.1'] } },
    named: /^resolve is for/,
    file: 'resolve: { nameservers: [1.1.1.1] }',
    path: /resolve$/,
    line: '--nameserver 1.1.1.1',
    option: /--nameserver: it is an option of/,
  },
  {
    what: 'HTTP/1.0 keep-alive of a gateway',
    mode: 'reverse',
    library: { ...lone, forwardHttp10KeepAlive: true },
    named: /^forwardHttp10KeepAlive is for/,
    file: 'forwardHttp10KeepAlive: true',
    path: /forwardHttp10KeepAlive$/,
    line: '--forward-http10-keep-alive',
    option: /it is an option of forward/,
  },
  {
    what: 'routes of a forward proxy',
    mode: 'forward',
    library: { routes: [{ upstream: SERVER }] },
    named: /^routes is for mode "reverse"/,
    file: `routes: [{ upstream: '${SERVER}' }]`,
    path: /routes$/,
    line: '--host upstream',
    option: /--host: it is an option of/,
  },
  {
    what: 'an unknown key',
    mode: 'forward',
    library: { conectPorts: [1] },
    named: /conectPorts: did you mean connectPorts\?/,
    file: 'destinations: { conectPorts: [1] }',
    path: /conectPorts/,
    line: '--conect-port 1',
    option: /did you mean --connect-port\?/,
  },
  {
    what: 'an unknown deadline',
    mode: 'forward',
    library: { deadlines: { conectMs: 1 } },
    named: /^deadlines has no conectMs: did you mean connectMs\?/,
    file: 'deadlines: { conectMs: 1 }',
    path: /conectMs/,
    line: '--conect-ms 1',
    option: /--connect-ms/,
  },
  {
    what: 'text for a number',
    mode: 'forward',
    library: { deadlines: { connectMs: '5' } },
    named: /^deadlines\.connectMs must be an integer/,
    file: "deadlines: { connectMs: '5' }",
    path: /deadlines\.connectMs$/,
    line: '--connect-ms 5s',
    option: /--connect-ms must be a whole number/,
  },
  {
    what: 'more milliseconds than a timer takes',
    mode: 'forward',
    library: { deadlines: { connectMs: 2 ** 31 } },
    named: /^deadlines\.connectMs must be at most/,
    file: 'deadlines: { connectMs: 2147483648 }',
    path: /connectMs$/,
    line: '--connect-ms 2147483648',
    option: /--connect-ms/,
  },
  {
    what: 'a limit of no connections',
    mode: 'forward',
    library: { limits: { clientConnectionsMax: 0 } },
    named: /^limits\.clientConnectionsMax/,
    file: 'limits: { clientConnectionsMax: 0 }',
    path: /clientConnectionsMax$/,
    line: '--client-connections-max 0',
    option: /--client-connections-max/,
  },
  {
    what: 'a head of unlimited size',
    mode: 'forward',
    library: { grammar: { headBytesMax: 2 ** 30 } },
    named: /^grammar\.headBytesMax must be at most/,
    file: 'grammar: { headBytesMax: 1073741824 }',
    path: /headBytesMax$/,
    line: '--head-bytes-max 1073741824',
    option: /--head-bytes-max/,
  },
  {
    what: 'an unknown choice',
    mode: 'forward',
    library: { via: 'requests' },
    named: /^via must be off or request or both, not "requests": did you mean request\?/,
    file: 'via: requests',
    path: /via$/,
    line: '--via requests',
    option: /--via must be .*not "requests"/,
  },
  {
    what: 'text for a flag',
    mode: 'forward',
    library: { forwarded: 'no' },
    named: /^forwarded must be true or false/,
    file: 'forwarded: perhaps',
    path: /forwarded$/,
    line: null,
  },
  {
    what: 'text for a list',
    mode: 'forward',
    library: { trust: '10.0.0.0/8' },
    named: /^trust must be an array.*write \["10/,
    file: 'trust: 10.0.0.0/8',
    path: /trust$/,
    line: null,
  },
  {
    what: 'an invalid network',
    mode: 'reverse',
    library: { ...lone, trust: ['10.0.0.0/99'] },
    named: /^trust: "10\.0\.0\.0\/99"/,
    file: 'trust: [10.0.0.0/99]\n    routes: [{ upstream: app }]',
    path: /trust\[0\]$/,
    group: '',
    line: '--trust 10.0.0.0/99',
    option: /--trust "10/,
  },
  {
    what: 'a word for all networks',
    mode: 'reverse',
    library: { ...lone, trust: ['private_ranges'] },
    named: /^trust: .*Caddy.*10\.0\.0\.0\/8/,
    file: 'trust: [private_ranges]\n    routes: [{ upstream: app }]',
    path: /trust\[0\]$/,
    group: '',
    line: '--trust private_ranges',
    option: /--trust .*Caddy.*10\.0\.0\.0\/8/,
  },
  {
    what: 'a destination that is a URL',
    mode: 'forward',
    library: { allow: ['http://a.example/'] },
    named: /^allow: .*write a\.example/,
    file: "destinations: { allow: ['http://a.example/'] }",
    path: /allow\[0\]$/,
    line: '--allow http://a.example/',
    option: /--allow .*write a\.example/,
  },
  {
    what: 'an invalid port',
    mode: 'forward',
    library: { connectPorts: [70_000] },
    named: /^connectPorts: 70000 is not a port/,
    file: 'destinations: { connectPorts: [70000] }',
    path: /connectPorts/,
    line: '--connect-port 70000',
    option: /--connect-port/,
  },
  {
    what: 'an invalid name server',
    mode: 'forward',
    library: { resolve: { nameservers: ['dns.example'] } },
    named: /^resolve\.nameservers/,
    file: 'resolve: { nameservers: [dns.example] }',
    path: /nameservers/,
    line: '--nameserver dns.example',
    option: /--nameserver/,
  },
  {
    what: 'an invalid protocol',
    mode: 'forward',
    library: { upgrades: ['a b'] },
    named: /^upgrades\[0\]/,
    file: "upgrades: ['a b']",
    path: /upgrades\[0\]$/,
    line: '--upgrade a(b',
    option: /--upgrade/,
  },
  {
    what: 'a field that cannot be kept',
    mode: 'reverse',
    library: { ...lone, keepFields: ['Accept'] },
    named: /^keepFields/,
    file: 'keepFields: [Accept]\n    routes: [{ upstream: app }]',
    path: /keepFields\[0\]$/,
    group: '',
    line: '--keep-field Accept',
    option: /keep/,
  },
  {
    what: 'an empty list of clients',
    mode: 'forward',
    library: { clients: { allow: [] } },
    named: /^clients\.allow is empty/,
    file: 'clients: { allow: [] }',
    path: /clients\.allow$/,
    line: null,
  },
  {
    what: 'a negative rate',
    mode: 'forward',
    library: { clients: { connectionsPerSecond: -1 } },
    named: /^clients\.connectionsPerSecond/,
    file: 'clients: { connectionsPerSecond: -1 }',
    path: /connectionsPerSecond$/,
    line: null,
  },
  {
    what: 'a rate that can only be a slip',
    mode: 'forward',
    library: { requestRate: { perSecond: 1_000_001 } },
    named: /^requestRate\.perSecond/,
    file: 'clients: { requestsPerSecond: 1000001 }',
    path: /requestsPerSecond$/,
    line: null,
  },
  {
    what: 'no port for CONNECT',
    mode: 'forward',
    library: { connectPorts: [] },
    named: /^connectPorts is empty/,
    file: 'destinations: { connectPorts: [] }',
    path: /connectPorts$/,
    line: null,
  },
  {
    what: 'an empty list of the only destinations',
    mode: 'forward',
    library: { only: [] },
    named: /^only is empty/,
    file: 'destinations: { only: [] }',
    path: /only$/,
    line: null,
  },
  {
    what: 'failed logins as text',
    mode: 'forward',
    library: { clients: { failedLoginsPerMinute: '3' } },
    named: /^clients\.failedLoginsPerMinute/,
    file: "clients: { failedLoginsPerMinute: '3' }",
    path: /failedLoginsPerMinute$/,
    line: null,
  },
  {
    what: 'TLS without a certificate',
    mode: 'forward',
    library: { tls: { certificates: [] } },
    named: /^tls\.certificates is empty/,
    file: 'tls: { certificates: [] }',
    path: /certificates$/,
    line: null,
  },
  {
    what: 'an unknown key of TLS',
    mode: 'forward',
    library: { tls: { certificates: [{ cert: 'c', key: 'k' }], minVerson: 'TLSv1.3' } },
    named: /^tls has no minVerson: did you mean minVersion\?/,
    file: 'tls: { certificates: [{ cert: c, key: k }], minVerson: TLSv1.3 }',
    path: /minVerson/,
    line: null,
  },
  {
    what: 'a certificate without its key',
    mode: 'forward',
    library: { tls: { certificates: [{ cert: 'c' }] } },
    named: /^tls\.certificates\[0\]\.key is missing/,
    file: 'tls: { certificates: [{ cert: c }] }',
    path: /key$/,
    line: null,
  },
  {
    what: 'the PROXY protocol from no peer',
    mode: 'forward',
    library: { proxyProtocol: { from: [] } },
    named: /^proxyProtocol\.from is empty/,
    file: 'proxyProtocol: { from: [] }',
    path: /from$/,
    line: null,
  },
  {
    what: 'an upstream with a path',
    mode: 'reverse',
    library: { upstream: 'http://a/b' },
    named: /^upstream .*has a path.*setPrefix/,
    file: 'routes: [{ upstream: http://a/b }]',
    path: /upstream$/,
    line: null, // there the path becomes `setPrefix`
  },
  {
    what: 'an upstream without a scheme',
    mode: 'reverse',
    library: { upstream: 'a.example:80' },
    named: /^upstream .*not an http/,
    file: 'routes: [{ upstream: a.example:80 }]',
    path: /upstream$/,
    line: 'a.example:80',
    option: /no scheme/,
  },
  {
    what: 'an unknown group',
    mode: 'reverse',
    library: { routes: [{ upstream: 'ap' }], ...routed },
    named: /^routes\[0\]\.upstream "ap" .*did you mean app\?/,
    file: 'routes: [{ upstream: ap }]',
    path: /upstream$/,
    group: '',
    line: null,
  },
  {
    what: 'no routes',
    mode: 'reverse',
    library: { routes: [] },
    named: /^routes is empty/,
    file: 'routes: []',
    path: /routes$/,
    line: null,
  },
  ...(
    [
      ['an unknown key', { hosts: ['a'] }, 'hosts: [a]', /^routes\[0\] has no hosts: did you mean host\?/, /hosts/],
      ['a pattern as path', { path: '/api/*' }, "path: '/api/*'", /^routes\[0\].*write \/api, which matches/, /path$/],
      [
        'a deep pattern as path',
        { path: '/api/**' },
        "path: '/api/**'",
        /^routes\[0\].*write \/api, which matches/,
        /path$/,
      ],
      [
        'a location of nginx in a path',
        { path: '~ ^/x' },
        "path: '~ ^/x'",
        /^routes\[0\].*regular expression/,
        /path$/,
      ],
      [
        'a pattern to strip',
        { stripPrefix: '/api/*' },
        "stripPrefix: '/api/*'",
        /^routes\[0\].*stripPrefix/,
        /stripPrefix$/,
      ],
      ['a wildcard for every host', { host: '*' }, "host: '*'", /^routes\[0\].*omit host/, /host$/],
      ['a word for every method', { method: 'ANY' }, 'method: ANY', /^routes\[0\].*omit method/, /method$/],
      ['a method in lower case', { method: 'get' }, 'method: get', /^routes\[0\].*write GET/, /method$/],
      ['an empty list of methods', { method: [] }, 'method: []', /^routes\[0\]\.method is empty/, /method$/],
      ['path and exact', { path: '/a', exact: '/b' }, 'path: /a, exact: /b', /^routes\[0\]: .*path or exact/, /exact$/],
      [
        'a field of the hop',
        { requestFields: { set: { Connection: 'x' } } },
        'requestFields: { set: { Connection: x } }',
        /^routes\[0\]: .*Connection/,
        /Connection/,
      ],
      [
        'a number as a field',
        { requestFields: { set: { 'X-A': 1 } } },
        'requestFields: { set: { X-A: 1 } }',
        /^routes\[0\]\.requestFields\.set\.X-A must be a string/,
        /X-A/,
      ],
      [
        'an unknown edit',
        { responseFields: { add: {} } },
        'responseFields: { add: {} }',
        /^routes\[0\]\.responseFields has no add/,
        /add/,
      ],
      [
        'a negative size',
        { bufferRequestBytes: -1 },
        'bufferRequestBytes: -1',
        /^routes\[0\]\.bufferRequestBytes/,
        /bufferRequestBytes$/,
      ],
      ['a Host with a space', { sendHost: 'a b' }, "sendHost: 'a b'", /^routes\[0\]: .*sendHost/, /sendHost$/],
    ] as const
  ).map(
    ([what, options, yaml, named, path]): Bad => ({
      what: `a route: ${what}`,
      mode: 'reverse',
      library: route(options),
      named,
      file: `routes: [{ upstream: app, ${yaml} }]`,
      path,
      group: '',
      line: null,
    }),
  ),
  ...(
    [
      [
        'an unknown key',
        { ballance: 'hash' },
        'ballance: hash',
        /^upstreams\.app has no ballance: did you mean balance\?/,
        /ballance/,
      ],
      ['an unknown balance', { balance: 'random' }, 'balance: random', /^upstreams\.app\.balance/, /balance$/],
      ['too many retries', { retries: 1_000 }, 'retries: 1000', /^upstreams\.app\.retries/, /retries$/],
      [
        'a cookie name with a space',
        { sticky: { cookie: 'a b' } },
        "sticky: { cookie: 'a b' }",
        /^upstreams\.app\.sticky\.cookie/,
        /cookie$/,
      ],
      [
        'hash without its balance',
        { hash: { by: 'address' } },
        'hash: { by: address }',
        /^upstreams\.app\.hash is for balance/,
        /hash$/,
      ],
      [
        'hash by a field without a name',
        { balance: 'hash', hash: { by: 'field' } },
        'balance: hash, hash: { by: field }',
        /^upstreams\.app\.hash\.name/,
        /hash\.by$/,
      ],
      [
        'hash by an address with a name',
        { balance: 'hash', hash: { name: 'x' } },
        'balance: hash, hash: { name: x }',
        /^upstreams\.app\.hash\.name/,
        /hash\.name$/,
      ],
      [
        'an unknown key of a health check',
        { healthCheck: { path: '/', intervallMs: 1 } },
        'healthCheck: { path: /, intervallMs: 1 }',
        /^upstreams\.app\.healthCheck has no intervallMs: did you mean intervalMs/,
        /intervallMs/,
      ],
      [
        'a health check with a timeout above its interval',
        { healthCheck: { intervalMs: 5, timeoutMs: 9 } },
        'healthCheck: { intervalMs: 5, timeoutMs: 9 }',
        /^upstreams\.app\.healthCheck\.timeoutMs/,
        /timeoutMs$/,
      ],
      [
        'wrong statuses',
        { healthCheck: { status: '2xx' } },
        'healthCheck: { status: 2xx }',
        /^upstreams\.app\.healthCheck\.status/,
        /status$/,
      ],
      [
        'a share above 100 percent',
        { ejection: { ejectedPercentMax: 101 } },
        'ejection: { ejectedPercentMax: 101 }',
        /^upstreams\.app\.ejection\.ejectedPercentMax/,
        /ejectedPercentMax$/,
      ],
      [
        'minMs above maxMs',
        { resolve: { minMs: 5, maxMs: 4 } },
        'resolve: { minMs: 5, maxMs: 4 }',
        /^upstreams\.app\.resolve\.minMs/,
        /minMs$/,
      ],
      [
        'TLS for servers without it',
        { tls: { servername: 'a' } },
        'tls: { servername: a }',
        /^upstreams\.app\.tls has no effect/,
        /tls$/,
      ],
      [
        'a limit of a listener',
        { limits: { clientConnectionsMax: 5 } },
        'limits: { clientConnectionsMax: 5 }',
        /^upstreams\.app\.limits has no clientConnectionsMax/,
        /clientConnectionsMax/,
      ],
      [
        'a deadline of a listener',
        { deadlines: { clientIdleMs: 5 } },
        'deadlines: { clientIdleMs: 5 }',
        /^upstreams\.app\.deadlines has no clientIdleMs/,
        /clientIdleMs/,
      ],
    ] as const
  ).map(
    ([what, options, yaml, named, path]): Bad => ({
      what: `a group: ${what}`,
      mode: 'reverse',
      library: group(options),
      named,
      file: 'routes: [{ upstream: app }]',
      path,
      group: yaml,
      line: null,
    }),
  ),
]

for (const { what, mode, library, named, file, path, group: more, line, option } of bad)
  test(`refused at each door: ${what} (${mode})`, async t => {
    t.throws(() => settingsOf({ mode, ...library } as never), { name: 'TypeError', message: named }, 'library')
    if (file !== null) {
      const upstreams = more === undefined ? '' : `upstreams: { app: { servers: ['${SERVER}'], ${more} } }\n`
      const text = `listeners:\n  - address: 127.0.0.1:1\n    mode: ${mode}\n    ${file}\n${upstreams}`
      const { findings } = readConfigurationText(text, 'hopwise.yaml', { environment: {}, checkFiles: false })
      const errors = findings.filter(({ severity }) => severity === 'error')
      t.ok(
        errors.some(one => path!.test(one.path) || path!.test(one.message)),
        `file: ${JSON.stringify(errors)}`,
      )
    }
    if (line === null) return
    const operand = mode === 'reverse' && line.startsWith('-') ? [SERVER] : []
    const run = () => {
      const asked = readCommandLine([mode, ...operand, ...line.split(' ')], {
        environment: {},
        version: '0',
        columns: 80,
      })
      if (asked.kind !== 'run') throw new Error('it prints a text')
      return checked(mode === 'reverse' ? reverseSettings(asked.given, { port: 1 }) : forwardSettings(asked.given))
    }
    t.throws(run, { name: 'UsageError', message: option! }, 'command line')
  })

test('accepted at each door: peers of a unix socket, and less than one request per second', async t => {
  const both = { trust: ['unix'], requestRate: { perSecond: 0.5 } }
  t.match(settingsOf({ mode: 'reverse', ...lone, ...both }).requestRate, { perSecond: 0.5 })
  const clients = 'trust: [unix]\n    clients: { requestsPerSecond: 0.5, connectionsPerSecond: 0.1 }'
  const text = `listeners:\n  - address: unix:/run/h.sock\n    ${clients}\n    routes: [{ upstream: '${SERVER}' }]\n`
  t.same(readConfigurationText(text, 'hopwise.yaml', { environment: {}, checkFiles: false }).findings, [])
  const asked = readCommandLine(['reverse', SERVER, '--trust', 'unix'], { environment: {}, version: '0', columns: 80 })
  if (asked.kind !== 'run') throw new Error('it prints a text')
  t.match(reverseSettings(asked.given, { port: 1 }), { trust: ['unix'] })
})
