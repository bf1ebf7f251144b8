/**
 * Replaces user names and passwords in URLs. It replaces too much rather than too little: after the `//` of a URL,
 * everything up to the last @ that could end them; or, if the `//` is missing, a word with a colon up to its last @.
 * Each character is examined only a few times, however many slashes and colons there are: the operator chooses the
 * file, but its content may come from elsewhere.
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

/** The first position from `at` on that follows two slashes. */
function behindSlashes(text: string, at: number): number {
  const slashes = text.indexOf('//', Math.max(0, at - 2))
  return slashes < 0 ? Number.POSITIVE_INFINITY : slashes + 2
}

/** Where the run of non-blank characters ends, after `at` at least. */
function endOfRun(text: string, at: number): number {
  let end = at + 1
  while (end < text.length && !/\s/.test(text[end]!)) end++
  return end
}

const isWordStart = (text: string, at: number): boolean => at === 0 || /[\s'"]/.test(text[at - 1]!)

/** The end of the `user:password` that begins at `from`, in a run of characters whose last @ is `lastAt`. -1: none. */
function endOfLogin(text: string, from: number, lastAt: number): number {
  for (let at = from; at < lastAt && !/[\s'"/]/.test(text[at]!); at++)
    if (text[at] === ':' && at > from && !text.startsWith('//', at + 1)) return lastAt
  return -1
}
