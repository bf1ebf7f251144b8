import { test } from 'tap'
import { viaCarries, viaMember } from '../../lib/policy/via.js'
import { fieldLines } from './heads.js'

const rows: [title: string, lines: string[], carries: boolean][] = [
  ['no Via', ['Host: edge-7'], false],
  ['alone', ['Via: 1.1 edge-7'], true],
  ['with a protocol name', ['Via: HTTP/1.1 edge-7'], true],
  ['among others', ['Via: 1.0 a, 1.1 edge-7 (x), 1.1 b'], true],
  ['on a later line', ['Via: 1.1 a', 'via: 1.1\tedge-7'], true],
  ['in another case it is another name', ['Via: 1.1 Edge-7'], false],
  ['a longer name', ['Via: 1.1 edge-70, 1.1 my-edge-7'], false],
  ['in a comment', ['Via: 1.1 a (1.1 edge-7), 1.1 b (x (y, 1.1 edge-7) \\), 1.1 edge-7)'], false],
  ['behind nested comments', ['Via: 1.1 a (x (y) z\\)), 1.1 edge-7'], true],
  ['in a comment without an end', ['Via: 1.1 a (x, 1.1 edge-7'], false],
  ['as a protocol', ['Via: edge-7 a, edge-7'], false],
]
for (const [title, lines, carries] of rows) {
  test(`R130: our name in Via: ${title}`, async t => t.equal(viaCarries(fieldLines(...lines), 'edge-7'), carries))
}

test('R130: without a name no member is ours', async t => {
  t.equal(viaCarries(fieldLines('Via: 1.1', 'Via:'), ''), false)
})

test('R143, R144: the received version, and the configured name', async t => {
  t.equal(viaMember(0, 'edge-7'), '1.0 edge-7')
  t.equal(viaMember(1, 'edge-7'), '1.1 edge-7')
})
