/**
 * User names and passwords in URLs, each replaced. Rather too many than one too few: behind the `//` of a URL all up to the last @ that
 * could end them; or, where the `//` was forgotten, a word with a colon in it up to its last @. Each letter is looked at a few times,
 * however many slashes and colons there are: a file is read by whoever runs this, but what stands in it may have come from elsewhere.
 */
export function replaceSecrets(text: string, replacement: (secret: string) => string): string {
  const last = text.lastIndexOf('@')
  if (last < 0) return text
  let clean = ''
  let from = 0
  let url = behindSlashes(text, 0)
  let run = 0
  let lastAt = -1
  for (let at = 0; at <= last; ) {
    if (url < at) url = behindSlashes(text, at)
    if (run <= at) {
      run = endOfRun(text, at)
      lastAt = text.slice(at, run).lastIndexOf('@') + at
    }
    if (at === url) return clean + text.slice(from, at) + replacement(text.slice(at, last)) + text.slice(last)
    const end = isWordStart(text, at) ? endOfLogin(text, at, lastAt) : -1
    if (end < 0) {
      at++
      continue
    }
    clean += text.slice(from, at) + replacement(text.slice(at, end))
    from = at = end
  }
  return clean + text.slice(from)
}

/** The first place from `at` on that has two slashes in front of it. */
function behindSlashes(text: string, at: number): number {
  const slashes = text.indexOf('//', Math.max(0, at - 2))
  return slashes < 0 ? Number.POSITIVE_INFINITY : slashes + 2
}

/** Where letters without a blank end, behind `at` at least. */
function endOfRun(text: string, at: number): number {
  let end = at + 1
  while (end < text.length && !/\s/.test(text[end]!)) end++
  return end
}

const isWordStart = (text: string, at: number): boolean => at === 0 || /[\s'"]/.test(text[at - 1]!)

/** Where `user:password` ends that begins at `from`, in a run of letters whose last @ is `lastAt`. -1: there is none. */
function endOfLogin(text: string, from: number, lastAt: number): number {
  for (let at = from; at < lastAt && !/[\s'"/]/.test(text[at]!); at++)
    if (text[at] === ':' && at > from && !text.startsWith('//', at + 1)) return lastAt
  return -1
}
