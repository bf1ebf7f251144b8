import t from 'tap'
import type { Bar, Figure, Judged, LabEvent } from '../../lib/lab/events.js'
import { type Experiment, experiment, judged } from '../../lib/lab/experiment.js'
import { plain, said } from '../../lib/lab/said.js'
import { commandToTry, result, revealed, teaching } from '../../lib/lab/terminal/ending.js'
import { asked, listLines } from '../../lib/lab/terminal/list.js'
import { circumstances, question, watch } from '../../lib/lab/terminal/opening.js'
import { painter } from '../../lib/lab/terminal/paint.js'
import { summaryLines, totalLine } from '../../lib/lab/terminal/summary.js'
import { widthOf } from '../../lib/lab/terminal/width.js'
import { at, LOOK, RUN, setScene, VERDICT } from './terminal-story.js'

const IT: Experiment = experiment({
  id: 'it',
  title: said('It', '그것'),
  question: said('Something happens. What is it?', '무슨 일이 생긴다. 무엇일까?'),
  answers: [{ text: said('This', '이것') }, { text: said('That', '저것') }],
  watch: said('Look at it.', '그것을 보라.'),
  lesson: [said('One thing.', '하나.'), said('Another thing.', '또 하나.')],
  change: said('Change it.', '바꿔 보라.'),
  references: ['RFC 9112 9.3', 'RFC 9110 7.6.1'],
  knobs: {
    timeout: { kind: 'number', label: said('Limit', '제한'), unit: 's', min: 1, max: 30, step: 1, standard: 5 },
    through: {
      kind: 'choice',
      label: said('Proxy', '프록시'),
      choices: { dumb: said('dumb', '멍청한'), hopwise: plain('hopwise') },
      standard: 'dumb',
    },
  },
  timeMaxMs: 1_000,
  run: async () => judged(true, plain('yes'), plain('no')),
})

function figure(scene: string, id: string, value: number, unit: Figure['unit'], label = id): LabEvent {
  return at(20, { kind: 'figure', scene, id, label: said(label, `${label} 값`), value, unit })
}

function bar(scene: string, row: string, part: Bar['part'], from: number, to: number): LabEvent {
  return at(20, { kind: 'bar', scene, row, part, from, to })
}

const trimmed = (lines: readonly string[]) => lines.map(line => line.trimEnd())

t.test('figures are listed by scene, the last value of each, with a dash if there is none', async t => {
  const events = [
    RUN,
    setScene(0, 'a'),
    setScene(0, 'b'),
    figure('a', 'first', 1, 'ms'),
    figure('a', 'first', 5.432, 'ms'),
    figure('b', 'first', 1234.5, 'ms'),
    figure('a', 'octets', 1_048_576, 'bytes'),
    figure('b', 'share', 12.345, 'percent'),
    VERDICT,
  ]
  t.strictSame(trimmed(result(events, LOOK)), [
    '',
    'Measured',
    '               Scene a   Scene b',
    '  first         5.4 ms   1235 ms',
    '  octets   1,048,576 B         –',
    '  share              –   12.35 %',
    '',
    '  ✔  OBSERVED. It was so.',
  ])
  t.match(trimmed(result(events, { ...LOOK, language: 'ko' })), [
    '',
    '측정값',
    /^ +장면 a +장면 b$/,
    /^ {2}first 값 +5\.4ms +1235ms$/,
    /^ {2}octets 값 +1,048,576바이트 +–$/,
  ])
})

t.test('a table that is too wide is turned, and if it is still too wide it becomes a list', async t => {
  const scenes = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(each => `${each}-with-a-long-name`)
  const events = [
    RUN,
    ...scenes.map(each => setScene(0, each)),
    ...scenes.map(each => figure(each, 'first', 1, 'count')),
    VERDICT,
  ]
  t.match(trimmed(result(events, LOOK)), ['', 'Measured', /^ +first$/, /^ {2}Scene a-with-a-long-name +1$/])
  const many = ['one', 'two', 'three'].flatMap(id =>
    scenes.map(each => figure(each, id, 2, 'count', `a long label for ${id}`)),
  )
  const listed = trimmed(result([...events.slice(0, -1), ...many, VERDICT], LOOK))
  t.match(listed, ['', 'Measured', '  Scene a-with-a-long-name', /^ +1 {2}first$/, /^ +2 {2}a long label for one$/])
  t.ok(listed.every(line => widthOf(line) <= LOOK.width))
})

