import { test } from 'tap'
import { gateway, readText, told } from './reading.js'

const bare = (finding: string) => finding.replace(/^\S+ /, '')
const said = (text: string) => told(readText(text)).map(bare)

/** Two listeners, each `{ address, … }`. */
const listeners = (...items: string[]) => `listeners:\n${items.map(item => `  - { ${item} }\n`).join('')}`
const forward = (address: string, rest = '') =>
  `address: '${address}', mode: forward, clients: { allow: [10.0.0.0/8] }${rest}`

test('two listeners on one address', async t => {
  const taken = (a: string, b: string) => said(listeners(forward(a), forward(b)))
  for (const [a, b] of [
    ['127.0.0.1:80', '127.0.0.1:80'],
    [':80', '127.0.0.1:80'],
    ['127.0.0.1:80', '0.0.0.0:80'],
    ['[::]:80', ':80'],
    ['Localhost:80', 'localhost:80'],
    ['unix:/a', 'unix:/a'],
    ['fd:3', 'fd:3'],
    ['systemd:web', 'systemd:web'],
  ] as const)
    t.match(taken(a, b), [/^error listeners\[1\]\.address \| .* is already used by listeners\[0\]/], `${a} ${b}`)
  t.match(taken('127.0.0.1:0', '127.0.0.1:0'), [/^error listeners\[1\]\.address \| "127\.0\.0\.1:0" is used twice/])
  for (const [a, b] of [
    ['127.0.0.1:0', '127.0.0.2:0'],
    ['127.0.0.1:80', '127.0.0.1:81'],
    ['127.0.0.1:80', '127.0.0.2:80'],
    ['unix:/a', 'unix:/b'],
    ['fd:3', 'fd:4'],
    ['unix:/a', ':80'],
  ] as const)
    t.same(taken(a, b), [], `${a} ${b}`)
  t.match(said(`${listeners(forward(':80'))}admin: { address: 127.0.0.1:80 }\n`), [
    /^error admin\.address \| "127\.0\.0\.1:80" is already used by listeners\[0\], which listens on ":80" \| use another port$/,
  ])
  t.match(said(listeners(forward(':80', ', name: a'), forward(':81', ', name: a'))), [
    /^error listeners\[1\]\.name \| "a" is already the name of listeners\[0\]/,
  ])
})

test('a field that hopwise sends itself cannot be kept from clients', async t => {
  const rows = [
    'xRealIp: true, keepFields: [X-Client-IP, X_Real_IP]',
    'xForwardedPort: true, keepFields: [X-Real-IP, X-Forwarded-Port]',
    'xForwardedPrefix: true, keepFields: [X-Real-IP, X-Forwarded-Prefix]',
    'tls: { certificates: [{ cert: a, key: b }], clientCertificates: { ca: c, fields: [serial] } }, keepFields: [X-Client-Cert-Issuer, X-Client_Cert-Serial]',
  ]
  for (const keys of rows)
    t.match(said(listeners(`address: 127.0.0.1:0, ${keys}, routes: [{ upstream: http://a }]`)), [
      /^error listeners\[0\]\.keepFields\[1\] \| hopwise itself sends "\S+", by \S+ \| name the peers/,
    ])
  t.same(said(listeners('address: 127.0.0.1:0, keepFields: [X-Real-IP], routes: [{ upstream: http://a }]')), [])
})

test('keys that belong to another mode', async t => {
  const rows: [string, RegExp][] = [
    [
      'address: ":0", mode: forward, routes: [{ upstream: http://a }], clients: { allow: ["::1"] }',
      /routes belongs to mode reverse, and this listener is forward/,
    ],
    [
      'address: 127.0.0.1:0, upstream: http://a, routes: [{ upstream: http://a }]',
      /upstream belongs to mode dumb.*write routes/,
    ],
    [
      'address: 127.0.0.1:0, users: { file: u }, routes: [{ upstream: http://a }]',
      /users belongs to mode forward.*or write mode: forward/,
    ],
    [
      'address: 127.0.0.1:0, destinations: {}, routes: [{ upstream: http://a }]',
      /destinations belongs to mode forward/,
    ],
    [
      'address: 127.0.0.1:0, mode: dumb, trace: true',
      /the dumb proxy has no trace \| it takes address, name, mode and upstream/,
    ],
    ['address: 127.0.0.1:0, mode: dumb, upstream: https://a', /the dumb proxy supports http:\/\/ only/],
    [
      'address: 127.0.0.1:0, mode: forward, xForwardedPrefix: true',
      /xForwardedPrefix belongs to mode reverse.*or write mode: reverse/,
    ],
    [
      'address: 127.0.0.1:0, mode: forward, tls: { certificates: [{ cert: a, key: b }], clientCertificates: { ca: c, fields: [subject] } }',
      /clientCertificates\.fields \| a forward proxy does not identify its clients to other servers/,
    ],
    ['address: 127.0.0.1:0', /a reverse listener without routes answers 404 to everything/],
  ]
  for (const [listener, message] of rows) t.match(said(listeners(listener)), [message], listener)
  t.same(
    said(listeners('address: 127.0.0.1:0, mode: revers, users: { file: u }')).length,
    1,
    'only the wrong mode is reported',
  )
})

