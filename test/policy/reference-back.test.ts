import { test } from 'tap'
import { hasDots, pathBack, withoutDots } from '../../lib/policy/path-back.js'
import { placeOf, referenceBack } from '../../lib/policy/reference-back.js'
import { WAY } from './heads.js'

// The whole table is in docs/truth-tables.md: test/house reads it. These are the cases that it assumes.

const ROWS: [reference: string, back: string | null][] = [
  ['http://up.example:3000/v1/x?y#z', '/api/x?y#z'],
  ['HTTP://UP.EXAMPLE:3000/v1/x', '/api/x'],
  ['http://[::1]:3000/v1/', '/api/'],
  ['//up.example:3000/v1', '/api'],
  ['https://app.example/v1/x', '/api/x'],
  ['//app.example:443/v1/x', '/api/x'],
  ['/v1/x', '/api/x'],
  ['/v1//x', '/api//x'],
  ['/%761/x', '/api/x'],
  ['/v1/a/../x', '/api/x'],
  ['/v1/../x', null],
  ['/v1x', null],
  ['http://up.example/v1/x', null],
  ['https://up.example:3000/v1/x', null],
  ['http://u:p@up.example:3000/v1/x', null],
  ['http://up.example:3000:/v1/x', null],
  ['ftp://up.example:3000/v1/x', null],
  ['http:/v1/x', null],
  ['mailto:a@b', null],
  ['', null],
  ['?y', null],
  ['#z', null],
  ['x', null],
  ['../x', null],
  ['../../x', null],
  ['/v1/\xe9', '/api/\xe9'],
  ['/v1/ x', null],
  ['/v1/\\x', null],
  ['/v1/\x7f', null],
]
for (const [reference, back] of ROWS)
  test(`${JSON.stringify(reference)} leads back to ${back}`, async t => t.equal(referenceBack(reference, WAY), back))

test('a correct reference stays, a wrong one does not', async t => {
  const way = { ...WAY, outer: '', inner: '' }
  t.equal(referenceBack('/x', way), null)
  t.equal(referenceBack('https://app.example/x?y', way), null)
  t.equal(referenceBack('https://app.example', way), '/')
  t.equal(referenceBack('http://up.example:3000?y', way), '/?y')
  t.equal(referenceBack('http://up.example:3000//x', way), '/.//x')
  t.equal(referenceBack('//up.example:3000//x', way), '/.//x')
  t.equal(referenceBack('https://app.example/x', { ...way, client: null }), null)
})

test('a relative reference, where client and upstream resolve it differently', async t => {
  const way = { ...WAY, inner: '', asked: '/api', sent: '/' }
  t.equal(referenceBack('x?y', way), '/api/x?y')
  t.equal(referenceBack('.', way), '/api/')
  t.equal(referenceBack('x', { ...way, sent: '*' }), null)
  t.equal(referenceBack('x', { ...way, asked: '*' }), null)
})

test('an https upstream behind a listener in the clear, and the reverse', async t => {
  const https = { ...WAY, own: [placeOf('https', 'app.example')!], client: placeOf('http', 'app.example') }
  t.equal(referenceBack('https://app.example/v1/x', https), '/api/x')
  t.equal(referenceBack('https://app.example:443/v1/x', https), '/api/x')
  t.equal(referenceBack('http://app.example/v1/x', https), '/api/x')
  t.equal(referenceBack('https://app.example:80/v1/x', https), null)
  const http = { ...WAY, own: [placeOf('http', 'app.example')!], client: placeOf('https', 'app.example') }
  t.equal(referenceBack('http://app.example:80/v1/x', http), '/api/x')
  t.equal(referenceBack('//app.example/v1/x', http), '/api/x')
  t.equal(referenceBack('//app.example:443/v1/x', http), '/api/x')
  t.equal(referenceBack('//app.example:8443/v1/x', http), null)
})

test('places', async t => {
  t.same(placeOf('http', 'A.example'), { scheme: 'http', host: 'a.example', port: 80 })
  t.same(placeOf('https', '[::1]:'), { scheme: 'https', host: '::1', port: 443 })
  t.equal(placeOf('http', ''), null)
  t.equal(placeOf('http', 'a@b'), null)
})

test('dot segments (RFC 3986 5.2.4)', async t => {
  const rows: [string, string][] = [
    ['/a/b/c/./../../g', '/a/g'],
    ['/a/.', '/a/'],
    ['/a/..', '/'],
    ['/..', '/'],
    ['/../../x', '/x'],
    ['/a//../b', '/a/b'],
    ['/a/%2E%2e/b/.%2e/%2e./c/%2e', '/c/'],
    ['/a/.../..b', '/a/.../..b'],
  ]
  for (const [path, without] of rows) {
    t.equal(withoutDots(path), without, path)
    t.equal(hasDots(path), path !== without)
  }
  const long = `/${'../'.repeat(100_000)}x`
  t.equal(withoutDots(long), '/x')
})

test('paths', async t => {
  t.equal(pathBack('/v1', { outer: '', inner: '/v1' }), '/')
  t.equal(pathBack('/v1/x', { outer: '', inner: '/v1' }), '/x')
  t.equal(pathBack('/x', { outer: '', inner: '' }), '/x')
  t.equal(pathBack('/v2', { outer: '', inner: '/v1' }), null)
})
