import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import covered from '../support/coverage-map.mjs'
import { readFile, readHouse } from './read-house.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

for (const floor of ['wire', 'policy', 'link']) {
  test(`each file of lib/${floor} is loaded by a test of its own floor`, async t => {
    // Coverage covers only loaded files: a file that no test loads would go unnoticed.
    const house = new Map(readHouse().map(file => [file.path, file.imports]))
    const reached = new Set<string>()
    const walk = (path: string) => {
      if (!house.has(path) || reached.has(path)) return
      reached.add(path)
      house.get(path)?.forEach(walk)
    }
    for (const path of testsOf(floor)) readFile(path, readFileSync(join(ROOT, path), 'utf8')).imports.forEach(walk)
    const own = [...house.keys()].filter(path => path.startsWith(`lib/${floor}/`))
    t.same(
      own.filter(path => !reached.has(path)),
      [],
    )
    t.same([...(covered(join(ROOT, `test/${floor}/x.test.ts`)) ?? [])].sort(), own.sort(), 'and is in the coverage map')
  })
}

test('other tests count for no floor', async t => {
  t.equal(covered(join(ROOT, 'test/proxy/forward.test.ts')), null)
})

function testsOf(floor: string): string[] {
  return readdirSync(join(ROOT, 'test', floor), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.test.ts'))
    .map(name => `test/${floor}/${name}`)
}
