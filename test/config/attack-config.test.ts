import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { writeFindings } from '../../lib/config/findings.js'
import { planOf } from '../../lib/config/plan.js'
import { printConfiguration } from '../../lib/config/print.js'
import { type Reading, readConfiguration, readConfigurationText } from '../../lib/config/read.js'
import { cpuMs } from '../support/cpu.js'
import { tempFolder } from '../support/temp-folder.js'

// A configuration file that an attacker has edited: it must not hang, crash, reveal secrets, or exceed its meaning.

const LISTENER = 'listeners:\n  - address: 127.0.0.1:8080\n    routes:\n      - upstream: '
const URL_ROUTE = `${LISTENER}http://127.0.0.1:1\n`

function read(text: string, environment: Record<string, string> = {}): Reading {
  const reading = readConfigurationText(text, '/nowhere/hopwise.yaml', { environment })
  writeFindings(reading.findings, text)
  if (reading.configuration !== undefined) {
    planOf(reading.configuration, reading.contents, 'secret')
    printConfiguration(reading.configuration, reading)
  }
  return reading
}
const toldOf = (reading: Reading): string => JSON.stringify(reading.findings)

test('names of built-in properties are ordinary names, or are refused', async t => {
  for (const name of ['constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
    t.match(toldOf(read(`${LISTENER}${name}\n`)), /there is no group/, `${name} is not a group`)
    const { configuration } = read(`${LISTENER}${name}\nupstreams: { ${name}: { servers: [http://127.0.0.1:1] } }\n`)
    t.same(Object.keys(configuration?.upstreams ?? {}), [name])
    t.match(toldOf(read(`${URL_ROUTE}${name}: 1\n`)), new RegExp(`there is no key ${name}`))
    const set = read(`${URL_ROUTE}        requestFields: { set: { ${name}: x }, remove: [is-${name}] }\n`)
    t.ok(set.configuration, toldOf(set))
    t.match(toldOf(read(`${LISTENER}\${${name}}\n`)), new RegExp(`the environment has no ${name}`))
  }
  for (const key of ['__proto__', '"__proto__"', '"\\x5f_proto__"', '? __proto__\n'])
    t.match(toldOf(read(`${URL_ROUTE}${key}: { polluted: true }\n`)), /__proto__ cannot be a key/, key)
  t.match(toldOf(read(`${URL_ROUTE}<<: { __proto__: { polluted: true } }\n`)), /__proto__ cannot be a key/)
  t.equal(({} as { polluted?: boolean }).polluted, undefined)
})

test('a variable is only a value, never other parts of the file', async t => {
  const values = [
    'http://127.0.0.1:1\n        stripPrefix: /x',
    '{ a: 1 }',
    '[a, b]',
    '*anchor',
    '&a x',
    '!!js/function x',
    'a\r\nX-Evil: 1',
    `\${OTHER}`,
    '\0',
    '# comment',
  ]
  for (const value of values) {
    const { configuration } = read(`${LISTENER}\${VALUE}\n`, { VALUE: value, OTHER: 'http://127.0.0.1:2' })
    t.equal(configuration, undefined, JSON.stringify(value))
    const field = read(`${URL_ROUTE}        requestFields: { set: { X: "\${VALUE}" } }\n`, { VALUE: value })
    const [first] = field.configuration?.listeners ?? []
    if (field.configuration === undefined) t.match(toldOf(field), /control character/, JSON.stringify(value))
    else t.match(first, { routes: [{ requestFields: { set: { X: value } } }] })
  }
})

test('secrets in a wrong value are in no finding', async t => {
  const forward = 'listeners:\n  - address: 127.0.0.1:1\n    mode: forward\n    parent: '
  for (const text of [
    `${forward}http://user:s3cr3t@host:1/path`,
    `${forward}ftp://user:s3cr3t@host:1`,
    `${forward}"http://user:s3c@s3cr3t@host:1/"`,
    `${forward}http://s3cr3t@host:1`,
    `${LISTENER}http://user:s3cr3t@host:1`,
    `${LISTENER}user:s3cr3t@host:1`,
    `${LISTENER}srv+http://user:s3cr3t@host`,
  ]) {
    const reading = read(`${text}\n`)
    t.ok(reading.findings.length > 0)
    t.notMatch(toldOf(reading) + writeFindings(reading.findings, text), /s3cr3t/, text)
  }
  const good = read(`${forward}http://user:s3cr3t@host:1\n`)
  t.ok(good.configuration)
  t.notMatch(printConfiguration(good.configuration!, good), /s3cr3t/)
})

const lines = (count: number, line: (nth: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n')
const BOMB = lines(9, i =>
  i === 0 ? 'a0: &a0 [x,x,x,x,x,x,x,x,x,x]' : `a${i}: &a${i} [${lines(10, () => `*a${i - 1}`).replaceAll('\n', ',')}]`,
)
const HEAVY: Readonly<Record<string, string>> = {
  'aliases of aliases': `${BOMB}\n${URL_ROUTE}`,
  'lists in lists': '['.repeat(50_000),
  'mappings in mappings': '{a: '.repeat(20_000),
  'dashes in dashes': '- '.repeat(30_000),
  'one key many times, far down': `${lines(10_000, () => '# nothing')}\n${lines(15_000, () => 'a: 1')}`,
  'unknown keys': lines(10_000, i => `k${i}: 1`),
  'unknown variables': `${URL_ROUTE}x:\n${lines(15_000, () => `  - \${}`)}`,
  servers: `${LISTENER}a\nupstreams:\n  a:\n    servers:\n${lines(2_000, i => `      - http://127.0.0.1:${i + 1}`)}`,
  routes: `listeners:\n  - address: 127.0.0.1:1\n    routes:\n${lines(1_500, i => `      - { path: /a${i}, upstream: 'http://127.0.0.1:1' }`)}`,
  documents: '---\n'.repeat(20_000),
  comments: '#\n'.repeat(50_000),
  'a long word': `x: ${'a'.repeat(900_000)}`,
  'a long host': `${URL_ROUTE}        host: ${'a.'.repeat(100_000)}b`,
  'endless backslashes': `"${'\\'.repeat(500_000)}`,
  'unused anchors': lines(15_000, i => `a${i}: &a${i} 1`),
}
for (const [what, text] of Object.entries(HEAVY))
  test(`a heavy file is read in bounded time: ${what}`, async t => {
    const ms = await cpuMs(() => read(text))
    t.ok(ms < 5_000, `${Math.round(ms)} ms`)
  })

test('not a regular file: pipes, devices, directories, circular links, as the file itself and named in it', async t => {
  const folder = tempFolder(t)
  const at = (name: string): string => join(folder, name)
  execFileSync('mkfifo', [at('pipe')])
  mkdirSync(at('folder'))
  symlinkSync(at('circle'), at('circle'))
  symlinkSync('/dev/zero', at('zero'))
  for (const [name, message] of [
    ['pipe', 'it is not a regular file'],
    ['zero', 'it is not a regular file'],
    ['folder', /it is a directory/],
    ['circle', /cannot be read/],
  ] as const) {
    t.match(readConfiguration(at(name), { environment: {} }).findings, [{ message }], name)
    const text = `${URL_ROUTE}    tls: { certificates: [{ cert: ${name}, key: ${name} }] }\n`
    writeFileSync(at('hopwise.yaml'), text)
    const { findings } = readConfiguration(at('hopwise.yaml'), { environment: {} })
    t.ok(findings.length >= 2, `${name} as certificate and key`)
    t.ok(findings.every(finding => finding.severity === 'error' && finding.message.includes(at(name))))
  }
})

test('the content of a file that is not a certificate is not shown', async t => {
  const folder = tempFolder(t)
  writeFileSync(join(folder, 'shadow'), 'root:$6$s3cr3t:1::::::\n')
  writeFileSync(
    join(folder, 'hopwise.yaml'),
    `listeners:\n  - address: 127.0.0.1:1\n    mode: forward\n    users: { file: shadow }\n    tls: { certificates: [{ cert: shadow, key: shadow }], clientCertificates: { ca: shadow } }\n`,
  )
  const { findings } = readConfiguration(join(folder, 'hopwise.yaml'), { environment: {} })
  t.ok(findings.length >= 4, JSON.stringify(findings))
  t.notMatch(JSON.stringify(findings), /s3cr3t/)
})
