import { test } from 'tap'
import { Ejection, type EjectionRules } from '../../lib/link/ejection.js'

const RULES: EjectionRules = { failures: 3, withinMs: 1_000, ejectMs: 500, ejectedPercentMax: 50 }

/** One that was ejected at `now`. */
function ejected(now: number): Ejection {
  const ejection = new Ejection()
  for (let i = 0; i < RULES.failures; i++) ejection.failed(now, RULES, true)
  return ejection
}

/** When failures happen, and which of them ejects. */
const ROWS: readonly (readonly [name: string, times: number[], ejects: number])[] = [
  ['two are not enough', [0, 1], -1],
  ['three are', [0, 1, 2], 2],
  ['just within the time', [0, 500, 1_000], 2],
  ['just not', [0, 500, 1_001], -1],
  ['the time moves on', [0, 500, 1_001, 1_500], 3],
  ['now and then for ever', [0, 600, 1_200, 1_800, 2_400], -1],
]

for (const [name, times, ejects] of ROWS) {
  test(`three failures within a second: ${name}`, async t => {
    const ejection = new Ejection()
    const found = times.findIndex(time => ejection.failed(time, RULES, true))
    t.equal(found, ejects)
  })
}

test('a success does not clear the failures of a member in service', async t => {
  const ejection = new Ejection()
  ejection.failed(0, RULES, true)
  ejection.failed(1, RULES, true)
  t.notOk(ejection.succeeded(2))
  t.equal(ejection.failuresAt(2, RULES.withinMs), 2)
  t.ok(ejection.failed(3, RULES, true))
})

test('failures that are too long ago do not count', async t => {
  const ejection = new Ejection()
  ejection.failed(0, RULES, true)
  ejection.failed(600, RULES, true)
  t.same(
    [600, 1_000, 1_001, 1_601].map(now => ejection.failuresAt(now, RULES.withinMs)),
    [2, 2, 1, 0],
  )
})

test('ejected: no requests until its end; exchanges that end meanwhile do not count', async t => {
  const ejection = ejected(0)
  t.equal(ejection.stateAt(499), 'ejected')
  t.equal(ejection.until, 500)
  ejection.taken(100, RULES)
  t.notOk(ejection.failed(200, RULES, true))
  t.notOk(ejection.succeeded(300))
  t.ok(ejection.isOut(499))
  t.notOk(ejection.isOut(500))
  t.equal(ejection.stateAt(500), 'trial')
})

test('a trial: one exchange, and no other until its result', async t => {
  const ejection = ejected(0)
  ejection.taken(600, RULES)
  t.equal(ejection.stateAt(600), 'trial')
  t.ok(ejection.isOut(600))
  ejection.taken(700, RULES)
  t.notOk(ejection.isOut(1_100), 'or until that one is forgotten')
  ejection.taken(1_100, RULES)
  t.ok(ejection.isOut(1_100))
  t.ok(ejection.succeeded(1_200), 'it is over')
  t.equal(ejection.stateAt(1_200), 'in-service')
  t.notOk(ejection.isOut(1_200))
  t.notOk(ejection.succeeded(1_300))
})

test('each ejection without a success in between is longer, up to ten times', async t => {
  const ejection = new Ejection()
  const lengths: number[] = []
  let now = 0
  for (let i = 0; i < 2; i++) ejection.failed(now, RULES, true)
  for (let i = 0; i < 12; i++) {
    t.ok(ejection.failed(now, RULES, true), 'one failure in a trial is enough')
    lengths.push(ejection.until - now)
    now = ejection.until
    if (i % 2 === 0) ejection.taken(now, RULES)
  }
  t.same(lengths, [500, 1_000, 1_500, 2_000, 2_500, 3_000, 3_500, 4_000, 4_500, 5_000, 5_000, 5_000])
  ejection.succeeded(now)
  for (let i = 0; i < 3; i++) ejection.failed(now, RULES, true)
  t.equal(ejection.until - now, 500, 'and after a success it is short again')
})

test('not allowed: in service, also from a trial; what it did before is not forgotten', async t => {
  const ejection = ejected(0)
  ejection.taken(500, RULES)
  t.notOk(ejection.failed(510, RULES, false))
  t.equal(ejection.stateAt(510), 'in-service')
  t.notOk(ejection.isOut(510))
  t.notOk(ejection.failed(520, RULES, true), 'it is no trial any more')
  t.ok(ejection.failed(530, RULES, true))
  t.equal(ejection.until - 530, 1_000, 'the second time in a row')
  const again = ejected(0)
  again.failed(500, RULES, false)
  t.notOk(again.succeeded(501), 'no trial has ended')
  for (let i = 0; i < 3; i++) again.failed(502, RULES, true)
  t.equal(again.until - 502, 500, 'but one success, and all is forgotten')
})

test('denied with enough failures: the next failure may eject', async t => {
  const ejection = new Ejection()
  for (let i = 0; i < 3; i++) t.notOk(ejection.failed(i, RULES, false))
  t.ok(ejection.failed(3, RULES, true))
})

test('a smaller number of failures takes effect immediately', async t => {
  const ejection = new Ejection()
  ejection.failed(0, RULES, true)
  ejection.failed(0, RULES, true)
  t.ok(ejection.failed(0, { ...RULES, failures: 1 }, true))
})
