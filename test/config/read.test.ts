import * as fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { readConfiguration } from '../../lib/config/read.js'
import { DEADLINES } from '../../lib/link/deadlines.js'
import { LIMITS } from '../../lib/link/limits.js'
import { GRAMMAR_LIMITS } from '../../lib/wire/limits.js'
import { tempFolder } from '../support/temp-folder.js'
import { gateway, readText, shown, told } from './reading.js'

test('absent keys get their defaults, and short forms are expanded', async t => {
  const { configuration, findings } = readText(gateway({ route: 'host: App.Example\nmethod: GET' }))
  t.same(findings, [])
  t.match(configuration, { workers: 1, trust: [], logs: { level: 'info', access: { to: 'stdout', format: 'json' } } })
  t.same(configuration?.deadlines, DEADLINES)
  t.same(configuration?.limits, LIMITS)
  t.same(configuration?.grammar, GRAMMAR_LIMITS)
  t.notOk(configuration && '$schema' in configuration)
  const [listener] = configuration?.listeners ?? []
  t.match(listener, {
    name: '127.0.0.1:8080',
    mode: 'reverse',
    via: 'request',
    xForwarded: true,
    trace: false,
    limits: {},
  })
  t.match(listener, {
    routes: [{ host: ['app.example'], method: ['GET'], sendHost: 'preserve', bufferRequestBytes: 0 }],
  })
  t.same(configuration?.upstreams.app?.servers, [{ url: 'http://127.0.0.1:3000', weight: 1, backup: false }])
  t.match(configuration?.upstreams.app, {
    retries: 1,
    ejection: { failures: 3 },
    resolve: { minMs: 1000 },
    proxyProtocol: 'off',
  })
})

test('defaults that depend on the mode, and keys that a mode does not have', async t => {
  const { configuration } = readText(
    'listeners:\n  - { address: 127.0.0.1:1, mode: forward }\n  - { address: 127.0.0.1:2, mode: dumb, upstream: http://a }\n',
  )
  const [forward, dumb] = configuration?.listeners ?? []
  t.match(forward, {
    via: 'both',
    xForwarded: false,
    trace: true,
    destinations: { allow: [], connectPorts: [80, 443] },
  })
  t.notOk(forward && 'routes' in forward)
  t.same(dumb, { address: '127.0.0.1:2', name: '127.0.0.1:2', mode: 'dumb', upstream: 'http://a' })
})

test('file names are relative to the directory of the file', async t => {
  const text = gateway({
    listener: 'tls: { certificates: [{ cert: a.pem, key: /k/a.key }], clientCertificates: { ca: ../ca.pem } }',
    group: 'tls: { ca: b.pem, cert: c.pem, key: c.key }',
    more: 'logs: { access: { to: access.log } }\n',
  }).replace('http://127', 'https://127')
  const { configuration } = readText(text, {})
  const folder = process.cwd()
  t.match(configuration?.listeners[0], {
    tls: {
      certificates: [{ cert: join(folder, 'a.pem'), key: '/k/a.key' }],
      clientCertificates: { ca: join(folder, '../ca.pem'), required: true, fields: [] },
    },
  })
  t.match(configuration?.upstreams.app?.tls, {
    ca: join(folder, 'b.pem'),
    cert: join(folder, 'c.pem'),
    insecure: false,
  })
  t.equal(configuration?.logs.access.to, join(folder, 'access.log'))
})

test('JSON is read as well, and may name its schema', async t => {
  const text = JSON.stringify({
    $schema: './hopwise.schema.json',
    listeners: [{ address: ':0', routes: [{ upstream: 'http://127.0.0.1:3000' }] }],
  })
  t.ok(readText(text).configuration)
})

test('all findings are reported at once, in file order', async t => {
  const reading = readText(
    `name: hopwise
listeners:
  - address: 8080
    clientIdleMs: 5000
    routes:
      - upstream: ap
        metod: GET
      - upstream: app
upstreams:
  app:
    servers: [127.0.0.1:3000]
    sticky: {}
`,
  )
  t.notOk(reading.configuration)
  t.same(told(reading), [
    '1:7 error name | "hopwise" is the product\'s name | two proxies of that name in a row would look like a loop. Give this deployment its own name, such as edge-1',
    "3:14 error listeners[0].address | expected text, not 8080 | put it in quotes: '8080'",
    '4:5 error listeners[0].clientIdleMs | there is no key clientIdleMs here | it belongs inside deadlines',
    '6:19 error listeners[0].routes[0].upstream | there is no group "ap" under upstreams | did you mean app?',
    '7:9 error listeners[0].routes[0].metod | there is no key metod here | did you mean method?',
    '11:15 error upstreams.app.servers[0] | "127.0.0.1:3000" has no scheme | did you mean http://127.0.0.1:3000?',
    '12:5 error upstreams.app.sticky.cookie | cookie is missing | The name of the cookie.',
  ])
})

