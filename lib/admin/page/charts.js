import { find, html, setAttribute, setText, svg } from './dom.js'
import { percentText, rateText, tookText } from './format.js'

/** @typedef {import('../pulse.js').Pulse} Pulse */
/** @typedef {{ of(pulse: Pulse): number | null, name: string, mark: string }} Line */

const SPAN_MS = 300_000
/** Looks further apart than this are not joined by a line: no page was open in between. */
const GAP_MS = 3_500
const WIDTH = 300
const HEIGHT = 72

/** @type {{ title: string, unit: string, value(pulse: Pulse): string, max?: number, text(value: number): string, lines: Line[] }[]} */
const CHARTS = [
  {
    title: 'Requests',
    unit: 'per second',
    value: pulse => rateText(pulse.requestsPerS),
    text: rateText,
    lines: [
      { of: pulse => pulse.requestsPerS, name: 'all', mark: 'first' },
      { of: pulse => pulse.errorsPerS, name: '5xx', mark: 'bad' },
    ],
  },
  {
    title: 'Latency',
    unit: 'p50, p99',
    value: ({ p50S, p99S }) =>
      p50S === null || p99S === null ? '–' : `${tookText(p50S * 1000)}, ${tookText(p99S * 1000)}`,
    text: value => tookText(value * 1000),
    lines: [
      { of: pulse => pulse.p99S, name: 'p99', mark: 'second' },
      { of: pulse => pulse.p50S, name: 'p50', mark: 'first' },
    ],
  },
  {
    title: 'Reuse',
    unit: 'of upstream connections',
    value: ({ reuse }) => (reuse === null ? '–' : percentText(reuse)),
    max: 1,
    text: percentText,
    lines: [{ of: pulse => pulse.reuse, name: 'reused', mark: 'first' }],
  },
]

/** Draws the charts of the last five minutes. */
export function makeCharts() {
  const place = find('#charts', HTMLElement)
  /** @type {Pulse[]} */
  let pulses = []
  const figures = CHARTS.map(chart => makeFigure(chart))
  place.append(...figures.map(({ figure }) => figure))
  const draw = () => {
    const now = pulses.at(-1)
    if (now === undefined) return
    for (const figure of figures) figure.draw(pulses, now)
  }
  return {
    /** The server knows the time before this page was opened. @param {Pulse[]} before */
    history(before) {
      const last = before.at(-1)?.at ?? 0
      pulses = [...before, ...pulses.filter(({ at }) => at > last)]
      draw()
    },
    /** @param {Pulse | null} pulse */
    add(pulse) {
      if (pulse === null || pulse.at <= (pulses.at(-1)?.at ?? 0)) return
      pulses = [...pulses.filter(({ at }) => at >= pulse.at - SPAN_MS), pulse]
      draw()
    },
  }
}

/** @param {(typeof CHARTS)[number]} chart */
function makeFigure({ title, unit, value, max, text, lines }) {
  const big = html('output', {}, '–')
  const top = html('span', { class: 'top' })
  const picture = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' })
  const paths = lines.map(({ mark }) => ({
    area: svg('path', { class: `area ${mark}` }),
    line: svg('path', { class: `line ${mark}` }),
  }))
  picture.append(
    svg('path', { class: 'grid', d: `M0 .5H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 0.5}H${WIDTH}` }),
    ...paths.flatMap(({ area, line }) => [area, line]),
  )
  const names = lines.map(({ name, mark }) => html('span', { class: `key ${mark}` }, name))
  const figure = html(
    'figure',
    { role: 'img' },
    html('figcaption', {}, html('b', {}, title), ' ', html('span', {}, unit)),
    big,
    html('div', { class: 'plot' }, top, picture),
    html(
      'div',
      { class: 'axis' },
      html('span', {}, '−5 min'),
      html('span', { class: 'names' }, ...names),
      html('span', {}, 'now'),
    ),
  )
  /** @param {Pulse[]} pulses @param {Pulse} now */
  const draw = (pulses, now) => {
    const highest = max ?? niceAbove(Math.max(...pulses.flatMap(pulse => lines.map(({ of }) => of(pulse) ?? 0))))
    setText(big, value(now))
    setText(top, text(highest))
    setAttribute(
      figure,
      'aria-label',
      `${title} ${unit}: ${value(now)} now. The maximum of the last five minutes is at most ${text(highest)}.`,
    )
    for (const [i, { of, mark }] of lines.entries()) {
      const runs = runsOf(pulses, of, now.at, highest)
      setAttribute(paths[i].line, 'd', runs.map(run => `M${run.join('L')}`).join(''))
      setAttribute(paths[i].area, 'd', mark === 'first' ? runs.map(areaOf).join('') : '')
    }
  }
  return { figure, draw }
}

/**
 * The points of one line, interrupted where nothing is known.
 * @param {Pulse[]} pulses @param {Line['of']} of @param {number} now @param {number} highest
 */
function runsOf(pulses, of, now, highest) {
  /** @type {string[][]} */
  const runs = []
  let before = Number.NEGATIVE_INFINITY
  for (const pulse of pulses) {
    const value = of(pulse)
    if (value === null) continue
    const x = WIDTH - ((now - pulse.at) / SPAN_MS) * WIDTH
    const y = HEIGHT - 2 - (Math.min(value, highest) / highest) * (HEIGHT - 5)
    if (pulse.at - before > GAP_MS) runs.push([])
    runs.at(-1)?.push(`${x.toFixed(1)} ${y.toFixed(1)}`)
    before = pulse.at
  }
  return runs
}

/** @param {string[]} run */
function areaOf(run) {
  const [from] = run[0].split(' ')
  const [to] = run[run.length - 1].split(' ')
  return `M${from} ${HEIGHT}L${run.join('L')}L${to} ${HEIGHT}Z`
}

/** The next of 1, 2, 2.5, 5, 10, 20, … @param {number} value */
function niceAbove(value) {
  if (value <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 2.5, 5, 10].find(step => step * power >= value) ?? 10) * power
}