t.test('headings are wrapped before a table becomes a list', async t => {
  const scenes = ['one', 'two', 'three'].map(each => `${each} through a proxy that keeps`)
  const events = [
    RUN,
    ...scenes.map(each => setScene(0, each)),
    ...scenes.map(each => figure(each, 'first', 1, 'count')),
    VERDICT,
  ]
  const two = scenes.map(each => figure(each, 'second', 1_000_000, 'bytes', 'a second label that is long'))
  t.strictSame(trimmed(result([...events.slice(0, -1), ...two, VERDICT], { ...LOOK, width: 72 })).slice(0, 7), [
    '',
    'Measured',
    '                                                       a second',
    '                                                     label that',
    '                                           first        is long',
    '  Scene one through a proxy that keeps         1    1,000,000 B',
    '  Scene two through a proxy that keeps         1    1,000,000 B',
  ])
})

t.test('the verdict has a sign beside its colour', async t => {
  const verdict = (outcome: Judged['outcome']) =>
    result([at(1, { kind: 'verdict', outcome, text: said('So.', '그렇다.') })], LOOK)
  t.strictSame(verdict('observed'), ['', '  ✔  OBSERVED. So.'])
  t.strictSame(verdict('not-observed'), ['', '  ✘  NOT OBSERVED. So.'])
  t.strictSame(verdict('too-busy'), ['', '  ~  TOO BUSY TO SEE IT. So.'])
  t.strictSame(verdict('impossible'), ['', '  –  NOT POSSIBLE HERE. So.'])
})

t.test('bars of all scenes share one scale; each part has its own sign', async t => {
  const events = [
    RUN,
    setScene(0, 'a'),
    setScene(0, 'b'),
    bar('a', '/1', 'connect', 0, 100),
    bar('a', '/1', 'server', 100, 300),
    bar('a', '/1', 'receive', 300, 301),
    bar('b', '/1', 'wait', 0, 300),
    bar('b', '/1', 'receive', 300, 600),
    VERDICT,
  ]
  const shown = trimmed(result(events, { ...LOOK, width: 46 }))
  t.strictSame(shown.slice(0, 6), [
    '',
    'Scene a',
    '  /1 ▒▒▒▒▒▓▓▓▓▓▓▓▓▓▓▓█ 301 ms',
    'Scene b',
    '  /1 ················████████████████ 600 ms',
    '  · waits   ▒ connects   ▓ server works   █ receives',
  ])
  const rows = Array.from({ length: 30 }, (_, i) => bar('a', `/${i}`, 'wait', 0, i))
  t.match(trimmed(result([RUN, setScene(0, 'a'), ...rows, VERDICT], LOOK)).at(-4), '… +6')
})

t.test('the question with its numbers, what to watch, and special conditions', async t => {
  t.strictSame(trimmed(question(IT, LOOK)), [
    '',
    'It                                                         hopwise lab it',
    '',
    '  Something happens. What is it?',
    '',
    '  1  This',
    '  2  That',
    '',
  ])
  t.match(watch(IT, LOOK), ['Watch', '  Look at it.', 'Signs'])
  const run = RUN as Parameters<typeof circumstances>[0]
  t.strictSame(circumstances(run, false, LOOK), [])
  t.match(circumstances({ ...run, scale: 0.1 }, false, LOOK), [/× 0\.1: All waits/])
  t.match(circumstances(run, true, LOOK), ['Recorded 2026-11-20T12:00:00.000Z on node 24.0.0, linux.'])
})

t.test('the prediction is judged; without one the answer is shown', async t => {
  const seen = { outcome: 'observed', text: plain('') } as const
  const verdict = { ...seen, right: 2 }
  t.strictSame(revealed(IT, verdict, 2, LOOK), ['  ✔  You predicted 2. That is right.'])
  t.strictSame(revealed(IT, verdict, 1, LOOK), ['  ✘  You predicted 1. The answer is 2: That.'])
  t.strictSame(revealed(IT, verdict, 0, LOOK), ['  →  The answer is 2: That.'])
  t.strictSame(revealed(IT, verdict, 1, { ...LOOK, language: 'ko' }), ['  ✘  1번을 골랐다. 정답은 2번이다: 저것.'])
  // The verdict decides; without its judgement the prediction is not judged.
  t.strictSame(revealed(IT, { ...seen, right: 1 }, 1, LOOK), ['  ✔  You predicted 1. That is right.'])
  t.match(revealed(IT, seen, 1, LOOK).join(' '), /You predicted 1\. This run does not answer the question/)
  t.match(revealed(IT, { ...seen, outcome: 'too-busy' }, 1, LOOK).join(' '), /The run did not show the effect/)
  t.strictSame(revealed(IT, seen, 0, LOOK), [])
})

