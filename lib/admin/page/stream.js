/** @typedef {import('../look.js').Look} Look */
/** @typedef {import('../pulse.js').Pulse} Pulse */
/** @typedef {'connecting' | 'live' | 'stale' | 'paused'} State */

/** The page is stale when no look has arrived for this long: they come every second. */
const STALE_MS = 3_500
const RETRY_MS = 3_000

/**
 * The stream of looks. An EventSource reconnects by itself when the connection breaks, but not after a response that is not a
 * stream (503: too many pages): then this function does.
 * @param {{ history(pulses: Pulse[]): void, look(look: Look): void, state(state: State, sinceMs: number): void }} told
 */
export function watch(told) {
  /** @type {EventSource | null} */
  let source = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retry
  let paused = false
  let lookedAt = Number.NEGATIVE_INFINITY
  const tell = () => {
    const sinceMs = performance.now() - lookedAt
    if (paused) told.state('paused', sinceMs)
    else if (sinceMs < STALE_MS) told.state('live', sinceMs)
    else told.state(lookedAt < 0 ? 'connecting' : 'stale', sinceMs)
  }
  const open = () => {
    source = new EventSource('/events')
    source.addEventListener('history', ({ data }) => told.history(JSON.parse(data)))
    source.addEventListener('look', ({ data }) => {
      lookedAt = performance.now()
      told.look(JSON.parse(data))
      tell()
    })
    source.addEventListener('error', () => {
      tell()
      if (source?.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY_MS)
    })
  }
  setInterval(tell, 1_000)
  open()
  return {
    /** A pause ends the stream: hopwise collects nothing for a page that nobody watches. @param {boolean} on */
    pause(on) {
      paused = on
      clearTimeout(retry)
      source?.close()
      if (!on) open()
      tell()
    },
  }
}
