/**
 * The scenes of a run, side by side if there is room: heads that stay in view, lifelines below them.
 *
 * @typedef {import('./player.js').Record_} Record_
 * @typedef {import('./player.js').SceneRecord} SceneRecord
 * @typedef {import('./player.js').SceneState} SceneState
 * @typedef {import('./layout.js').SceneLayout} SceneLayout
 * @typedef {import('./layout.js').PlacedRow} PlacedRow
 *
 * @typedef {{ position: number, states: readonly SceneState[], nowAt: number | undefined, clock: number | undefined, following: boolean, follows: boolean }} Moment
 * `nowAt`: ms since the run began, while it is running; `clock`: the time that a silence being played shows; `following`: at the newest event;
 * `follows`: the place where something happens has to be scrolled into view
 *
 * @typedef {{ element: HTMLElement, title: HTMLElement, clock: HTMLElement, head: SVGSVGElement, life: SVGSVGElement }} Parts
 */

import { html, setAttribute, setText } from './dom.js'
import { makeFollower } from './follower.js'
import { columnsFor, layoutsOf } from './layout.js'
import { depthOf, lifelineShapes } from './lifelines.js'
import { headHeight, headShapes, tubePlan } from './parties.js'
import { patch } from './patch.js'
import { playedTogether, reached } from './player.js'
import { clockText, timeText } from './say.js'
import { describeState, partsOfScene } from './scene-parts.js'
import { describe } from './transcript.js'

const GAP_PX = 28

