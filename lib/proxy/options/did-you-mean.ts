/** The name that was probably meant, or undefined when none is close: at most a third of the letters may differ, or the
 * given word is the beginning or the end of exactly one name. */
export function didYouMean(written: string, names: Iterable<string>): string | undefined {
  const word = written.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.floor(Math.max(word.length, 3) / 3) + 1
  const parts: string[] = []
  for (const name of names) {
    const plain = name.toLowerCase()
    const distance = distanceOf(word, plain)
    if (distance < bestDistance) {
      best = name
      bestDistance = distance
    }
    if (word.length >= 3 && (plain.startsWith(word) || plain.endsWith(word))) parts.push(name)
  }
  return best ?? (parts.length === 1 ? parts[0] : undefined)
}

/** The number of letters to insert, delete, replace or swap with their neighbour. */
function distanceOf(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    before = last
    last = row
  }
  return last[b.length] ?? 0
}
