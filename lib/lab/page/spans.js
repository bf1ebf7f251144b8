/**
 * The times during which parties wait.
 *
 * @typedef {import('./player.js').SceneRecord} SceneRecord
 * @typedef {import('../events.js').Waits} Waits
 * @typedef {{ who: string, on: string, first: number, end: number, from: number, to: number }} WaitSpan `first`, `end`: indexes of events, `end` one after the last event if it still waits
 */

import { isHang } from './hangs.js'

/** @param {SceneRecord} scene @returns {WaitSpan[]} */
export function waitsOf({ events }) {
  /** @type {WaitSpan[]} */
  const spans = []
  /** @type {Map<string, WaitSpan>} */
  const running = new Map()
  for (const [i, { t, event }] of events.entries()) {
    if (event.kind !== 'waits' && event.kind !== 'goes-on') continue
    const before = running.get(event.who)
    if (before !== undefined) Object.assign(before, { end: i, to: t })
    running.delete(event.who)
    if (event.kind === 'goes-on') continue
    const span = { who: event.who, on: event.on, first: i, end: events.length, from: t, to: Number.POSITIVE_INFINITY }
    spans.push(span)
    running.set(event.who, span)
  }
  return spans
}

/**
 * Which parties wait in a time in which nothing happens, and whether it is a hang: the state in the middle of that time.
 * @param {SceneRecord} scene @param {number} from @param {number} to
 */
export function waitingBetween({ events, hangs }, from, to) {
  const middle = (from + to) / 2
  /** @type {Map<string, Waits>} */
  const waiting = new Map()
  for (const { t, event } of events) {
    if (t > middle) break
    if (event.kind === 'waits') waiting.set(event.who, event)
    else if (event.kind === 'goes-on') waiting.delete(event.who)
  }
  const hang = hangs.find(span => span.from <= middle && middle < span.to && isHang(span, to)) ?? null
  return { waits: [...waiting.values()], hang }
}
