import t from 'tap'
import { Given } from '../../lib/cli/given.js'
import { runAll } from '../../lib/cli/lab/all.js'
import { LAB_OPTIONS } from '../../lib/cli/lab/options.js'
import { type Experiment, experiment, Impossible, judged, judgedInTime } from '../../lib/lab/experiment.js'
import { readRecording } from '../../lib/lab/recording.js'
import { plain, said } from '../../lib/lab/said.js'

/** An experiment that ends in one way, and says at which scale. */
function ends(id: string, run: Experiment['run']): Experiment {
  const text = plain(id)
  const answers = [{ text, right: true as const }, { text }]
  return experiment({
    id,
    title: text,
    question: text,
    answers,
    watch: text,
    lesson: [text],
    change: text,
    references: [],
    knobs: {},
    timeMaxMs: 1_000,
    run,
  })
}

const SEEN = ends('seen', async bench => judged(true, plain(`scale ${bench.scale}`), plain('')))
const UNSEEN = ends('unseen', async () => judged(false, plain(''), said('It was not so.', '그렇지 않았다.')))
const NOWHERE = ends('nowhere', async () => {
  throw new Impossible(said('There is no namespace.', '네임스페이스가 없다.'))
})

const BUSY = ends('busy', async () =>
  judgedInTime(
    { certain: true, inTime: false, tookMs: 90, hidesMs: 20 },
    plain(''),
    said('It did not show.', '나타나지 않았다.'),
  ),
)

async function all(
  experiments: readonly Experiment[],
  line: Record<string, unknown> = {},
  language: 'en' | 'ko' = 'en',
) {
  let out = ''
  const write = (text: string) => {
    out += text
  }
  const code = await runAll(new Given(line, {}, LAB_OPTIONS), language, { experiments, write })
  return { code, lines: out.split('\n').slice(0, -1) }
}

t.test('a line for each, and 0 when all were observed or are impossible on this machine', async t => {
  const { code, lines } = await all([SEEN, NOWHERE])
  t.equal(code, 0)
  t.match(lines, [
    /^ok {12}seen {5,}\d+ ms$/,
    /^not possible {2}nowhere {2,}\d+ ms$/,
    /^ {4}There is no namespace\.$/,
    /^2 experiments in .* s: 1 observed, 0 not observed, 0 hidden by a busy machine, 1 not possible on this machine\.$/,
  ])
})

t.test(
  'an effect hidden by a busy machine is reported with its reason and is not a failure; an effect that did not show is',
  async t => {
    const { code, lines } = await all([SEEN, BUSY])
    t.equal(code, 0)
    t.match(lines.slice(0, 2), [/^ok {12}seen/, /^too busy {6}busy/])
    const text = lines.slice(2).join(' ').replace(/ +/g, ' ')
    t.match(text, /The machine was too busy: .* 90 ms, and 20 ms .* It did not show\./)
    t.match(text, '1 observed, 0 not observed, 1 hidden by a busy machine, 0 not possible')
    t.match((await all([BUSY], {}, 'ko')).lines, [/^너무 바쁨 +busy/, '컴퓨터가 너무 바빠서 확인할 수 없었다'])
    t.equal((await all([BUSY, UNSEEN])).code, 1)
  },
)

t.test('1 when one of them did not show', async t => {
  const { code, lines } = await all([SEEN, UNSEEN], {}, 'ko')
  t.equal(code, 1)
  t.match(lines, [/^확인 +seen/, /^관찰되지 않음 {2}unseen/, '그렇지 않았다.', /^실험 2개/])
})

t.test('the events of all instead, each run a recording; at a tenth unless told otherwise', async t => {
  const { lines } = await all([SEEN, SEEN], { json: true })
  t.equal(lines.length, 4)
  t.match(readRecording(lines.slice(0, 2).join('\n')), [
    { kind: 'run', scale: 0.1 },
    { kind: 'verdict', text: { en: 'scale 0.1' } },
  ])
  const scaled = await all([SEEN], { json: true, scale: '0.5' })
  t.match(readRecording(scaled.lines.join('\n')), [{ scale: 0.5 }, {}])
})
