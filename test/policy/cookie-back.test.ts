import { test } from 'tap'
import { cookieBack } from '../../lib/policy/cookie-back.js'
import { WAY } from './heads.js'

// The whole table is in docs/truth-tables.md: test/house reads it. These are the cases that it assumes.

const ROWS: [value: string, back: string | null][] = [
  ['a=b', null],
  ['', null],
  ['a=b; Path=/v1', 'a=b; Path=/api'],
  ['a=b; Path=/v1/x; HttpOnly', 'a=b; Path=/api/x; HttpOnly'],
  ['a=b; Path=/', 'a=b; Path=/api'],
  ['a=b; Path=/v', null],
  ['a=b; Path=/v1x', null],
  ['a=b; Path=/v1/.', null],
  ['a=b; Path=/v1/x#y', null],
  ['a=b; Path=v1', null],
  ['a=b; Path', null],
  ['a=b; Path=', null],
  ['a=b; Path="/v1"', null],
  ['a=b;path\t=\t/v1 ;Path=/v1/y', 'a=b;path\t=\t/api ;Path=/api/y'],
  ['a=/v1; Path=/v1', 'a=/v1; Path=/api'],
  ['a=b; Path=/v1; Domain=up.example; Secure', 'a=b; Path=/api; Secure'],
  ['a=b; Domain=.UP.Example; Path=/v1', 'a=b; Path=/api'],
  ['a=b; Domain=example', null],
  ['a=b; Domain=app.example', null],
  ['a=b; Domain=p.example', null],
  ['a=b; Domain=', null],
  ['a=b; Domain; Domain=up.example', 'a=b'],
  ['a=b; Domain=up.example; Domain=app.example', null],
  ['a=b; Domain=app.example; Domain=up.example', 'a=b'],
  ['a=b; Domain=::1', 'a=b'],
  ['__Host-a=b; Path=/; Secure', null],
  ['\t__hOST-a=b; Path=/v1', null],
  ['__Secure-a=b; Path=/v1; Secure; Domain=up.example', '__Secure-a=b; Path=/api; Secure'],
  ['a=\x01; Path=/v1', null],
  ['a=\xe9; Path=/v1/\xe9', 'a=\xe9; Path=/api/\xe9'],
  [';', null],
  [';;Path=/v1;', ';;Path=/api;'],
]
for (const [value, back] of ROWS)
  test(`${JSON.stringify(value)} is ${JSON.stringify(back)} for the client`, async t =>
    t.equal(cookieBack(value, WAY), back))

test('without a prefix in front of the client, and by address', async t => {
  const way = { ...WAY, outer: '', ownHosts: ['10.0.0.1'] }
  t.equal(cookieBack('a=b; Path=/v1', way), 'a=b; Path=/')
  t.equal(cookieBack('a=b; Path=/', way), null)
  t.equal(cookieBack('a=b; Domain=0.0.1', way), null, 'an address is in no domain')
  t.equal(cookieBack('a=b; Domain=10.0.0.1', way), 'a=b')
})

test('a cookie of many attributes', async t => {
  const value = `a=b${'; Path=/v1; Domain=up.example'.repeat(2_000)}`
  t.equal(cookieBack(value, WAY), `a=b${'; Path=/api'.repeat(2_000)}`)
  t.equal(cookieBack(`a=b${';'.repeat(200_000)}Path=/v1`, WAY), `a=b${';'.repeat(200_000)}Path=/api`)
})