test('a finding is shown with its line, and a mark under the place', async t => {
  const reading = readText(gateway({ route: 'metod: GET' }))
  t.equal(
    shown(reading),
    `hopwise.yaml:5:9: error: listeners[0].routes[0].metod: there is no key metod here
    5 |         metod: GET
      |         ^^^^^
  did you mean method?

1 error
`,
  )
  t.equal(shown(readText(gateway())), '')
})

test('long lines are cut around the place, tabs are one column, passwords are hidden', async t => {
  const long = readText(
    `listeners: [{ address: 127.0.0.1:1, mode: forward, clients: { allow: [${'10.0.0.0/8, '.repeat(20)}10.0.0.300] } }]`,
  )
  const [, line = '', marks = ''] = shown(long).split('\n')
  t.ok(line.length < 115)
  t.equal(marks.indexOf('^'), line.indexOf('10.0.0.300'))
  const secret = readText(
    "listeners:\n  - { address: 127.0.0.1:1, mode: forward, parent: 'http://me:sesame@', nonsense: 1 }\n",
  )
  t.notMatch(shown(secret), 'sesame')
  t.notMatch(JSON.stringify(secret.findings), 'sesame')
  t.match(shown(secret), /\*{9}@', nonsense/, 'columns stay the same')
  t.equal(secret.findings.length, 2)
  for (const parent of [
    'me:sesame@proxy',
    'http:me:sesame@proxy',
    'ftp://me:ses/ame@proxy',
    '"http://me:sesame@ proxy"',
  ]) {
    const reading = readText(`listeners:\n  - { address: 127.0.0.1:1, mode: forward, parent: ${parent} }\n`)
    t.equal(reading.findings.length, 1, parent)
    t.notMatch(`${shown(reading)}${JSON.stringify(reading.findings)}`, /ses\/?ame/, parent)
  }
})

test('an unused group and similar doubts are warnings: there is a configuration', async t => {
  const reading = readText(gateway({ more: '  other:\n    servers: [http://127.0.0.1:3001]\n' }))
  t.ok(reading.configuration)
  t.same(told(reading), [
    '8:3 warning upstreams.other | no route names the group other | name it in a route, or remove it',
  ])
  t.match(shown(reading), /\n1 warning\n$/)
})

test('a file that cannot be read is a finding too', async t => {
  const folder = tempFolder(t)
  const file = join(folder, 'hopwise.yaml')
  const messageFor = (content?: Buffer | string) => {
    if (content !== undefined) fs.writeFileSync(file, content)
    const { findings, configuration } = readConfiguration(file, { environment: {} })
    t.notOk(configuration)
    t.match(findings, [{ file, line: 1, column: 1, path: '', severity: 'error' }])
    return findings[0]?.message
  }
  t.equal(messageFor(), 'it cannot be read: there is no such file')
  t.equal(messageFor(''), 'the file is empty')
  t.equal(messageFor('# only a comment\n'), 'the file is empty')
  t.equal(messageFor(Buffer.from([0xff, 0xfe, 0x61])), 'it is not UTF-8')
  t.equal(messageFor(Buffer.alloc(1_048_577, '#')), 'it is larger than 1048576 bytes')
  t.equal(messageFor('- a\n'), 'expected a mapping, not a list')
  t.match(readConfiguration(folder, { environment: {} }).findings, [
    { message: 'it cannot be read: it is a directory' },
  ])
  t.match(
    readConfiguration('/dev/zero', { environment: {} }).findings,
    [{ message: 'it is not a regular file' }],
    'an endless file',
  )
})

test('a BOM is ignored', async t => {
  const file = join(tempFolder(t), 'hopwise.yaml')
  fs.writeFileSync(file, `\ufeff${gateway({ listener: 'nam: x' })}`)
  t.match(readConfiguration(file, { environment: {} }).findings, [{ line: 3, column: 5, hint: 'did you mean name?' }])
})

test('at most a hundred findings are reported', async t => {
  const keys = Array.from({ length: 300 }, (_, i) => `nothing${i}: 1\n`).join('')
  const { findings, configuration } = readText(gateway({ more: keys }))
  t.equal(findings.length, 100)
  t.notOk(configuration)
})
