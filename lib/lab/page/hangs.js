/**
 * Decides when a cycle of waiting is a hang, for everything that shows or judges a run: the page, the terminal, the workbench. A
 * client is in the cycle or caught by it, nothing moves on any connection between its members, and it does not end because a
 * member goes on by itself, but because a connection ends or the client gives up. It is not a hang when an answer is still on its
 * way while its sender already waits for the next request, nor when the head of a message has come and its content is still
 * coming.
 *
 * @typedef {import('./player.js').SceneEvent} SceneEvent
 * @typedef {import('./player.js').SceneRecord} SceneRecord
 * @typedef {{ cycle: string[], caught: string[] }} Hang
 * @typedef {Hang & { first: number, end: number, from: number, to: number, broken: boolean, leastMs: number, patienceMs: number }} HangSpan
 * `first`, `end`: numbers of the events between which it lasts; `from`: since when nothing has moved in it; `to`: infinite while it lasts;
 * `broken`: it ended as a hang ends; real ms that it must last: `leastMs` once it has ended, `patienceMs` while it still lasts
 */

import { UnderWay } from './under-way.js'

/** A hang lasts at least so many ms of the story, and so many real ms: a party that is slow for a moment does not hang. */
const LASTS_MS = 500
const LASTS_MS_MIN = 80
/** While it still lasts, at least so many real ms: on a busy machine it takes time until sent bytes are seen at the other end. */
const PATIENCE_MS_MIN = 250
/**
 * While the rest of a message may still come: so many ms of the story, and at least so many real ms. The narrowest line of the
 * laboratory carries a segment every 300 ms of the story, and a busy machine is late.
 */
const REST_MS = 2_000
const REST_MS_MIN = 1_000

/** Detects hangs from the events of a scene, which it is given one by one. */
export class HangBook {
  /** @type {HangSpan[]} */
  spans = []
  /** @type {HangSpan | null} */
  #running = null
  /** @type {Map<string, string>} */
  #waiting = new Map()
  #under = new UnderWay()
  #count = 0
  /** The kind of the last event on the wire. */
  #wire = ''

  /** @param {readonly import('../events.js').Party[]} parties @param {number} scale */
  constructor(parties, scale) {
    this.clients = parties.filter(({ role }) => role === 'client').map(({ id }) => id)
    this.scale = scale
  }

  /** Which party waits for which. */
  get waiting() {
    return /** @type {ReadonlyMap<string, string>} */ (this.#waiting)
  }

  /** The cycle at this moment; a hang if it lasts long enough. */
  get running() {
    return this.#running
  }

  /** @param {SceneEvent} event @param {number} t ms, by any clock */
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

  /** Whether the event ends the cycle as a hang ends: a connection ends, or a client gives up. @param {SceneEvent} event */
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

/** @param {HangSpan} span @param {number} now the last known time, by the clock of the span's times */
export function isHang({ from, to, broken, leastMs, patienceMs }, now) {
  return Number.isFinite(to) ? broken && to - from >= leastMs : now - from >= patienceMs
}

/**
 * A cycle of waiting and the parties that are caught by it; null if there is none.
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

/** The party that `first` waits for, the one that this party waits for, and so on, until the chain ends or repeats a party. @param {string} first @param {ReadonlyMap<string, string>} waiting */
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
