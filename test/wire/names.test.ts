import { test } from 'tap'
import { hashOf, ID, idOfOctets, isToken, NAMES, slotOf } from '../../lib/wire/names.js'
import { wordsOf } from '../../lib/wire/words.js'

test('no two known names share a slot', async t => {
  const slots = NAMES.slice(1).map(name => slotOf(hashOf(name)))
  t.equal(new Set(slots).size, slots.length, `SPREAD must change: ${freeSpread()} would do`)
  t.ok(NAMES.length <= 256, 'an id is one byte')
})

function freeSpread(): number {
  const hashes = NAMES.slice(1).map(hashOf)
  let spread = 1
  while (new Set(hashes.map(hash => slotOf(hash, spread))).size < hashes.length) spread += 2
  return spread
}

const idOf = (name: string, hash: number) => {
  const bytes = Buffer.from(`..${name}..`, 'latin1')
  return idOfOctets(wordsOf(bytes), 2, 2 + name.length, hash)
}

test('R111: a known name is found in any case', async t => {
  for (const name of NAMES.slice(1)) {
    t.equal(idOf(name, hashOf(name)), ID[name], name)
    t.equal(idOf(name.toUpperCase(), hashOf(name.toUpperCase())), ID[name], name)
  }
  t.equal(ID[''], 0)
})

test('another name is not one of them, even with an equal hash', async t => {
  t.equal(idOf('hosts', hashOf('hosts')), 0)
  t.equal(idOf('hosts', hashOf('host')), 0, 'another length')
  t.equal(idOf('hose', hashOf('host')), 0, 'other bytes')
  t.equal(idOf('x', hashOf('x')), 0)
})

test('a name that only has the hash of a known one is not taken for it', async t => {
  for (const [other, known] of [
    ['x_seal_ip', 'x_real_ip'],
    ['conteot-length', 'content-length'],
    ['hoot', 'host'],
    ['ho~t', 'host'],
    ['dxte', 'date'],
  ] as const) {
    t.equal(idOf(other, hashOf(known)), 0, other)
    t.equal(idOf(known, hashOf(known)), ID[known], known)
  }
  t.equal(hashOf('x_seal_ip'), hashOf('x_real_ip'), 'this pair does collide')
})

test('every byte of a known name counts', async t => {
  const tokens = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).filter(isToken)
  for (const name of NAMES.slice(1)) {
    for (let i = 0; i < name.length; i++) {
      for (const token of tokens) {
        if (token.toLowerCase() === name[i]) continue
        const other = name.slice(0, i) + token + name.slice(i + 1)
        if (idOf(other, hashOf(name)) !== 0) t.fail(`${other} is taken for ${name}`)
      }
    }
  }
  t.pass()
})

test('what is a token', async t => {
  for (const token of ['a', 'A-1', "!#$%&'*+-.^_`|~"]) t.equal(isToken(token), true, token)
  for (const other of ['', 'a b', 'a:', 'é', 'Ā', 'a\0', '(']) t.equal(isToken(other), false, other)
})
