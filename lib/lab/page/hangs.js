/**
 * When a cycle of waiting is a hang, for everybody who shows or judges a run: the page, the terminal, the workbench. A client is in it or
 * caught by it, nothing moves on any connection between those who are in it, and it does not end because somebody in it goes on by
 * himself, but because a connection ends or the client gives up. That an answer is still on its way, while its sender waits for what comes
 * next, is none; nor is a message whose head has come and whose content still comes.
 *
 * @typedef {import('./player.js').SceneEvent} SceneEvent
 * @typedef {import('./player.js').SceneRecord} SceneRecord
 * @typedef {{ cycle: string[], caught: string[] }} Hang
 * @typedef {Hang & { first: number, end: number, from: number, to: number, broken: boolean, leastMs: number, patienceMs: number }} HangSpan
 * `first`, `end`: counts of events between which it stands; `from`: since when nothing has moved in it; `to`: infinite while it lasts;
 * `broken`: it ended as a hang does; real ms that it must last: `leastMs` when it is over, `patienceMs` before that is known
 */

import { UnderWay } from './under-way.js'

/** It lasts at least so many ms of the story, and so many real ones: who only is slow for a moment does not hang. */
const LASTS_MS = 500
const LASTS_MS_MIN = 80
/** While it lasts at least so many real ms: what has been sent takes some until it is seen at the other end, on a busy machine. */
const PATIENCE_MS_MIN = 250
/**
 * While the rest of a message may still come, so many ms of the story, and at least so many real ones: the narrowest line of the laboratory
 * carries a segment every 300 ms of the story, and a busy machine is late.
 */
const REST_MS = 2_000
const REST_MS_MIN = 1_000

/** Sees from the events of a scene, one after the other, when it hangs. */
export class HangBook {
  /** @type {HangSpan[]} */
  spans = []
  /** @type {HangSpan | null} */
  #running = null
  /** @type {Map<string, string>} */
  #waiting = new Map()
  #under = new UnderWay()
  #count = 0
  /** What moved or ended last. */
  #wire = ''

  /** @param {readonly import('../events.js').Party[]} parties @param {number} scale */
  constructor(parties, scale) {
    this.clients = parties.filter(({ role }) => role === 'client').map(({ id }) => id)
    this.scale = scale
  }

  /** Who waits on whom. */
  get waiting() {
    return /** @type {ReadonlyMap<string, string>} */ (this.#waiting)
  }

  /** What stands at this moment, if it lasts. */
  get running() {
    return this.#running
  }

  /** @param {SceneEvent} event @param {number} t ms, by whatever clock */
  note(event, t) {
    const i = this.#count
    this.#count += 1
    const gaveUp = event.kind === 'goes-on' && this.#givesUp(event.who)
    this.#under.note(event)
    if (event.kind === 'waits') this.#waiting.set(event.who, event.on)
    else if (event.kind === 'goes-on') this.#waiting.delete(event.who)
    if (event.kind === 'bytes' || event.kind === 'fin' || event.kind === 'closed') this.#wire = event.kind
    if (this.#waiting.size < 2 && this.#running === null) return
    const hang = this.#hang()
    if (hang === null) this.#end(i, t, gaveUp || this.#wire !== 'bytes')
    else this.#stand(hang, event, i, t)
  }

  /** Whether what runs ends with it as a hang does: a connection ends, or a client gives up. @param {SceneEvent} event */
  breaks(event) {
    return event.kind === 'fin' || event.kind === 'closed' || (event.kind === 'goes-on' && this.#givesUp(event.who))
  }

  /** @param {string} who */
  #givesUp(who) {
    const on = this.#waiting.get(who)
    return on !== undefined && this.clients.includes(who) && this.#under.isOwed(who, on)
  }

  /** @returns {Hang | null} */
  #hang() {
    const hang = hangIn(new Map([...this.#waiting].filter(([who, on]) => !this.#under.isServed(who, on))))
    const holds = hang !== null && [...hang.cycle, ...hang.caught].some(id => this.clients.includes(id))
    return holds ? hang : null
  }

  /** @param {Hang} hang @param {SceneEvent} event @param {number} i @param {number} t */
  #stand(hang, event, i, t) {
    const leastMs = Math.max(LASTS_MS * this.scale, LASTS_MS_MIN)
    const patienceMs = this.#under.isUnfinished(hang.cycle)
      ? Math.max(REST_MS * this.scale, REST_MS_MIN)
      : Math.max(leastMs, PATIENCE_MS_MIN)
    const moves = event.kind === 'bytes' && this.#under.isBetween(event.connection, hang.cycle)
    if (this.#running === null) {
      const [end, to] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
      this.#running = { ...hang, first: i, end, from: t, to, broken: false, leastMs, patienceMs }
      this.spans.push(this.#running)
    } else Object.assign(this.#running, hang, { patienceMs }, moves ? { first: i, from: t } : {})
  }

  /** @param {number} i @param {number} t @param {boolean} broken */
  #end(i, t, broken) {
    if (this.#running !== null) Object.assign(this.#running, { end: i, to: t, broken })
    this.#running = null
  }
}

/** @param {SceneRecord} scene @param {number} scale @returns {HangSpan[]} */
export function hangSpans({ parties, events }, scale) {
  const book = new HangBook(parties, scale)
  for (const { t, event } of events) book.note(event, t)
  return book.spans
}

/** @param {HangSpan} span @param {number} now by the clock of its times, as far as it is known */
export function isHang({ from, to, broken, leastMs, patienceMs }, now) {
  return Number.isFinite(to) ? broken && to - from >= leastMs : now - from >= patienceMs
}

/**
 * A cycle of waiting, and who is caught by it; null when there is none.
 * @param {ReadonlyMap<string, string>} waiting
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

/** Whom `first` waits on, whom that one waits on, and so on, until it ends or comes to somebody again. @param {string} first @param {ReadonlyMap<string, string>} waiting */
function wayFrom(first, waiting) {
  /** @type {string[]} */
  const way = []
  for (let next = waiting.get(first); next !== undefined; next = waiting.get(next)) {
    const again = way.includes(next)
    way.push(next)
    if (next === first || again) return way
  }
  return way
}
