import t from 'tap'
import { EXPERIMENTS } from '../../lib/lab/catalogue.js'
import type { Knob } from '../../lib/lab/experiment.js'
import { hangsShown } from './hangs-shown.js'
import { type Ran, ran, ranHere } from './running.js'

// Every value of every knob, one at a time: the answer that is called right agrees with the verdict, and a hang is shown where
// the verdict says that a request hung, and nowhere else.

const SCALE = 0.05
/** Where a request hangs, this has to be distinguished from the delays of a busy machine. */
const SCALE_OF_HANGS = 0.3
/** Experiments that depend on the kernel or another program: in real time. */
const MEASURED = ['handshake', 'nagle', 'tcp-keepalive']
const isMeasured = (id: string, knobs: object) => MEASURED.includes(id) || 'parts' in knobs

/** The right answer according to the sentence of a verdict or the measured figures; null: none. */
const RIGHT: Readonly<Record<string, (run: Ran) => number | null>> = {
  connection: ({ verdict }) => (percentIn(verdict.text.en) > 51 ? 3 : (verdict.right ?? null)),
  'keep-alive': () => 3,
  persistent: () => 2,
  'two-sides': () => 2,
  hang: () => 3,
  'proxy-connection': () => 2,
  'two-proxies': () => 4,
  nominated: () => 2,
  'page-load': ({ verdict, of }) => {
    const { connectMs, serverMs, roundTripMs, bytesPerS } = of('run')[0]!.knobs
    const asAsked = connectMs === 1_000 && serverMs === 2_000 && roundTripMs === 0 && bytesPerS === 0
    const [, without, kept] =
      /^4 objects, 2 at a time, took ([\d.]+) s .* and ([\d.]+) s with it/.exec(verdict.text.en) ?? []
    return asAsked && Math.round((6 * Number(kept)) / Number(without)) === 5 ? 3 : null
  },
  pipelining: () => 2,
  'tcp-keepalive': () => 4,
  websocket: ({ verdict }) => (/pings lived|pongs lived/.test(verdict.text.en) ? 3 : null),
  pool: () => 2,
  handshake: ({ verdict }) => (percentIn(verdict.text.en) >= 35 ? 3 : (verdict.right ?? null)),
  // A wait that is longer than any system delays an ACK (on a busy machine) answers no question.
  nagle: ({ verdict }) => (Number(/took ([\d.]+) ms with Nagle/.exec(verdict.text.en)?.[1] ?? 1_000) <= 80 ? 2 : null),
  close: run => (run.figure('unread', 'reads-on') === 45 ? 2 : 1),
  death: ({ verdict }) =>
    /was told nothing/.test(verdict.text.en)
      ? 2
      : /also ended the client's connection/.test(verdict.text.en)
        ? 1
        : null,
  resources: () => 2,
}

/** With these values there is nothing to see, and the verdict says so. */
const SHOWS_NOTHING = ['page-load {"objects":1}']

/** The first percentage of a sentence. */
function percentIn(text: string): number {
  return Number(/(\d+) %/.exec(text)?.[1] ?? Number.NaN)
}

/** `max` in the first response of the origin in each scene that is about the number of requests. */
function announced(run: Ran): number[] {
  const scenes = run
    .of('scene')
    .map(({ scene }) => scene)
    .filter(scene => scene !== 'not-kept')
  return scenes.flatMap(scene => {
    const heads = run.of('bytes', scene).flatMap(({ by, heads = [] }) => (by === 'origin' ? heads : []))
    const said = heads[0]?.fields.find(({ name }) => name === 'Keep-Alive')?.value ?? ''
    return (
      said
        .match(/max=(\d+)/)
        ?.slice(1)
        .map(Number) ?? []
    )
  })
}

/** The scenes in which a request hung, according to the verdict. */
const HUNG: Readonly<Record<string, (run: Ran) => string[]>> = {
  hang: () => ['dumb'],
  'two-proxies': ({ verdict }) => [
    ...['dumb-smart', 'smart-dumb'],
    ...(/hopwise could not prevent it, either/.test(verdict.text.en) ? ['hopwise'] : []),
  ],
}

/** For a number its two ends: the default has its own run. */
function valuesOf(knob: Knob): (string | number)[] {
  const all = knob.kind === 'choice' ? Object.keys(knob.choices) : [knob.min, knob.max]
  return all.filter(value => value !== knob.standard)
}

/** Values that cause most of the work, but are not the subject of a knob, are as small as possible. */
const SMALLEST: Readonly<Record<string, Record<string, number>>> = { resources: { crowd: 50 } }

const RUNS = EXPERIMENTS.flatMap(({ id, knobs }) => {
  // Its clocks are those of the kernel and not scaled, and none of them changes the answer to the question.
  const turned = id === 'tcp-keepalive' ? [] : Object.entries(knobs)
  return [
    { id, knobs: {} },
    ...turned.flatMap(([name, knob]) => valuesOf(knob).map(value => ({ id, knobs: { [name]: value } }))),
  ]
})

for (const { id, knobs } of RUNS)
  t.test(`${id} ${JSON.stringify(knobs)}`, async t => {
    const scale = id in HUNG ? SCALE_OF_HANGS : SCALE
    const run = await (isMeasured(id, knobs) ? ranHere : ran)(t, id, {
      knobs: Object.keys(knobs).length === 0 ? {} : { ...SMALLEST[id], ...knobs },
      scale,
    })
    const { outcome, right, text } = run.verdict
    const seen = outcome === 'observed'
    if (!isMeasured(id, knobs)) t.equal(seen, !SHOWS_NOTHING.includes(`${id} ${JSON.stringify(knobs)}`), text.en)
    t.equal(right ?? null, seen ? RIGHT[id]?.(run) : null, `${outcome}: ${text.en}`)
    const { live, recorded, terminal } = hangsShown(run.events)
    const hung = HUNG[id]?.(run) ?? []
    // In real time, what is shown during the run depends on when events come, so on a busy machine: see
    // test/lab/page/player.test.ts.
    if (!isMeasured(id, knobs)) t.same([...live].sort(), [...hung].sort(), 'and while it goes on')
    if (seen) t.same([...recorded].sort(), [...hung].sort(), 'a hang is shown where one was')
    for (const scene of recorded) t.ok(hung.includes(scene), `${scene} is shown as a hang`)
    t.ok(terminal <= hung.length, 'and in the terminal nowhere else')
    for (const max of announced(run))
      t.equal(max, knobs.max ?? 100, 'how many more an origin announces in its first response')
  })