t.test('the lesson, and the command line that changes one thing', async t => {
  t.strictSame(teaching(IT, { knobs: { timeout: 5, through: 'dumb' } }, LOOK), [
    '',
    'What it teaches',
    '  One thing.',
    '',
    '  Another thing.',
    '',
    'Change one thing',
    '  Change it.',
    '    $ hopwise lab it --set timeout=10',
    '',
    'Settings',
    '  --set timeout=5  Limit (from 1 to 30 s)',
    '  --set through=dumb  Proxy (dumb | hopwise)',
    '',
    'Further reading',
    '  RFC 9112 9.3, RFC 9110 7.6.1',
    '',
  ])
  t.equal(
    commandToTry(IT, { timeout: 10, through: 'hopwise' }),
    'hopwise lab it --set timeout=20 --set through=hopwise',
  )
  t.equal(commandToTry(IT, { timeout: 20 }), 'hopwise lab it --set timeout=10', 'beyond its limit it is halved')
  const { through, timeout } = IT.knobs
  t.equal(
    commandToTry({ ...IT, knobs: { through: through! } }, { through: 'hopwise' }),
    'hopwise lab it --set through=dumb',
  )
  t.equal(commandToTry({ ...IT, knobs: {} }, {}), '')
  const tenths = { ...timeout!, kind: 'number', unit: 'ms', min: 0, max: 1, step: 0.1, standard: 0 } as const
  t.equal(commandToTry({ ...IT, knobs: { tenths } }, { tenths: 0.3 }), 'hopwise lab it --set tenths=0.6')
})

t.test('the list shows the whole question, on as many lines as it needs', async t => {
  t.strictSame(listLines([IT], LOOK), ['it  It', '    Something happens. What is it?'])
  t.strictSame(listLines([IT], { ...LOOK, width: 20 }), ['it  It', '    Something', '    happens. What is', '    it?'])
  t.equal(
    asked('A proxy stands between. What does the client of that proxy see?'),
    'What does the client of that proxy see?',
  )
  t.equal(asked('끝이 없다. 어떻게 될까?'), '끝이 없다. 어떻게 될까?')
})

t.test('a line for each of many runs, with the reason if there is one', async t => {
  const summed = { id: 'it', ms: 1234.5, text: said('Because of this.', '그래서 그렇다.') }
  t.strictSame(summaryLines({ ...summed, outcome: 'observed' }, 4, LOOK), ['ok            it     1235 ms'])
  t.strictSame(summaryLines({ ...summed, outcome: 'impossible' }, 4, LOOK), [
    'not possible  it     1235 ms',
    '    Because of this.',
  ])
  t.match(summaryLines({ ...summed, outcome: 'not-observed' }, 4, { ...LOOK, language: 'ko' }), [
    '관찰되지 않음  it',
    '그래서 그렇다.',
  ])
  t.equal(
    totalLine(['observed', 'impossible', 'too-busy', 'observed'], 12_345, LOOK),
    '4 experiments in 12.3 s: 2 observed, 0 not observed, 1 hidden by a busy machine, 1 not possible on this machine.',
  )
})

t.test('texts of a file are harmless here, too', async t => {
  const evil = said('\x1b[2Jx', '\x9bx')
  const events = [
    RUN,
    at(0, { kind: 'scene', scene: 's', title: evil, parties: [] }),
    at(1, { kind: 'figure', scene: 's', id: 'x', label: evil, value: 1, unit: 'ms' }),
    at(1, { kind: 'bar', scene: 's', row: '\x1b', part: 'wait', from: 0, to: 1 }),
    at(2, { kind: 'verdict', outcome: 'observed', text: evil }),
  ]
  for (const language of ['en', 'ko'] as const) t.notMatch(result(events, { ...LOOK, language }).join(''), /\p{Cc}/u)
  const run = { ...RUN, machine: '\x1b', startedAt: '\x07' } as Parameters<typeof circumstances>[0]
  t.notMatch(circumstances(run, true, LOOK).join(''), /\p{Cc}/u)
  t.match(result(events, { ...LOOK, paint: painter(true) }).join(''), '\\x1b[2Jx')
})
