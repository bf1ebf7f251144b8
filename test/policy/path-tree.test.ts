import fc from 'fast-check'
import { test } from 'tap'
import { PathTree } from '../../lib/policy/path-tree.js'
import { checked } from '../wire/property.js'

function treeOf(...paths: [kind: 'exactly' | 'from', path: string][]) {
  const tree = new PathTree<string[]>()
  for (const [kind, path] of paths) tree[kind](path, () => []).push(`${kind} ${path}`)
  return tree
}

function found(tree: PathTree<string[]>, path: string, end = path.length): string[] {
  const all: string[] = []
  tree.visit(path, end, { met: leaf => all.push(...leaf) })
  return all
}

test('the leaves of a path and of its prefixes, from the shortest to the whole', async t => {
  const tree = treeOf(
    ['from', '/'],
    ['from', '/a'],
    ['from', '/a/'],
    ['exactly', '/a/b'],
    ['from', '/a/b'],
    ['exactly', '/'],
  )
  t.same(found(tree, '/'), ['from /', 'exactly /'])
  t.same(found(tree, '/a'), ['from /', 'from /a'])
  t.same(found(tree, '/a/'), ['from /', 'from /a', 'from /a/'])
  t.same(found(tree, '/a/b'), ['from /', 'from /a', 'from /a/', 'from /a/b', 'exactly /a/b'])
  t.same(found(tree, '/a/b/c'), ['from /', 'from /a', 'from /a/', 'from /a/b'])
  t.same(found(tree, '/ab'), ['from /'])
  t.same(found(tree, '/a/c'), ['from /', 'from /a', 'from /a/'])
  t.same(found(tree, '/c'), ['from /'])
  t.same(found(tree, '/a?/b', 2), ['from /', 'from /a'], 'the query is none of it')
})

test('an existing leaf is not created again', async t => {
  const tree = new PathTree<object>()
  for (const [kind, path] of [
    ['exactly', '/a'],
    ['from', '/a'],
    ['from', '/a/'],
  ] as const)
    t.equal(
      tree[kind](path, () => ({})),
      tree[kind](path, () => t.fail('made twice') as never),
    )
})

const path = fc
  .array(fc.constantFrom('a', 'b', 'ab', ''), { minLength: 1, maxLength: 4 })
  .map(segments => `/${segments.join('/')}`)

checked(
  'like comparing with each path',
  fc.property(
    fc.array(fc.tuple(fc.constantFrom('exactly' as const, 'from' as const), path), { maxLength: 8 }),
    path,
    (all, asked) => {
      const fits = ([kind, one]: (typeof all)[number]) =>
        asked === one || (kind === 'from' && asked.startsWith(one.endsWith('/') ? one : `${one}/`))
      const wanted = all.filter(fits).map(([kind, one]) => `${kind} ${one}`)
      return JSON.stringify(found(treeOf(...all), asked).sort()) === JSON.stringify(wanted.sort())
    },
  ),
)
