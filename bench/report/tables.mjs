import { medianOf, ratio } from './statistics.mjs'

/** A column: its title, its content, and the number of digits. */
const plain = (title, key, digits, scale = 1) => ({
  title,
  cell: (results, row, peer) => digitsOf(medianOf(results, row, peer, key), digits, scale),
})
const toNginx = (title, key) => ({
  title,
  cell: (results, row, peer) => spread(ratio(results, row, peer, 'nginx', key)),
})

const RATE = plain('requests/s', 'requestsPerS', 0)
const RSS = plain('RSS MiB', 'rssBytes', 0, 2 ** -20)
const CPU = [
  plain('CPU µs/request', 'cpuUs', 1),
  toNginx('CPU × nginx', 'cpuUs'),
  plain('user', 'userUs', 1),
  plain('system', 'systemUs', 1),
]
const LATENCY = [plain('p50 ms', 'p50Ms', 2), plain('p99 ms', 'p99Ms', 2)]
const BUSY = plain('core %', 'busy', 0, 100)

function columnsFor(row) {
  if (row.fresh)
    return [
      plain('connections', 'open', 0),
      plain('RSS before MiB', 'rssBeforeBytes', 1, 2 ** -20),
      plain(row.load === 'slow' ? 'at most MiB' : 'after MiB', 'rssBytes', 1, 2 ** -20),
      plain('KiB each', 'eachBytes', 1, 2 ** -10),
    ]
  if (row.load === 'h2load') return [RATE, ...LATENCY, toNginx('p99 × nginx', 'p99Ms'), ...CPU, BUSY, RSS]
  const throughput = row.octets ? [plain('MB/s', 'mbPerS', 0)] : []
  return [RATE, ...throughput, toNginx('rate × nginx', 'requestsPerS'), ...CPU, BUSY, ...LATENCY, RSS]
}

/**
 * The results of one row: a line for each proxy that was measured, medians over the rounds.
 * @param {import('../rows.mjs').Row} row
 * @param {import('./statistics.mjs').Result[]} results
 * @returns {string[][]} the titles first; empty when nothing was measured
 */
export function tableOf(row, results) {
  const own = results.filter(it => it.row === row.name)
  if (own.length === 0) return []
  const columns = columnsFor(row)
  const peers = [...new Set(own.map(it => it.peer))]
  const failed = peer => own.filter(it => it.peer === peer).reduce((sum, it) => sum + it.failed, 0)
  return [
    ['', ...columns.map(it => it.title), 'failed'],
    ...peers.map(peer => [peer, ...columns.map(it => it.cell(own, row.name, peer)), String(failed(peer))]),
  ]
}

/** @param {ReturnType<typeof import('./goals.mjs').judge>} goals @returns {string[][]} */
export function goalsTable(goals) {
  const lines = goals.map(it => [
    it.row,
    it.text,
    it.limit,
    digitsOf(it.value, it.value < 100 ? 2 : 0),
    it.met ? 'yes' : 'NO',
  ])
  return lines.length === 0 ? [] : [['row', 'goal', 'limit', 'measured', 'met'], ...lines]
}

/** For a terminal: the first column aligned left, the others right. @param {string[][]} lines */
export function toText(lines) {
  const widths = (lines[0] ?? []).map((_, i) => Math.max(...lines.map(it => it[i].length)))
  const left = lines[0]?.map((title, i) => i === 0 || title === 'goal') ?? []
  return lines
    .map(cells => cells.map((cell, i) => (left[i] ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '))
    .join('\n')
}

/** @param {string[][]} lines */
export function toMarkdown([titles, ...lines]) {
  const rule = titles.map((title, i) => (i === 0 || title === 'goal' ? '---' : '---:'))
  return [titles, rule, ...lines].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

function digitsOf(value, digits, scale = 1) {
  return Number.isFinite(value) ? (value * scale).toFixed(digits) : '-'
}

function spread(found) {
  if (!found) return '-'
  const { median, low, high } = found
  return low === high ? median.toFixed(2) : `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`
}
