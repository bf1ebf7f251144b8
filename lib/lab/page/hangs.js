/**
 * When a cycle of waiting is a hang: a client is in it or caught by it, and it does not end because somebody in it goes on by himself, but
 * because a connection ends. That an answer is still on its way, while its sender waits for what comes next, is none.
 *
 * @typedef {import('./player.js').SceneRecord} SceneRecord
 * @typedef {{ cycle: string[], caught: string[] }} Hang
 * @typedef {Hang & { first: number, end: number, from: number, to: number, broken: boolean, leastMs: number }} HangSpan
 * `first`, `end`: counts of events between which it stands; `broken`: an end of a connection ended it; `leastMs`: real ms
 * that it must last. While it lasts `to` is infinite.
 */

/** It lasts at least so many ms of the story: who only is slow for a moment does not hang. */
const LASTS_MS = 500

/** @param {SceneRecord} scene @param {number} scale @returns {HangSpan[]} */
export function hangSpans({ parties, events }, scale) {
  const leastMs = LASTS_MS * scale
  const clients = new Set(parties.filter(({ role }) => role === 'client').map(({ id }) => id))
  /** @type {Map<string, { on: string }>} */
  const waiting = new Map()
  const under = new UnderWay()
  /** @type {HangSpan[]} */
  const spans = []
  /** @type {HangSpan | null} */
  let running = null
  let wire = ''
  for (const [i, { t, event }] of events.entries()) {
    under.note(event)
    if (event.kind === 'waits') waiting.set(event.who, event)
    else if (event.kind === 'goes-on') waiting.delete(event.who)
    if (event.kind === 'bytes' || event.kind === 'fin' || event.kind === 'closed') wire = event.kind
    if (waiting.size < 2 && running === null) continue
    const hang = hangIn(new Map([...waiting].filter(([who, { on }]) => !under.isServed(who, on))))
    const holds = hang !== null && [...hang.cycle, ...hang.caught].some(id => clients.has(id))
    if (running === null && hang !== null && holds) {
      running = {
        ...hang,
        first: i,
        end: Number.POSITIVE_INFINITY,
        from: t,
        to: Number.POSITIVE_INFINITY,
        broken: false,
        leastMs,
      }
      spans.push(running)
    } else if (running !== null && holds) Object.assign(running, hang)
    else if (running !== null) {
      Object.assign(running, { end: i, to: t, broken: wire !== 'bytes' })
      running = null
    }
  }
  return spans
}

/** @param {HangSpan} span @param {number} now ms since the scene was set, as far as it is known */
export function isHang({ from, to, broken, leastMs }, now) {
  return Number.isFinite(to) ? broken && to - from >= leastMs : now - from >= leastMs
}

/** Requests that have no response yet. */
class UnderWay {
  /** @type {Map<string, { from: string, to: string, open: number }>} */
  #connections = new Map()

  /** @param {import('./player.js').SceneEvent} event */
  note(event) {
    if (event.kind === 'open') this.#connections.set(event.connection, { from: event.from, to: event.to, open: 0 })
    else if (event.kind === 'closed') this.#connections.delete(event.connection)
    if (event.kind !== 'bytes') return
    const it = this.#connections.get(event.connection)
    if (it !== undefined)
      for (const { startLine } of event.heads ?? []) it.open += step(startLine, event.by === it.from)
  }

  /** `on` has done its part already: what `who` waits for is on its way. @param {string} who @param {string} on */
  isServed(who, on) {
    return [...this.#connections.values()].some(({ from, to, open }) => from === on && to === who && open > 0)
  }
}

/** @param {string} startLine @param {boolean} asks */
function step(startLine, asks) {
  if (asks) return 1
  return /^HTTP\/\S+ 1\d\d/.test(startLine) ? 0 : -1
}

/**
 * A cycle of waiting, and who is caught by it; null when there is none. The same as `hangIn` of the laboratory.
 * @param {ReadonlyMap<string, { on: string }>} waiting
 * @returns {Hang | null}
 */
export function hangIn(waiting) {
  for (const who of [...waiting.keys()].sort()) {
    const cycle = wayFrom(who, waiting)
    if (cycle.at(-1) !== who || cycle.length < 2) continue
    const ring = [who, ...cycle.slice(0, -1)]
    const caught = [...waiting.keys()].filter(
      other => !ring.includes(other) && wayFrom(other, waiting).some(next => ring.includes(next)),
    )
    return { cycle: ring, caught: caught.sort() }
  }
  return null
}

/** Whom `first` waits on, whom that one waits on, and so on, until it ends or comes to somebody again. @param {string} first @param {ReadonlyMap<string, { on: string }>} waiting */
function wayFrom(first, waiting) {
  /** @type {string[]} */
  const way = []
  for (let next = waiting.get(first)?.on; next !== undefined; next = waiting.get(next)?.on) {
    const again = way.includes(next)
    way.push(next)
    if (next === first || again) return way
  }
  return way
}
