/**
 * The `max` items with the greatest weights, greatest first; of equals the one that came first. In one pass: only the chosen
 * items are kept in order.
 */
export function busiest<T>(all: Iterable<T>, max: number, weightOf: (one: T) => number): T[] {
  const chosen: T[] = []
  const weights: number[] = []
  for (const one of all) {
    const weight = weightOf(one)
    if (chosen.length >= max && !(weight > weights[max - 1]!)) continue
    let at = chosen.length
    while (at > 0 && weights[at - 1]! < weight) at--
    chosen.splice(at, 0, one)
    weights.splice(at, 0, weight)
    if (chosen.length <= max) continue
    chosen.pop()
    weights.pop()
  }
  return chosen
}
