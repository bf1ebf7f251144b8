/**
 * A run in the page: its scenes, the player, and the results. The workbench and recordings use the same stage.
 *
 * @typedef {import('../events.js').LabEvent} LabEvent
 * @typedef {import('../said.js').Said} Said
 * @typedef {import('./words.js').Language} Language
 * @typedef {{ language: Language, say: import('./words.js').Say, of(said: Said): string, route(hash: string): void }} Context
 * @typedef {{ element: HTMLElement, close(): void }} View
 * @typedef {{ live: boolean, earlier?: readonly LabEvent[] | undefined }} Showing `earlier`: the previous run, for comparison
 */

import { makeBars } from './bars.js'
import { makeBytes } from './bytes.js'
import { html } from './dom.js'
import { makeLegend } from './legend.js'
import { recordOf, stateAt } from './player.js'
import { makePlayer } from './player-bar.js'
import { makeResults } from './results.js'
import { makeScenes } from './scenes.js'

/** The interval at which the clock of a continuing silence ticks. */
const TICK_MS = 100
/** A hidden tab or a busy machine may give no frames for a while: the page must still say what is true. */
const FRAME_MS_MAX = 500

/**
 * @param {Context} context
 * @param {{ afterVerdict?: HTMLElement, afterFigures?: HTMLElement }} [inserts] elements to insert between the results
 * @returns {View & { show(events: readonly LabEvent[], showing: Showing): void }}
 */
export function makeStage(context, inserts = {}) {
  const { say } = context
  const results = makeResults(context, inserts)
  const bars = makeBars(context)
  const bytes = makeBytes(context)
  const scenes = makeScenes(context, { open: (scene, row) => bytes.open(record, scene, row) })
  const player = makePlayer(context, { moved: () => plan(true), clock: () => plan(false) })
  const legend = makeLegend(context)
  const wire = html(
    'section',
    { class: 'wire', 'aria-label': say('stage.title') },
    bars.element,
    scenes.element,
    player.element,
    legend,
  )
  const element = html('section', { class: 'stage' }, wire, results.element, bytes.element)
  let record = recordOf([])
  /** @type {Showing} */
  let showing = { live: false }
  /** When the newest event came, by the clock of this page: from then on the time is estimated while the run goes on. */
  let heard = { at: 0, on: 0 }
  let planned = 0
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let late
  let follows = false
  /** The run has just ended: the verdict is now the place to look at. */
  let ends = false

  function draw() {
    cancelAnimationFrame(planned)
    clearTimeout(late)
    planned = 0
    const { live } = showing
    const nowAt = live ? heard.at + performance.now() - heard.on : undefined
    const position = player.position
    const states = stateAt(record, position, nowAt)
    scenes.draw(record, {
      position,
      states,
      nowAt,
      clock: player.gapClock,
      following: player.isAtEnd,
      follows: follows && !ends,
    })
    bars.draw(record, states)
    player.say(states)
    if (ends) scenes.reveal(results.verdict)
    follows = false
    ends = false
  }
  /** @param {boolean} scroll */
  function plan(scroll) {
    follows ||= scroll
    if (planned !== 0) return
    planned = requestAnimationFrame(draw)
    late = setTimeout(draw, FRAME_MS_MAX)
  }
  const ticking = setInterval(() => showing.live && plan(false), TICK_MS)
  const resized = new ResizeObserver(() => plan(false))
  resized.observe(wire)
  const keys = player.listen(element)
  return {
    element,
    show(events, now) {
      const { length } = record.moments
      ends ||= showing.live && events.at(-1)?.kind === 'verdict'
      record = recordOf(events)
      showing = now
      heard = { at: events.at(-1)?.at ?? 0, on: performance.now() }
      player.update(record, now.live)
      results.update(record, events, now)
      plan(record.moments.length !== length)
    },
    close() {
      clearInterval(ticking)
      cancelAnimationFrame(planned)
      clearTimeout(late)
      resized.disconnect()
      keys()
      player.close()
    },
  }
}
