/** @param {number[]} values @returns {number | undefined} */
export function median(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : sorted.length ? (sorted[middle - 1] + sorted[middle]) / 2 : undefined
}

/** The smallest value that `percent` of the values do not exceed. @returns {number} NaN if there are no values */
export function percentile(values, percent) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN
}

/** The median of the measurements over the rounds. @param {Result[]} results */
export function medianOf(results, row, peer, key) {
  return median(results.filter(it => it.row === row && it.peer === peer).map(it => it[key]))
}

/**
 * One proxy against another: the ratio is taken in each round, then the median of the ratios, with the lowest and the
 * highest. Absolute figures drift with the machine; a ratio within a round drifts least.
 * @param {Result[]} results
 * @returns {{ median: number, low: number, high: number } | undefined} undefined when no round has both
 */
export function ratio(results, row, peer, other, key) {
  const inRow = results.filter(it => it.row === row)
  const ratios = inRow
    .filter(it => it.peer === peer)
    .map(it => it[key] / inRow.find(one => one.peer === other && one.round === it.round)?.[key])
    .filter(Number.isFinite)
  return ratios.length === 0
    ? undefined
    : { median: median(ratios), low: Math.min(...ratios), high: Math.max(...ratios) }
}

/** How much more one proxy takes than another: the difference in each round, then the median. @param {Result[]} results */
export function difference(results, row, peer, other, key) {
  const inRow = results.filter(it => it.row === row)
  const floorIn = round => inRow.find(it => it.peer === other && it.round === round)?.[key]
  return median(inRow.filter(it => it.peer === peer).map(it => it[key] - floorIn(it.round)))
}

/** How much a straight line through the points rises for each step of x. @param {[number, number][]} points */
export function slope(points) {
  const mean = index => points.reduce((sum, it) => sum + it[index], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const square = points.reduce((sum, it) => sum + (it[0] - x) ** 2, 0)
  return square === 0 ? 0 : points.reduce((sum, it) => sum + (it[0] - x) * (it[1] - y), 0) / square
}
