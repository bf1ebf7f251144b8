import { describeMachine } from '../machine.mjs'
import { judge } from './goals.mjs'
import { medianOf, ratio } from './statistics.mjs'
import { goalsTable, tableOf, toMarkdown, toText } from './tables.mjs'

/** A measurement is less reliable if other processes used the proxy's core for more than this share of the time. */
const FOREIGN = 0.05

/** For the terminal. */
export function textReport(run) {
  const tables = run.rows.map(row => ({ row, lines: tableOf(row, run.results) })).filter(it => it.lines.length > 0)
  const goals = goalsTable(judge(run.results, run.nodePeers))
  return [
    ...tables.map(({ row, lines }) => `\n${titleOf(row, run)}\n${toText(lines)}`),
    ...(goals.length ? [`\n${toText(goals)}`] : []),
    ...notes(run).map(it => `\n${it}`),
  ].join('\n')
}

/** For bench/results. */
export function markdownReport(run, date) {
  const goals = goalsTable(judge(run.results, run.nodePeers))
  return `# ${date}

${describeMachine()}. ${Object.entries(run.versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}.
${run.rounds} rounds of ${run.seconds} s for each proxy and row. Medians over the rounds; a ratio is taken within a round, then
the median of the ratios, with the lowest and the highest. \`core %\`: how much of a core the proxy used: below 90 the load
or the origin was the limit, and rates say little. How it is measured: [docs/performance.md](../../docs/performance.md).

## Headline

${toMarkdown(headline(run))}

${goals.length ? `## Goals\n\n${toMarkdown(goals)}\n` : ''}
${run.rows
  .map(row => ({ row, lines: tableOf(row, run.results) }))
  .filter(it => it.lines.length > 0)
  .map(({ row, lines }) => `## ${titleOf(row, run)}\n\n${toMarkdown(lines)}\n`)
  .join('\n')}
${notes(run).join('\n\n')}
`
}

/** One line for each proxy: its cost relative to nginx. */
function headline({ rows, results }) {
  const shown = rows.filter(it => it.headline)
  const peers = [...new Set(results.filter(it => shown.some(row => row.name === it.row)).map(it => it.peer))]
  const cell = (value, digits) => (value === undefined ? '-' : value.toFixed(digits))
  const lines = peers.map(peer => [
    peer,
    cell(medianOf(results, 'small', peer, 'cpuUs'), 1),
    cell(medianOf(results, 'small', peer, 'requestsPerS'), 0),
    ...shown.map(row => cell(ratio(results, row.name, peer, 'nginx', 'cpuUs')?.median, 2)),
  ])
  return [
    ['proxy', 'CPU µs/request (small)', 'requests/s (small)', ...shown.map(it => `${it.name}: CPU × nginx`)],
    ...lines,
  ]
}

function titleOf(row, run) {
  const offered = row.load === 'h2load' ? `, ${run.offered} requests/s offered` : ''
  return `${row.name}: ${row.title} (${row.connections} connections${offered})`
}

function notes({ results, failures, missing }) {
  const foreign = results.filter(it => it.foreign > FOREIGN).length
  return [
    foreign > 0
      ? `Other processes used the proxy's core for more than ${FOREIGN * 100} % of the time in ${foreign} of ${results.length} measurements: a quieter machine gives better figures.`
      : '',
    missing.length ? `Not measured: ${missing.join('; ')}.` : '',
    ...failures.map(it => `Failed: ${it}`),
  ].filter(Boolean)
}