test('open doors', async t => {
  const open = /^warning listeners\[0\]\.address \| an open forward proxy/
  t.match(said(listeners("address: ':3128', mode: forward")), [open])
  t.match(said(listeners('address: 192.0.2.1:3128, mode: forward')), [open])
  for (const rest of [
    'address: 127.0.0.1:1',
    "address: '[::1]:1'",
    'address: unix:/a',
    "address: ':1', users: { file: u }",
    "address: ':1', clients: { allow: ['::1'] }",
    "address: ':1', tls: { certificates: [{ cert: a, key: b }], clientCertificates: { ca: c } }",
  ])
    t.same(said(listeners(`${rest}, mode: forward`)), [], rest)
  t.match(said(gateway({ more: "admin: { address: ':9090' }\n" })), [/^warning admin\.address/])
  const needs = (names: string) =>
    said(gateway({ more: `admin: { address: 127.0.0.1:9090, readyNeeds: [${names}] }\n` }))
  t.match(needs('app, apq'), [
    /^error admin\.readyNeeds\[0\] \| app has no healthCheck: .* \| give upstreams\.app a healthCheck/,
    /^error admin\.readyNeeds\[1\] \| there is no group "apq" under upstreams \| did you mean app\?/,
  ])
  t.match(said(gateway({ group: 'tls: { insecure: true }' }).replace('http://127', 'https://127')), [
    /^warning upstreams\.app\.tls\.insecure/,
  ])
})

