import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { rulesNamed } from '../../scripts/rules.mjs'

const SCRIPT = fileURLToPath(new URL('../../scripts/rules.mjs', import.meta.url))

test('every rule of the protocol has a test that names it, or a reason why not', async t => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT], { encoding: 'utf8' })
  t.equal(status, 0, stderr.trim() || 'none is missing')
  t.equal(stdout.match(/^R\d+ /gm)?.length, 225, 'one line for each rule')
})

test('numbers are read singly, in lists and in ranges', async t => {
  const rows: [string, number[]][] = [
    ['R1: octets', [1]],
    ['R150, R151: one retry', [150, 151]],
    ['R150-R152, R9', [150, 151, 152, 9]],
    ['R72–74 and R1..R2', [72, 73, 74, 1, 2]],
    ['R0, R226, R1000, XR5, R5x', []],
    ['R12-R10', [12, 10]],
  ]
  for (const [name, rules] of rows) t.same(rulesNamed(name), rules, name)
})
