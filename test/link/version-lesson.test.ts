import { test } from 'tap'
import {
  ANSWERS,
  FORGOTTEN_MS,
  learn,
  type SpokenVersion,
  sendsChunks,
  VersionLesson,
} from '../../lib/link/version-lesson.js'

type Answer = readonly [minor: 0 | 1, status: number, at?: number]

const STORIES: readonly (readonly [what: string, answers: readonly Answer[], says: SpokenVersion])[] = [
  ['nothing heard', [], 'unheard'],
  ['one HTTP/1.1 answer is enough', [[1, 200]], '1.1'],
  ['an error page, too', [[1, 500]], '1.1'],
  ['one HTTP/1.0 answer', [[0, 200]], 'doubted'],
  [
    'two of them',
    [
      [0, 200],
      [0, 304],
    ],
    'doubted',
  ],
  [
    'three of them',
    [
      [0, 200],
      [0, 200],
      [0, 302],
    ],
    '1.0',
  ],
  [
    'error pages teach nothing',
    [
      [0, 503],
      [0, 404],
      [0, 500],
      [0, 400],
    ],
    'unheard',
  ],
  [
    'nor do interim responses',
    [
      [0, 100],
      [0, 100],
      [0, 103],
    ],
    'unheard',
  ],
  [
    'error pages in between change nothing',
    [
      [0, 200],
      [0, 503],
      [0, 200],
      [0, 404],
      [0, 200],
    ],
    '1.0',
  ],
  [
    'error pages of one in doubt',
    [
      [0, 200],
      [0, 503],
      [0, 503],
      [0, 503],
    ],
    'doubted',
  ],
  [
    'HTTP/1.1 in between restarts the count',
    [
      [0, 200],
      [0, 200],
      [1, 200],
      [0, 200],
      [0, 200],
    ],
    'doubted',
  ],
  [
    'HTTP/1.1 ends what was believed',
    [
      [0, 200],
      [0, 200],
      [0, 200],
      [1, 200],
    ],
    '1.1',
  ],
  [
    'who has spoken HTTP/1.1 is not doubted for long',
    [[1, 200], ...Array.from({ length: 50 }, (): Answer => [0, 200, 1])],
    'doubted',
  ],
  [
    '… but for a while',
    [
      [1, 200],
      [0, 200, 5],
      [0, 200, 6],
      [0, 200, FORGOTTEN_MS + 4],
    ],
    'doubted',
  ],
  [
    '… and then believed',
    [
      [1, 200],
      [0, 200, 5],
      [0, 200, 6],
      [0, 200, FORGOTTEN_MS + 5],
    ],
    '1.0',
  ],
  [
    '… though not for a single answer',
    [
      [1, 200],
      [0, 200, 5],
      [0, 200, FORGOTTEN_MS + 5],
    ],
    'doubted',
  ],
]

for (const [what, answers, says] of STORIES) {
  test(`R42: what is known of an upstream: ${what}: ${says}`, async t => {
    const lesson = new VersionLesson()
    for (const [minor, status, at = 0] of answers) lesson.heard(minor, status, at)
    t.equal(lesson.says, says)
  })
}

test('R42: whatever is heard, HTTP/1.0 is never known from fewer answers than it takes', async t => {
  for (let bits = 0; bits < 3 ** 6; bits++) {
    const lesson = new VersionLesson()
    let inARow = 0
    for (let rest = bits, nth = 0; nth < 6; rest = Math.floor(rest / 3), nth++) {
      const [minor, status] = (
        [
          [1, 200],
          [0, 200],
          [0, 500],
        ] as const
      )[rest % 3]!
      inARow = minor === 1 ? 0 : inARow + (status === 200 ? 1 : 0)
      lesson.heard(minor, status, 0)
      if (lesson.says === '1.0') t.ok(inARow >= ANSWERS, `${bits}`)
      if (minor === 1) t.equal(lesson.says, '1.1')
    }
  }
})

test('R42: no chunks to an upstream that is known to speak HTTP/1.0; in doubt, a length if possible', async t => {
  t.equal(sendsChunks('1.0', true), 'length')
  t.equal(sendsChunks('1.0', false), '411')
  t.equal(sendsChunks('doubted', true), 'length')
  t.equal(sendsChunks('doubted', false), 'chunked')
  for (const known of ['unheard', '1.1'] as const)
    for (const fits of [true, false]) t.equal(sendsChunks(known, fits), 'chunked')
  t.equal(learn('1.0', 0, true, false), '1.0')
})
