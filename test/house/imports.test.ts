import { test } from 'tap'
import { allowedPackages, arrowsUp, crossings, cycles, impurities, strangers } from './house-plan.js'
import { readFile, readHouse } from './read-house.js'

const files = readHouse()

test('a file imports only from lower floors or its own folder, and no door imports another', async t => {
  t.same(arrowsUp(files), [])
})

test('no file loads itself in a cycle', async t => {
  t.same(cycles(files), [])
})

test('the client wing and the upstream wing do not import each other', async t => {
  t.same(crossings(files), [])
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
