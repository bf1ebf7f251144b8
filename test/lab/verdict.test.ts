import t from 'tap'
import type { Judged, LabEvent } from '../../lib/lab/events.js'
import { type Experiment, experiment, type InTime, judgedInTime } from '../../lib/lab/experiment.js'
import { runExperiment } from '../../lib/lab/run.js'
import { plain, said } from '../../lib/lab/said.js'

const SEEN = said('It was seen.', '보였다.')
const NOT_SEEN = said('It was not seen.', '보이지 않았다.')

function judged(it: Partial<InTime>) {
  return judgedInTime({ certain: true, inTime: false, tookMs: 0, hidesMs: 40, ...it }, SEEN, NOT_SEEN)
}

t.test('an effect that was seen is observed, however busy the machine was', async t => {
  t.strictSame(judged({ inTime: true, tookMs: 1_000 }), { outcome: 'observed', text: SEEN })
})

t.test('a failure that no delay can cause is not excused by one', async t => {
  t.strictSame(judged({ certain: false, tookMs: 1_000 }), { outcome: 'not-observed', text: NOT_SEEN })
  t.strictSame(judged({ certain: false, inTime: true, tookMs: 1_000 }), { outcome: 'not-observed', text: NOT_SEEN })
})

t.test('if the machine took too little to hide the effect, it was not observed', async t => {
  t.strictSame(judged({ tookMs: 39.9 }), { outcome: 'not-observed', text: NOT_SEEN })
})

t.test('if the machine took enough to hide the effect, the verdict says so, with both figures', async t => {
  const { outcome, text } = judged({ tookMs: 312.4 })
  t.equal(outcome, 'too-busy')
  t.match(text.en, /^The machine was too busy: .* 312 ms, and 40 ms are enough.*It was not seen\.$/)
  t.match(text.ko, /^컴퓨터가 너무 바빠서 .*312ms.*40ms.*보이지 않았다\.$/)
})

function ends(timeMaxMs: number, run: Experiment['run']): Experiment {
  const text = plain('x')
  return experiment({
    ...{ id: 'x', title: text, question: text, answers: [], watch: text, lesson: [], change: text, references: [] },
    ...{ knobs: {}, timeMaxMs, run },
  })
}

t.test('a run that the machine does not let finish does not count as a hang', async t => {
  const busy = ends(-19_800, async bench => {
    while (!bench.signal.aborted) {
      for (const until = performance.now() + 60; performance.now() < until; );
      await new Promise(done => setTimeout(done, 1))
    }
    throw bench.signal.reason
  })
  const hangs = ends(-19_800, () => new Promise(() => {}))
  const verdictOf = async (it: Experiment) => (await runExperiment(it)).at(-1) as LabEvent & Judged
  t.match(await verdictOf(busy), {
    outcome: 'too-busy',
    text: { en: /not finished after 200 ms, although .* too busy or too slow for it/ },
  })
  t.match(await verdictOf(hangs), {
    outcome: 'not-observed',
    text: { en: /cancelled: it was not finished after 200 ms\.$/ },
  })
})
