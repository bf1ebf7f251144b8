// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration file are written so
import { test } from 'tap'
import { parseDocument } from '../../lib/config/document.js'
import { placeAt } from '../../lib/config/places.js'
import { readText, told } from './reading.js'

const value = (text: string, environment: Record<string, string> = {}) => parseDocument(text, environment).value
const faults = (text: string, environment: Record<string, string> = {}) =>
  parseDocument(text, environment).faults.map(({ from, message, hint }) => `${from} ${message} | ${hint}`)

test('environment variables', async t => {
  const environment = { PORT: '8080', NAME: 'edge', EMPTY: '', FLAG: 'true', LIST: '[1, 2]', HASH: 'a # b' }
  const rows: [string, unknown][] = [
    ['a: ${PORT}', 8080],
    ["a: '${PORT}'", '8080'],
    ['a: "${PORT}"', '8080'],
    ['a: 127.0.0.1:${PORT}', '127.0.0.1:8080'],
    ['a: ${FLAG}', true],
    ['a: ${LIST}', '[1, 2]'],
    ['a: ${HASH}', 'a # b'],
    ['a: ${NAME}-${PORT}', 'edge-8080'],
    ['a: ${NONE:-x}', 'x'],
    ['a: ${NONE:-1}', 1],
    ['a: ${EMPTY:-x}', 'x'],
    ['a: ${NONE:-}', null],
    ["a: '${NONE:-}'", ''],
    ['a: ${EMPTY}', null],
    ['a: $PORT', '$PORT'],
    ['a: 5$', '5$'],
    ['a: $$', '$'],
    ['a: $${PORT}', '${PORT}'],
    ['a: $$$${PORT}', '$${PORT}'],
    ['a: $$5', '$5'],
    ['a: |\n  x ${PORT}\n', 'x 8080\n'],
    ['a: !!str ${PORT}', '8080'],
  ]
  for (const [text, is] of rows) t.strictSame(value(text, environment), { a: is }, text)
  t.strictSame(value('${PORT}: 1', environment), { '${PORT}': 1 }, 'not in keys')
  const { place } = parseDocument('a: [x, "${NAME}:${PORT}"]', environment)
  t.same(placeAt(place, ['a', 1])?.variables, ['NAME', 'PORT'])
})

test('a variable that is not set, or not valid, is reported at its place', async t => {
  t.same(faults('a: x${NONE}'), ['4 the environment has no NONE | set it, or write ${NONE:-default}'])
  t.same(faults('a: ${A}${B}'), [
    '3 the environment has no A | set it, or write ${A:-default}',
    '7 the environment has no B | set it, or write ${B:-default}',
  ])
  const none = (written: string) =>
    `3 ${written} is not a variable | write \${NAME} or \${NAME:-default}, or $$${written.slice(1)} for a dollar sign`
  for (const written of ['${}', '${1}', '${A-b}', '${A', '${A B}']) t.same(faults(`a: ${written}`), [none(written)])
})

test('a variable that is not set is the only finding about its value', async t => {
  t.same(told(readText('listeners:\n  - address: :${PORT}\n    routes: [{ upstream: x }]\n')), [
    '2:15 error listeners[0].address | the environment has no PORT | set it, or write ${PORT:-default}',
    '3:26 error listeners[0].routes[0].upstream | there is no group "x" under upstreams | write upstreams: { x: { servers: [\'http://127.0.0.1:3000\'] } }, or a URL here',
  ])
})

test('an empty variable, and one in quotes, are named', async t => {
  const text = (port: string) =>
    `listeners: [{ address: ':0', mode: forward, clients: { allow: ['::1'] } }]\nworkers: ${port}\n`
  const environment = { N: '', W: '2' }
  t.same(told(readText(text('${N}'), { environment })), [
    '2:10 error workers | workers has no value | the variable N is empty: set it, or write ${N:-default}',
  ])
  t.match(told(readText(text("'${W}'"), { environment })), [/remove the quotes around the variable$/])
  t.equal(readText(text('${W}'), { environment }).configuration?.workers, 2)
})

