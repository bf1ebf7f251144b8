import fc from 'fast-check'
import { test } from 'tap'
import { fnv1a, keyHash, mix32 } from '../../lib/link/key-hash.js'
import { checked } from '../wire/property.js'

test('fnv1a is FNV-1a: the vectors of its authors', async t => {
  const rows: [string, number][] = [
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['b', 0xe70c2de5],
    ['fo', 0x6222e842],
    ['foobar', 0xbf9cf968],
    ['chongo was here!\n', 0xd49930d5],
  ]
  for (const [text, hash] of rows) t.equal(fnv1a(text), hash, JSON.stringify(text))
})

test("mix32 is MurmurHash3's finalizer: its hash of nothing is that of the seed", async t => {
  t.equal(mix32(0), 0)
  t.equal(mix32(1), 0x514e28b7)
  t.equal(mix32(0xffffffff), 0x81f16f39)
  t.equal(mix32(-1), 0x81f16f39, 'signed or not')
})

test('keyHash: both of them, the seed first', async t => {
  t.equal(keyHash('foobar'), mix32(0xbf9cf968))
  t.not(keyHash('foobar', 1), keyHash('foobar'))
  t.not(keyHash('\u{1f600}'), keyHash('\u{1f601}'), 'texts that are not latin1 count as well')
})

checked(
  'keyHash: always the same, from 0 to 2^32 - 1',
  fc.property(fc.string({ unit: 'binary' }), fc.integer(), (text, seed) => {
    const hash = keyHash(text, seed)
    return Number.isInteger(hash) && hash >= 0 && hash < 2 ** 32 && keyHash(text, seed) === hash
  }),
)

/**
 * Chi-square of how texts fall into 256 parts by eight bits of their hash: 255 in the middle, above 340 for one even spread in
 * 4,000.
 */
function chiSquare(texts: readonly string[], shift: number, seed: number): number {
  const counts = new Float64Array(256)
  for (const text of texts) counts[(keyHash(text, seed) >>> shift) & 255]! += 1
  const even = texts.length / counts.length
  return counts.reduce((sum, count) => sum + (count - even) ** 2 / even, 0)
}

test('typical keys are distributed evenly, by the high bits and by the low ones', async t => {
  const many = Array.from({ length: 25_600 }, (_, i) => i)
  const families: [string, string[]][] = [
    ['numbers', many.map(String)],
    ['addresses', many.map(i => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)],
    ['networks', many.map(i => `2001:db8:0:${i.toString(16)}::/64`)],
    ['users', many.map(i => `user-${i}@app.example`)],
    ['one letter repeated', many.slice(0, 2_560).map(i => 'a'.repeat(i))],
  ]
  for (const [name, texts] of families) {
    for (const shift of [0, 8, 16, 24]) {
      for (const seed of [0, 1]) t.ok(chiSquare(texts, shift, seed) < 370, `${name}, bits from ${shift}, seed ${seed}`)
    }
  }
})

test('one bit of the text changes about half of the bits', async t => {
  let changed = 0
  for (let i = 0; i < 1_000; i++) {
    let bits = keyHash(`key ${i * 2}`) ^ keyHash(`key ${i * 2 + 1}`)
    for (; bits !== 0; bits &= bits - 1) changed++
  }
  t.ok(Math.abs(changed / 1_000 - 16) < 0.5, `${changed / 1_000} of 32`)
})
