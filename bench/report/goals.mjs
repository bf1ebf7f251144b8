import { difference, medianOf, ratio } from './statistics.mjs'

/** The goals. `most` and `least` limit the ratio to `to` in the same round, or the figure itself. */
const GOALS = [
  { row: 'small', key: 'cpuUs', what: 'CPU per request', to: 'nginx', most: 1.1 },
  { row: 'small', key: 'cpuUs', what: 'CPU per request', to: 'haproxy', most: 1.1 },
  { row: 'small', key: 'cpuUs', what: 'CPU per request', to: 'http-proxy', most: 0.35 },
  { row: 'small', key: 'cpuUs', what: 'CPU µs per request above the empty relay', above: 'empty-relay', most: 1.5 },
  { row: 'access-log', key: 'cpuUs', what: 'CPU per request, both with a log', to: 'nginx', most: 1.15 },
  ...['64k', '10m', 'upload-64k', 'upload', 'upload-10m'].flatMap(row => [
    { row, key: 'requestsPerS', what: 'throughput', to: 'nginx', least: 1 },
    { row, key: 'requestsPerS', what: 'throughput', to: 'haproxy', least: 0.95 },
  ]),
  { row: 'new-connection', key: 'requestsPerS', what: 'requests per second', to: 'nginx', least: 0.95 },
  { row: 'offered', key: 'p99Ms', what: 'p99', to: 'nginx', most: 1 },
  { row: 'idle', key: 'eachBytes', what: 'bytes of RSS for each connection', most: 8192 },
  {
    row: 'workers',
    key: 'cpuUs',
    what: 'CPU per request of two workers',
    of: 'hopwise-two-workers',
    to: 'hopwise',
    most: 1.1,
  },
]

/**
 * @param {import('./statistics.mjs').Result[]} results
 * @param {string[]} nodePeers names of the Node proxies, which hopwise must beat in every row
 * @returns {{ row: string, text: string, value: number, limit: string, met: boolean }[]} the goals that were measured
 */
export function judge(results, nodePeers) {
  return [...GOALS.map(goal => judgeOne(goal, results)), ...aheadOfNode(results, nodePeers)].filter(Boolean)
}

function judgeOne(goal, results) {
  const value = figureOf(goal, results)
  if (value === undefined) return undefined
  const met = goal.most === undefined ? value >= goal.least : value <= goal.most
  const text = goal.to ? `${goal.what} against ${goal.to}` : goal.what
  return { row: goal.row, text, value, limit: goal.most === undefined ? `≥ ${goal.least}` : `≤ ${goal.most}`, met }
}

function figureOf({ row, key, of = 'hopwise', to, above }, results) {
  if (to) return ratio(results, row, of, to, key)?.median
  return above ? difference(results, row, of, above, key) : medianOf(results, row, of, key)
}

/** One line for each row: the Node peer that comes closest. */
function aheadOfNode(results, nodePeers) {
  const rows = [...new Set(results.map(it => it.row))]
  return rows.map(row => {
    const closest = nodePeers
      .map(peer => ({ peer, value: ratio(results, row, 'hopwise', peer, 'requestsPerS')?.median }))
      .filter(it => it.value !== undefined)
      .sort((a, b) => a.value - b.value)[0]
    if (!closest || row === 'offered') return undefined
    const text = `requests per second against the best Node peer (${closest.peer})`
    return { row, text, value: closest.value, limit: '≥ 1', met: closest.value >= 1 }
  })
}