/** @param {import('./stage.js').Context} context @param {{ open(scene: SceneRecord, row: PlacedRow): void }} told */
export function makeScenes(context, { open }) {
  const { language, say } = context
  const element = html('div', { class: 'scenes' })
  /** @type {Map<string, Parts>} */
  const known = new Map()
  /** @type {HTMLElement[]} */
  const groups = []
  /** @type {Map<string, SceneLayout>} */
  let layouts = new Map()
  const follower = makeFollower(element)
  let deepest = 0

  element.addEventListener('click', event => openAt(event.target))
  element.addEventListener('keydown', event => {
    if (event.key === 'Enter' || event.key === ' ') {
      if (openAt(event.target)) event.preventDefault()
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (moveFocus(event.target, event.key === 'ArrowDown' ? 1 : -1)) event.preventDefault()
    }
  })

  /** @param {EventTarget | null} target */
  function openAt(target) {
    const button = target instanceof Element ? target.closest('[data-row]') : null
    const id = button?.closest('[data-scene]')?.getAttribute('data-scene') ?? ''
    const layout = layouts.get(id)
    const row = layout?.rows.find(({ row }) => String(row.index) === button?.getAttribute('data-row'))
    if (layout === undefined || row === undefined) return false
    open(layout.scene, row)
    return true
  }

  /** Tab moves to the messages, the arrow keys from one to the next. @param {EventTarget | null} target @param {number} by */
  function moveFocus(target, by) {
    const button = target instanceof Element ? target.closest('[data-row]') : null
    if (!(button instanceof SVGElement)) return false
    const all = [...(button.closest('svg')?.querySelectorAll('[data-row]') ?? [])]
    const next = all[all.indexOf(button) + by]
    if (!(next instanceof SVGElement)) return false
    for (const each of all) setAttribute(each, 'tabindex', each === next ? '0' : '-1')
    next.focus()
    return true
  }

  /** @param {Record_} record @param {number} columns */
  function arrange(record, columns) {
    const ids = new Set(record.scenes.map(({ id }) => id))
    for (const [id, parts] of known) {
      if (ids.has(id)) continue
      parts.element.remove()
      known.delete(id)
    }
    for (const [i, scene] of record.scenes.entries()) {
      const group = Math.floor(i / columns)
      const home = groups[group] ?? element.appendChild(html('div', { class: 'group' }))
      groups[group] = home
      const parts = known.get(scene.id) ?? partsOfScene(scene)
      known.set(scene.id, parts)
      if (parts.element.parentNode !== home || home.children[i % columns] !== parts.element)
        home.insertBefore(parts.element, home.children[i % columns] ?? null)
    }
    while (groups.length > Math.ceil(record.scenes.length / columns)) groups.pop()?.remove()
    for (const group of groups) group.style.setProperty('--columns', String(columns))
  }

  return {
    element,
    reveal: follower.reveal,
    /** @param {Record_} record @param {Moment} moment */
    draw(record, moment) {
      const room = element.clientWidth
      if (room === 0) return
      const size = sizeFor(room)
      const columns = columnsFor(record.scenes, room, size)
      arrange(record, columns)
      const width = Math.floor((room - GAP_PX * (columns - 1)) / columns)
      layouts = new Map()
      const last = record.moments[moment.position - 1]
      for (let i = 0; i < record.scenes.length; i += columns) {
        const nowAt = moment.following ? moment.nowAt : undefined
        const group = record.scenes.slice(i, i + columns)
        const tubes = Math.max(...group.map(scene => tubePlan(scene).rows))
        for (const layout of layoutsOf(group, { width, size, language, nowAt })) {
          for (const scene of layout.scenes) layouts.set(scene.id, scene)
          drawTogether(layout, tubes, record, moment)
        }
      }
      levelTitles()
      const depth = Math.max(0, ...[...known.values()].map(({ life }) => Number(life.dataset.depth ?? 0)))
      const grew = moment.nowAt !== undefined && moment.following && depth > deepest
      deepest = depth
      if (moment.follows || grew) follower.follow(known.get(last?.scene ?? '')?.life ?? null)
    },
  }

  /** Titles with one and with two lines get the same room; otherwise the axes of time would not be level. */
  function levelTitles() {
    const lines = groups.map(group => [...group.querySelectorAll('.line')].filter(it => it instanceof HTMLElement))
    const natural = lines.map(each => Math.max(...each.map(it => it.querySelector('h3')?.offsetHeight ?? 0)))
    for (const [i, each] of lines.entries()) for (const it of each) it.style.setProperty('--level', `${natural[i]}px`)
  }

  /** @param {import('./layout.js').Layout} layout @param {number} tubes @param {Record_} record @param {Moment} moment */
  function drawTogether({ scenes, height, size }, tubes, record, moment) {
    const last = record.moments[moment.position - 1]
    const counts = reached(record, moment.position)
    const countOf = (/** @type {string} */ id) => counts.get(id) ?? 0
    const untilOf = (/** @type {SceneLayout} */ { scene }) =>
      moment.following ? Number.POSITIVE_INFINITY : (last?.at ?? -1) - scene.at
    const depth = depthOf(scenes, countOf, untilOf)
    for (const layout of scenes) {
      const { scene } = layout
      const parts = known.get(scene.id)
      const state = moment.states.find(({ scene: id }) => id === scene.id)
      if (parts === undefined || state === undefined) continue
      setText(parts.title, scene.title[language])
      setText(parts.clock, clockOf(scene, record, moment, last))
      frame(parts.head, layout.width, headHeight(tubes, size))
      setAttribute(parts.head, 'aria-label', describeState(scene, state, language))
      patch(parts.head, headShapes(layout, state, tubes, { size, language }))
      frame(parts.life, layout.width, height)
      const seen = {
        ...{ size, language, height, depth },
        count: countOf(scene.id),
        until: untilOf(layout),
        current: last?.scene === scene.id ? last.first : -1,
        clock: last?.gap === undefined ? undefined : moment.clock,
        clockTo: last?.gap && last.gap.to - scene.at,
        label: (/** @type {PlacedRow} */ { row }) => labelOf(scene, row),
      }
      patch(parts.life, lifelineShapes(layout, seen))
      keepTabStop(parts.life)
      parts.life.dataset.depth = String(depth)
    }
  }

  /** @param {SceneRecord} scene @param {import('./rows.js').Row} row */
  function labelOf(scene, row) {
    const event = scene.events[row.index]
    return event === undefined ? '' : `${describe(event.event, scene, language)}, ${timeText(row.t, say)}`
  }

  /** @param {SceneRecord} scene @param {Record_} record @param {Moment} moment @param {import('./player.js').Moment | undefined} last */
  function clockOf(scene, record, { nowAt, following, clock }, last) {
    const own = scene.events.at(-1)?.t ?? 0
    const isLast = playedTogether(record.scenes).at(-1)?.includes(scene)
    if (nowAt !== undefined && following && isLast) return clockText(nowAt - scene.at, say)
    if (last?.gap && clock !== undefined && last.gap.to - scene.at <= own)
      return clockText(last.gap.from + clock - scene.at, say)
    return timeText(Math.max(0, following ? own : Math.min(own, (last?.at ?? 0) - scene.at)), say)
  }
}

/** The text is larger if there is more room: it must be readable from the last row of a lecture hall. @param {number} room */
function sizeFor(room) {
  return room < 560 ? 13 : Math.round(Math.min(20, 10 + room / 195) * 2) / 2
}

/** @param {SVGSVGElement} picture @param {number} width @param {number} height */
function frame(picture, width, height) {
  const rounded = Math.ceil(height)
  setAttribute(picture, 'viewBox', `0 0 ${width} ${rounded}`)
  setAttribute(picture, 'width', String(width))
  setAttribute(picture, 'height', String(rounded))
}

/** @param {SVGSVGElement} life */
function keepTabStop(life) {
  const all = [...life.querySelectorAll('[data-row]')]
  const active = document.activeElement
  const stop = all.find(each => each === active) ?? life.querySelector('.current[data-row]') ?? all[0]
  for (const each of all) setAttribute(each, 'tabindex', each === stop ? '0' : '-1')
}