test('anchors, aliases and merge keys', async t => {
  t.strictSame(value('a: &x { b: 1, c: 2 }\nd: *x'), { a: { b: 1, c: 2 }, d: { b: 1, c: 2 } })
  t.strictSame(value('a: &x { b: 1, c: 2 }\nd: { <<: *x, c: 3 }'), { a: { b: 1, c: 2 }, d: { b: 1, c: 3 } })
  t.strictSame(value('a: &x { b: 1 }\nd: &y { b: 2, e: 3 }\nf: { <<: [*x, *y] }'), {
    a: { b: 1 },
    d: { b: 2, e: 3 },
    f: { b: 1, e: 3 },
  })
  t.strictSame(value('a: &x 1\nb: &x 2\nc: *x'), { a: 1, b: 2, c: 2 }, 'the nearest earlier one')
  t.same(faults('a: *x'), ["3 no earlier value is named &x | if it is text, put quotes around it: '*x'"])
  t.same(faults('a: &x [*x]'), ['7 *x is inside the value that it names | '])
  t.same(faults('a: { <<: 5 }'), ['5 << requires a mapping | write <<: *name of an &name'])
  t.same(faults('a: { <<: *x }').length, 1, 'reported once')
})

test('nested aliases do not grow without limit', async t => {
  const rows = Array.from({ length: 20 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`)
  t.match(faults(['a0: &a0 x', ...rows].join('\n')), [/^\d+ it contains more than 100000 values/])
})

test('depth is limited', async t => {
  t.match(faults(`a: ${'['.repeat(60)}1${']'.repeat(60)}`), [/nested more than 50 levels deep/])
  t.match(faults('[{'.repeat(5000)), [/nested too deeply/])
})

test('keys', async t => {
  t.same(faults('a: 1\nb: 2\na: 3'), ['10 a is given twice | the first one is in line 1: remove one of them'])
  t.same(faults('__proto__: 1'), ['0 __proto__ cannot be a key | '])
  t.same(faults('? [a]\n: 1'), ['2 a key must be a word | '])
  t.strictSame(value('1: a\ntrue: b\n0x10: c'), { 1: 'a', true: 'b', '0x10': 'c' }, 'as written')
  t.strictSame(value('{"a": {"constructor": 1}}'), { a: { constructor: 1 } })
})

test('YAML 1.2: off is a word', async t => {
  t.strictSame(value('a: off\nb: no\nc: 010\nd: 1_000\ne: 2001-01-01'), {
    a: 'off',
    b: 'no',
    c: 10,
    d: '1_000',
    e: '2001-01-01',
  })
})

test('syntax errors are reported in plain words', async t => {
  const rows: [text: string, at: number, message: string | RegExp, hint: RegExp][] = [
    ['a:\n\tb: 1', 3, 'this line is indented with a tab', /two spaces for each tab/],
    ['a: b: c', 3, 'a key is inside the value of another', /quotes/],
    ['- a: x\n   b: y', 5, 'a key is inside the value of another', /same column/],
    ['a:\n  b: 1\n c: 2', 11, 'this line is not indented like the lines it belongs to', /same column/],
    ['a: 1\nb', 5, 'a colon is missing after this key', /key: value/],
    ['a\nb: 1', 0, 'a key spans several lines', /colon and a space/],
    ['a: @x', 3, 'text cannot begin with @ here', /quotes/],
    ['a: - b', 3, 'a list cannot begin on the line of its key', /on a new line/],
    ['a: [::1]:80', 8, 'an IPv6 address without quotes looks like a list', /'\[::1\]:8080'/],
    ['a: { b: ${X} }', 9, 'a variable within [ ] or { } has no quotes', /quotes/],
    ["a: 'it's'", 7, 'there is text after the end of the value', /quotes/],
    ['a: *', 3, 'a lone * is not text', /quotes/],
    ['{"a": 1 "b": 2}', 6, 'a comma is missing within [ ] or { }', /^$/],
    ['a: 1\n---\nb: 2', 5, 'a second document begins here', /one configuration/],
    ['a: !secret x', 3, 'tags are not supported here', /!/],
    ['a: "\\q"', 4, 'invalid escape sequence \\q', /single quotes/],
    ['a: "x', 5, 'missing closing "quote', /^$/],
    ['a: [1, 2\nb: 3', 9, /must be sufficiently indented and end with a \]/, /^$/],
    ['%YAML 9\n---\na: 1', 6, /version/, /^$/],
  ]
  for (const [text, at, message, hint] of rows) {
    const [fault] = parseDocument(text, {}).faults
    t.match(fault, { from: at, message, hint }, JSON.stringify(text))
  }
  t.ok(faults(']\n'.repeat(100)).length <= 10)
})
