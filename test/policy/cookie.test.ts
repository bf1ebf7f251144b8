import fc from 'fast-check'
import { test } from 'tap'
import { readCookie, setCookieLine } from '../../lib/policy/cookie.js'
import { fieldLines } from './heads.js'

const rows: [cookies: string[], value: string][] = [
  [[], ''],
  [['a=1'], '1'],
  [['b=2; a=1'], '1'],
  [['b=2;a=1;c=3'], '1'],
  [[' ;; a=1 '], '1'],
  [['a=1; a=2'], '1'],
  [['b=2', 'a=1'], '1'],
  [['a=', 'a=1'], ''],
  [['A=1'], ''],
  [['aa=1; b=a=1'], ''],
  [['a'], ''],
  [['a =1'], ''],
  [['a="x y"'], '"x y"'],
  [['a=1=2=='], '1=2=='],
  [[''], ''],
]
for (const [cookies, value] of rows) {
  test(`R114: the cookie a of ${JSON.stringify(cookies)}`, async t =>
    t.equal(readCookie(fieldLines(...cookies.map(text => `Cookie: ${text}`)), 'a'), value))
}

test('a line of Set-Cookie', async t => {
  t.equal(setCookieLine('a', 'b', { path: '/', secure: false }), 'Set-Cookie: a=b; Path=/; HttpOnly; SameSite=Lax\r\n')
  t.equal(
    setCookieLine('a', '', { path: '/x', secure: true, maxAgeS: 0 }),
    'Set-Cookie: a=; Path=/x; HttpOnly; SameSite=Lax; Secure; Max-Age=0\r\n',
  )
})

test('a cookie that cannot be written is a bug, and throws', async t => {
  const options = { path: '/', secure: false }
  t.throws(() => setCookieLine('a b', 'x', options), TypeError)
  for (const value of ['a b', 'a;b', 'a,b', 'a"b', 'a\\b', '\u00e9', '\r\n'])
    t.throws(() => setCookieLine('a', value, options), TypeError)
  for (const path of ['', 'x', '/a;b', '/\n', '/a b'])
    t.throws(() => setCookieLine('a', 'b', { ...options, path }), TypeError)
  for (const maxAgeS of [Number.NaN, 1.5]) t.throws(() => setCookieLine('a', 'b', { ...options, maxAgeS }), TypeError)
})

test('a cookie that was set is read back, among others', async t => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
  const value = fc.stringMatching(/^[!#-+\--:<-[\]-~]*$/)
  const name = fc.stringMatching(/^[a-z_.]{1,4}$/)
  fc.assert(
    fc.property(name, value, fc.array(fc.tuple(name, value), { maxLength: 3 }), (mine, mineIs, others) => {
      const [, pair = ''] = /^Set-Cookie: ([^;]*);/.exec(setCookieLine(mine, mineIs, { path: '/', secure: true })) ?? []
      const before = others.filter(([other]) => other !== mine).map(([other, is]) => `${other}=${is}`)
      t.equal(readCookie(fieldLines(`Cookie: ${[...before, pair].join('; ')}`), mine), mineIs)
    }),
    { seed, numRuns: 300 },
  )
  t.comment(`seed ${seed}`)
})
