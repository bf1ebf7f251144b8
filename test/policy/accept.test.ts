import { test } from 'tap'
import { acceptOf, prefersJson } from '../../lib/policy/accept.js'
import { fieldLines } from './heads.js'

const rows: [accept: string, json: boolean][] = [
  ['', false],
  ['*/*', false],
  ['text/html,application/xhtml+xml,*/*;q=0.8', false],
  ['application/json', true],
  ['APPLICATION/JSON', true],
  ['application/*', true],
  ['application/json, */*', true],
  ['application/json, text/plain', false],
  ['application/json, text/*;q=0.9', true],
  ['application/json;q=0.5, text/plain;q=0.4', true],
  ['application/json;q=0.4, text/plain ; q=0.5', false],
  ['application/json;q=0, */*', false],
  ['application/json;charset=x;q=0.1, text/plain;q=0.05', true],
  ['application/*;q=1.000, text/plain;q=1', false],
  ['application/json;q=2', false],
  ['application/json;q=', false],
  ['text/plain;q=0, application/json;q=0', false],
  ['application/problem+json', false],
  [';q=1,,/', false],
]
for (const [accept, json] of rows) {
  test(`Accept: ${accept}: ${json ? 'JSON' : 'plain text'}`, async t => t.equal(prefersJson(accept), json))
}

test('R112: all Accept lines count', async t => {
  t.ok(prefersJson(acceptOf(fieldLines('Accept: text/plain;q=0.1', 'Host: a', 'accept: application/json'))))
  t.equal(acceptOf(fieldLines('Host: a')), '')
})
