import { test } from 'tap'
import { IdleLesson } from '../../lib/link/idle-lesson.js'

const MINUTE = 60_000

/** Ages at which the upstream closed, ten seconds apart, and what is learned of them. */
const ROWS: readonly (readonly [name: string, ages: number[], learnedMs: number])[] = [
  ['nothing seen', [], Number.POSITIVE_INFINITY],
  ['one age agrees with nothing', [5_000], Number.POSITIVE_INFINITY],
  ['two that agree', [5_010, 5_000], 4_000],
  ['the smallest counts', [5_900, 5_000, 5_500], 4_000],
  ['at 20 % they still agree', [8_000, 10_000], 7_000],
  ['beyond 20 % they do not', [7_999, 10_000], Number.POSITIVE_INFINITY],
  ['one that is far off spoils it', [5_000, 5_000, 700], Number.POSITIVE_INFINITY],
  ['only the last eight count', [700, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000], 4_000],
  ['under the margin nothing is kept idle', [800, 900], 0],
]

for (const [name, ages, learnedMs] of ROWS) {
  test(`R87: an upstream's idle limit, learned: ${name}`, async t => {
    const lesson = new IdleLesson()
    let now = 100_000
    for (const age of ages) {
      now += 10_000
      lesson.observe(age, now)
    }
    t.equal(lesson.limitMs(now), learnedMs)
  })
}

test('R87: FINs on several connections at once are a restart, not a lesson', async t => {
  const lesson = new IdleLesson()
  for (const now of [1_000, 1_000, 1_050, 1_150, 1_151]) lesson.observe(3_000, now)
  t.equal(lesson.limitMs(1_200), Number.POSITIVE_INFINITY, 'none of the five counts')
  lesson.observe(5_000, 20_000)
  lesson.observe(5_000, 30_000)
  t.equal(lesson.limitMs(30_000), 4_000, 'and none spoils what is learned later')
})

test('R87: a restart does not change what was learned before', async t => {
  const lesson = new IdleLesson()
  lesson.observe(5_000, 10_000)
  lesson.observe(5_000, 20_000)
  lesson.observe(300, 30_000)
  lesson.observe(200, 30_001)
  t.equal(lesson.limitMs(30_001), 4_000)
})

test('R87: a lesson is forgotten after ten minutes', async t => {
  const lesson = new IdleLesson()
  lesson.observe(5_000, 0)
  lesson.observe(6_000, MINUTE)
  lesson.observe(6_000, 2 * MINUTE)
  t.equal(lesson.limitMs(10 * MINUTE - 1), 4_000)
  t.equal(lesson.limitMs(10 * MINUTE), 5_000, 'the first age is forgotten, the others are not')
  t.equal(lesson.limitMs(11 * MINUTE), Number.POSITIVE_INFINITY, 'one is left, and agrees with nothing')
  t.equal(lesson.limitMs(60 * MINUTE), Number.POSITIVE_INFINITY)
  lesson.observe(5_000, 61 * MINUTE)
  lesson.observe(5_000, 62 * MINUTE)
  t.equal(lesson.limitMs(62 * MINUTE), 4_000, 'and learned again')
})

test('R87: an upstream that closes right after its answer: doubted immediately, and a lesson after three times in a row', async t => {
  const lesson = new IdleLesson()
  t.equal(lesson.keeps, 'unknown')
  lesson.closedAtOnce(1_000)
  t.equal(lesson.keeps, 'no')
  lesson.closedAtOnce(1_001) // under load many come in the same moment: not a restart, because none of them was used twice
  t.equal(lesson.limitMs(1_001), Number.POSITIVE_INFINITY)
  lesson.closedAtOnce(1_002)
  t.equal(lesson.limitMs(1_002), 0)
  t.equal(lesson.limitMs(1_001 + 10 * MINUTE), 0)
  t.equal(lesson.limitMs(1_002 + 10 * MINUTE), Number.POSITIVE_INFINITY, 'forgotten after ten minutes')
  t.equal(lesson.keeps, 'unknown')
})

test('R87: an answer on a connection that had one before clears the doubt, and what was learned from it', async t => {
  const lesson = new IdleLesson()
  for (const now of [0, 1, 2]) lesson.closedAtOnce(now)
  lesson.observe(5_000, 10_000)
  lesson.observe(5_000, 20_000)
  t.equal(lesson.limitMs(20_000), 0)
  lesson.kept()
  t.equal(lesson.keeps, 'yes')
  t.equal(lesson.limitMs(20_000), 4_000, 'what else was learned holds')
  lesson.closedAtOnce(30_000)
  lesson.closedAtOnce(30_001)
  t.equal(lesson.limitMs(30_001), 4_000, 'counted from scratch')
  t.equal(lesson.keeps, 'no')
  lesson.kept()
  t.equal(lesson.limitMs(30_001 + 10 * MINUTE), Number.POSITIVE_INFINITY)
  t.equal(lesson.keeps, 'yes', 'what was seen is not forgotten')
})
