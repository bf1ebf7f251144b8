/** @typedef {import('../events.js').LabEvent} LabEvent */
/** @typedef {'live' | 'resuming' | 'ended' | 'lost'} State */

/** After an answer that is not a stream (503: too many) the request is repeated after this time, and at most this often. */
const RETRY_MS = 2_000
const RETRIES_MAX = 10

/**
 * Follows a run live, from its first event. A broken connection is resumed after the last event that came, so each event is
 * reported once and in order.
 *
 * `state`: `live`, `resuming` (the connection broke, and is being reopened), `ended` (all events have come), `lost` (no longer
 * available).
 * @param {string} run
 * @param {{ event(event: LabEvent): void, state(state: State): void }} told
 * @returns {() => void} ends it; nothing more is reported
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
    // EventSource reconnects by itself, but not after an answer that is not a stream: then the run is gone, or there is no place
    // for a viewer.
    if (broken?.readyState !== EventSource.CLOSED) return
    retries += 1
    const isGone = retries > RETRIES_MAX || (await statusOf(run)) === 404
    if (source !== broken) return
    if (isGone) over('lost')
    else retry = setTimeout(open, RETRY_MS)
  }
  const open = () => {
    // A new stream does not know the Last-Event-ID, so the URL says where to go on.
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
