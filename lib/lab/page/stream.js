/** @typedef {import('../events.js').LabEvent} LabEvent */
/** @typedef {'live' | 'resuming' | 'ended' | 'lost'} State */

/** An answer that is no stream (503: too many) is asked again after so long, and so often. */
const RETRY_MS = 2_000
const RETRIES_MAX = 10

/**
 * Follows a run as it happens, from its first event. A connection that breaks is resumed behind the last event that came, so each event is
 * told once and in order.
 *
 * `state`: `live`, `resuming` (the connection broke, and is being made again), `ended` (all of it was told), `lost` (it cannot be had any more).
 * @param {string} run
 * @param {{ event(event: LabEvent): void, state(state: State): void }} told
 * @returns {() => void} ends it; nothing is told any more
 */
export function follow(run, told) {
  /** @type {EventSource | null} */
  let source = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retry
  let retries = 0
  let seen = 0
  const stop = () => {
    clearTimeout(retry)
    source?.close()
    source = null
  }
  /** @param {State} state */
  const over = state => {
    stop()
    told.state(state)
  }
  const broke = async () => {
    const broken = source
    told.state('resuming')
    // It comes again by itself, but not after an answer that is no stream: then the run is gone, or there is no place to look on from.
    if (broken?.readyState !== EventSource.CLOSED) return
    retries += 1
    const isGone = retries > RETRIES_MAX || (await statusOf(run)) === 404
    if (source !== broken) return
    if (isGone) over('lost')
    else retry = setTimeout(open, RETRY_MS)
  }
  const open = () => {
    // A stream of its own knows no Last-Event-ID: so it is told where to go on.
    source = new EventSource(`/runs/${run}/events?after=${seen}`)
    source.addEventListener('open', () => {
      retries = 0
      told.state('live')
    })
    source.addEventListener('message', ({ data, lastEventId }) => {
      const nth = Number(lastEventId)
      if (nth <= seen) return
      seen = nth
      told.event(JSON.parse(data))
    })
    source.addEventListener('end', () => over('ended'))
    source.addEventListener('error', () => void broke())
  }
  open()
  return stop
}

/** 0: there was no answer. @param {string} run */
async function statusOf(run) {
  try {
    return (await fetch(`/runs/${run}`, { method: 'HEAD', cache: 'no-store' })).status
  } catch {
    return 0
  }
}