const routes = (...items: string[]) =>
  `listeners:\n  - address: 127.0.0.1:8080\n    routes:\n${items.map(item => `      - { ${item}, upstream: http://127.0.0.1:3000 }\n`).join('')}`

test('routes that no request reaches', async t => {
  const never = (first: string, second: string) => said(routes(first, second))
  for (const [first, second] of [
    ['sendHost: preserve', 'host: a'],
    ['sendHost: preserve', 'exact: /a'],
    ['path: /', 'path: /a'],
    ['path: /a', 'path: /a/b'],
    ['path: /a', 'exact: /a'],
    ['path: /a/', 'exact: /a/b'],
    ['exact: /a', 'exact: /a'],
    ['host: a', 'host: A'],
    ["host: '*.a'", 'host: b.a'],
    ["host: '*.a'", "host: '*.b.a'"],
    ["host: ['*.a', c]", 'host: [b.a, c]'],
    ['method: [GET, POST]', 'method: GET, host: x'],
    ['path: /a, method: GET', 'path: /a/b, method: [GET]'],
  ] as const)
    t.match(
      never(first, second),
      [/^error listeners\[0\]\.routes\[1\] \| no request reaches this route: routes\[0\] matches all/],
      `${first} / ${second}`,
    )
  for (const [first, second] of [
    ['host: a', 'sendHost: preserve'],
    ['path: /a', 'path: /ab'],
    ['path: /a/', 'path: /a'],
    ['exact: /a', 'path: /a'],
    ["host: '*.a'", 'host: a'],
    ['host: b.a', "host: '*.a'"],
    ['host: [a, b]', 'host: [a, c]'],
    ['method: GET', 'method: [GET, POST]'],
    ['method: GET', 'path: /a'],
    ['host: a, path: /a', 'path: /a'],
  ] as const)
    t.same(never(first, second), [], `${first} / ${second}`)
})

test('contradictions within one route', async t => {
  const rows: [string, RegExp][] = [
    ['path: /a, exact: /a', /exact \| a route cannot have both path and exact/],
    ['path: /a, stripPrefix: /b', /^warning .*stripPrefix \| "\/b" is never a prefix of/],
    ['requestFields: { set: { X-A: a, x_a: b } }', /set\.x_a \| x_a is the same field as X-A/],
    ['responseFields: { set: { X-A: a }, remove: [x-a] }', /remove\[0\] \| x-a is set and removed/],
  ]
  for (const [route, message] of rows) t.match(said(routes(route)), [message], route)
  for (const route of [
    'path: /a, stripPrefix: /a',
    'path: /a, stripPrefix: /a/b',
    'path: /a/b, stripPrefix: /a',
    'stripPrefix: /a',
  ])
    t.same(said(routes(route)), [], route)
})

test('fields that no route may change', async t => {
  for (const name of [
    'Connection',
    'Content-Length',
    'Transfer-Encoding',
    'Host',
    'Keep-Alive',
    'Proxy-Connection',
    'TE',
    'Trailer',
    'Upgrade',
    'Via',
  ]) {
    t.match(
      said(routes(`requestFields: { set: { ${name}: x } }`)),
      [/"[\w-]+" cannot be changed by routes \| .+/],
      name,
    )
    t.match(said(routes(`requestFields: { remove: [${name}] }`)), [/cannot be changed by routes \| .+/], name)
  }
  t.same(said(routes('responseFields: { remove: [Server] }')), [])
  t.match(said(routes("requestFields: { set: { 'X A': x } }")), [/"X A" is not a field name/])
  t.match(said(routes('requestFields: { set: { X: "a\\nb" } }')), [/"a\\nb" contains a control character/])
  t.match(said(routes('requestFields: { set: { X: " a" } }')), [/has leading or trailing whitespace \| remove it/])
  t.match(said(routes('requestFields: { set: { X: "日" } }')), [/only latin1 can be sent/])
})

test('groups that cannot serve', async t => {
  const servers = (text: string, rest = '') => said(gateway({ group: rest }).replace('[http://127.0.0.1:3000]', text))
  t.match(servers('[{ url: http://a, backup: true }]'), [/^error upstreams\.app\.servers \| all servers are backups/])
  t.match(servers('[{ url: http://a, weight: 0 }]'), [/all servers have the weight 0/])
  t.match(servers('[http://a, http://A:80/]'), [/servers\[1\] \| "http:\/\/A:80\/" is already servers\[0\]/])
  t.match(servers('[]'), [/the list is empty/])
  t.match(servers('[http://127.0.0.1:8080]'), [/is the listen address of hopwise itself/])
  t.match(said(routes('host: a').replace('3000', '8080')), [/is the listen address of hopwise itself/])
  t.match(servers('[http://a]', 'tls: {}'), [/^error upstreams\.app\.tls \| tls has no effect/])
  t.match(servers('[http://a, https://b]', 'tls: {}'), [
    /^warning upstreams\.app\.tls \| http:\/\/a of this group is reached without TLS/,
  ])
  t.same(servers('[srv+https://_a._tcp.b]', 'tls: {}'), [])
  t.match(servers('[https://a]', 'tls: { ca: a, insecure: true }'), [
    /ca and insecure contradict each other/,
    /^warning/,
  ])
  t.match(servers('[https://a]', 'tls: { cert: a }'), [/cert is given without key/])
  t.match(servers('[https://a]', 'tls: { key: a }'), [/key is given without cert/])
})

test('balance and what goes with it', async t => {
  const group = (text: string) => said(gateway({ group: text }))
  t.match(group('hash: { by: address }'), [/hash is for balance: hash, and this group has balance: round-robin/])
  t.match(group('balance: hash\nhash: { by: field }'), [/by: field requires the name of the field/])
  t.match(group('balance: hash\nhash: { by: cookie }'), [/by: cookie requires the name of the cookie/])
  t.match(group('balance: hash\nhash: { name: a }'), [/an address has no name/])
  t.same(group('balance: hash'), [])
  t.match(group('resolve: { minMs: 2, maxMs: 1 }'), [/minMs \(2\) is more than maxMs \(1\)/])
  t.match(group('healthCheck: { timeoutMs: 6000 }'), [/timeoutMs \(6000\) is more than intervalMs \(5000\)/])
})

test('what depends on something wrong is not reported', async t => {
  t.same(said(routes('hots: a', 'path: /x')), [
    'error listeners[0].routes[0].hots | there is no key hots here | did you mean host?',
  ])
  t.same(
    said('upstreams: 5\nlisteners: [{ address: 127.0.0.1:0, routes: [{ upstream: a }] }]\n').length,
    2,
    'the group is missing either way',
  )
  t.same(said('listeners: 5\nupstreams: { a: { servers: [http://a] } }\n').length, 1, 'the group may be used')
  t.same(said(gateway({ group: 'balanc: hash\nhash: { by: address }' })).length, 2)
  t.same(said(gateway({ group: 'balance: hsh\nhash: { by: address }' })).length, 1)
})
