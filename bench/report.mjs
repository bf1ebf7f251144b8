const COLUMNS = ['', 'requests/s', 'MB/s', 'CPU µs/request', '× nginx', 'p50 ms', 'p99 ms', 'RSS MiB', 'failed']

/** A table for each row of work. Medians over the rounds; ratios are taken within a round first. */
export function report(rows, results) {
  return rows
    .map(row =>
      table(
        row,
        results.filter(it => it.row === row.name),
      ),
    )
    .join('\n')
}

function table(row, results) {
  const peers = [...new Set(results.map(it => it.peer))]
  const lines = peers.map(peer => line(peer, results))
  return [`\n${row.title} (${row.connections} connections)`, ...aligned([COLUMNS, ...lines])].join('\n')
}

function line(peer, results) {
  const own = results.filter(it => it.peer === peer)
  const of = key => median(own.map(it => it[key]))
  const ratio = median(own.map(it => it.cpuUs / nginxOf(results, it.round)).filter(Number.isFinite))
  return [
    peer,
    of('requestsPerS').toFixed(0),
    (of('bytesPerS') / 1e6).toFixed(0),
    of('cpuUs').toFixed(1),
    ratio === undefined ? '-' : ratio.toFixed(2),
    of('p50Ms').toFixed(2),
    of('p99Ms').toFixed(2),
    (of('rssBytes') / 2 ** 20).toFixed(0),
    String(own.reduce((sum, it) => sum + it.failed, 0)),
  ]
}

function nginxOf(results, round) {
  return results.find(it => it.peer === 'nginx' && it.round === round)?.cpuUs ?? Number.NaN
}

function median(values) {
  if (values.length === 0) return undefined
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function aligned(lines) {
  const widths = COLUMNS.map((_, i) => Math.max(...lines.map(it => it[i].length)))
  return lines.map(cells =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
  )
}
