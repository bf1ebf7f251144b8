import { test } from 'tap'
import { allowedPackages, arrowsUp, crossings, cycles, impurities, knots, strangers } from './house-plan.js'
import { namesOf, readNames, unimported, unmentioned } from './names.js'
import { readFile, readHouse } from './read-house.js'

const files = readHouse()

test('a file imports only from lower floors or its own folder, and no door imports another', async t => {
  t.same(arrowsUp(files), [])
})

test('no file loads itself in a cycle', async t => {
  t.same(cycles(files), [])
})

test('files import each other in a cycle, types included, only where that is listed with a reason', async t => {
  t.same(knots(files), [])
})

test('the client wing and the upstream wing do not import each other', async t => {
  t.same(crossings(files), [])
})

const { product, tests } = readNames()
/** Called from outside the house, by their names. */
const CALLED_BY: Readonly<Record<string, string>> = {
  'lib/admin/metrics.ts: collect': 'prom-client calls it for each scrape',
  'lib/config/json-schema.ts: propertyNames': 'a keyword of JSON Schema',
  'lib/config/print.ts: Collection': 'yaml calls it for each collection that it visits',
}

test('what is declared is used: nothing is kept alive by tests alone', async t => {
  t.same(unmentioned(product), Object.keys(CALLED_BY))
})

test('what is exported is imported', async t => {
  t.same(unimported(product, tests), [])
})

test('below floor 3: no node: module, clock, timer, random number or process', async t => {
  t.same(impurities(files), [])
})

test('packages: only those that package.json depends on, and on the pure floors only pure ones', async t => {
  t.same(strangers(files, allowedPackages()), [])
})

test('the walk finds what it looks for', async t => {
  const file = (path: string, ...imports: string[]) => ({ path, imports, loads: imports, globals: [] })
  const house = [
    file('lib/wire/a.ts', 'lib/wire/b.ts', 'node:net', 'lib/net/x.ts'),
    { ...file('lib/wire/b.ts', 'lib/wire/a.ts', 'left-pad'), globals: ['Date'] },
    file('lib/policy/c.ts', 'ipaddr.js', 'lib/wire/a.ts'),
    file('lib/daemon/d.ts', 'lib/admin/e.ts', 'lib/net/x.ts'),
    file('lib/admin/e.ts', 'lib/lab/f.ts'),
    file('lib/lab/f.ts', 'node:net', 'left-pad'),
    file('lib/net/x.ts', 'node:net'),
    file('lib/new-room/y.ts'),
    file('bin/hopwise.ts', 'lib/cli/z.ts', 'lib/index.ts'),
  ]
  t.same(arrowsUp(house), [
    'lib/wire/a.ts (floor 0) imports lib/net/x.ts (floor 3)',
    'lib/admin/e.ts (floor 6) imports lib/lab/f.ts: one door does not import another',
    'lib/new-room/y.ts has no floor: give its folder one in house-plan.ts',
  ])
  t.same(cycles(house), ['lib/wire/a.ts -> lib/wire/b.ts -> lib/wire/a.ts'])
  const types = [
    file('lib/a.ts', 'lib/b.ts'),
    file('lib/b.ts', 'lib/c.ts', 'lib/d.ts'),
    file('lib/c.ts', 'lib/a.ts', 'node:net'),
    file('lib/d.ts'),
  ]
  t.same(knots(types, []), ['lib/a.ts, lib/b.ts, lib/c.ts'])
  t.same(knots(types, [{ files: ['lib/a.ts', 'lib/b.ts', 'lib/c.ts', 'lib/d.ts'] }]), ['lib/d.ts is in no cycle'])
  t.same(impurities(house), ['lib/wire/a.ts imports node:net', 'lib/wire/b.ts uses Date'])
  t.same(
    crossings([
      file('lib/net/client/a.ts', 'lib/net/upstream/b.ts', 'lib/net/clock.ts'),
      file('lib/net/upstream/b.ts', 'lib/net/client/a.ts'),
      file('lib/net/client/client-stream.ts', 'lib/net/upstream/b.ts'),
    ]),
    ['lib/net/client/a.ts imports lib/net/upstream/b.ts', 'lib/net/upstream/b.ts imports lib/net/client/a.ts'],
  )
  t.same(strangers(house, new Set(['ipaddr.js'])), [
    'lib/wire/b.ts imports left-pad, which package.json does not depend on',
    'lib/lab/f.ts imports left-pad, which package.json does not depend on',
  ])
  t.same(strangers(house, new Set(['ipaddr.js', 'left-pad'])), [
    'lib/wire/b.ts (floor 0) imports left-pad: not one of the pure packages',
  ])
})

test('names that nothing uses, and exports that nothing imports, are found', async t => {
  const product = [
    namesOf(
      'lib/a.ts',
      'export const used = 1\nexport function forTests() { return used }\nexport class Alone { read() {} #own = used }\nconst x = { y: 2 }',
    ),
    namesOf('lib/b.ts', "import * as a from './a.js'\nexport const here = a.used\nconsole.log(here)"),
    namesOf('scripts/c.mjs', "const { here } = await import('../dist/lib/b.js')"),
  ]
  const tests = [namesOf('test/a.test.ts', "import { forTests as it, type Alone } from '../lib/a.js'\nit()")]
  t.same(unmentioned(product), ['lib/a.ts: forTests', 'lib/a.ts: Alone', 'lib/a.ts: read', 'lib/a.ts: x'])
  t.same(unimported(product, tests), [])
  t.same(unimported(product, []), ['lib/a.ts: forTests', 'lib/a.ts: Alone'])
})

test('a file is read as the compiler reads it', async t => {
  const text = `import type { A } from '../net/a.js'
import { type B } from './b.js'
import * as c from '@scope/c/d'
export type { E } from './e.js'
export const now = () => Date.now() + process.uptime() + Math.random()
const later = (x: { Date: number; process(): void }) => x.Date // setTimeout
const f: import('./f.js').F = globalThis.performance
`
  t.same(readFile('lib/wire/x.ts', text), {
    path: 'lib/wire/x.ts',
    imports: ['lib/net/a.ts', 'lib/wire/b.ts', '@scope/c', 'lib/wire/e.ts', 'lib/wire/f.ts'],
    loads: ['lib/wire/b.ts', '@scope/c'],
    globals: ['Date', 'process', 'Math.random', 'performance'],
  })
})
