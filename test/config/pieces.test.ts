import fc from 'fast-check'
import { test } from 'tap'
import { fromPieces, toPieces } from '../../lib/config/pieces.js'
import { inSlices } from '../../lib/net/slices.js'
import { atOnce } from '../../lib/policy/steps.js'
import { checked } from '../wire/property.js'

const through = (value: unknown) => atOnce(fromPieces(JSON.parse(JSON.stringify(toPieces(value)))))

checked(
  'data sent in pieces arrives as data sent as JSON',
  fc.property(fc.jsonValue({ maxDepth: 5 }), fc.nat({ max: 1200 }), (value, copies) => {
    const large = {
      list: Array.from({ length: copies }, () => value),
      named: { a: value, b: [value] },
      none: undefined,
    }
    for (const one of [value, large, [large, large]])
      if (JSON.stringify(through(one)) !== JSON.stringify(one)) throw new Error(JSON.stringify(one).slice(0, 500))
  }),
  50,
)

test('no piece is long, whatever is large: a list, a mapping, or their contents', async t => {
  const routes = Array.from({ length: 10_000 }, (_, i) => ({
    host: [`h${i}.example`],
    path: `/p${i}`,
    upstream: 'app',
  }))
  const groups = Object.fromEntries(routes.map(({ path }, i) => [`g${i}`, { servers: [path, ''], __proto__: null }]))
  const value = { listeners: [{ routes }, {}, { routes: [{ more: routes }] }], groups: { ...groups, deep: { groups } } }
  const pieces = toPieces(value)
  t.ok(pieces.every(({ length }) => length < 20_000))
  t.same(await inSlices(fromPieces(pieces)), JSON.parse(JSON.stringify(value)))
})

test('a key that an assignment would treat specially', async t => {
  const text = `{"a":{"__proto__":[${'1,'.repeat(600)}1]},"__proto__":{"b":1}}`
  t.equal(JSON.stringify(through(JSON.parse(text))), text)
})
