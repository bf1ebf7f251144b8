/**
 * Play, pause, step and scrub. The position is a number of moments; while a run is live it follows the newest one, unless the
 * user went back.
 *
 * @typedef {import('./player.js').Record_} Record_
 * @typedef {import('./player.js').Moment} Moment
 */

import { html, setAttribute, setText, svg } from './dom.js'
import { recordOf } from './player.js'
import { nameOf, timeText } from './say.js'
import { hangText } from './scene-parts.js'
import { describe } from './transcript.js'
import { wordsOf } from './words.js'

/** The time that a reader needs for a moment, ms. */
const ARROW_MS = 950
const QUICK_MS = 550
const GAP_SHOWN_MS = 2_400
const LETTER_MS = 32

const ICONS = {
  start: 'M5 4V20M20 4L9 12L20 20Z',
  back: 'M17 4L6 12L17 20Z',
  play: 'M7 4L20 12L7 20Z',
  pause: 'M6 4H10V20H6ZM14 4H18V20H14Z',
  forward: 'M7 4L18 12L7 20Z',
  end: 'M19 4V20M4 4L15 12L4 20Z',
}

/**
 * @param {import('./stage.js').Context} context
 * @param {{ moved(): void, clock(): void }} told
 */
export function makePlayer({ language, say }, told) {
  let record = recordOf([])
  let position = 0
  let atEnd = true
  let live = false
  let playing = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let next
  /** When the silence that is being played began, by the clock of this page. */
  let gapSince = 0
  let frame = 0

  const button = (
    /** @type {keyof typeof ICONS} */ icon,
    /** @type {import('./words.js').Word} */ word,
    /** @type {() => void} */ press,
  ) => {
    const it = html('button', { type: 'button', class: `icon ${icon}`, 'aria-label': say(word), title: say(word) })
    it.append(svg('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, svg('path', { d: ICONS[icon] })))
    it.addEventListener('click', press)
    return it
  }
  const range = html('input', {
    type: 'range',
    min: '0',
    max: '0',
    step: '1',
    value: '0',
    'aria-label': say('player.range'),
  })
  const toggle = button('play', 'player.play', () => (playing ? pause() : play()))
  const follow = html('button', { type: 'button', class: 'follow', hidden: '' }, say('player.live'))
  const stalled = html('b')
  const words = html('span')
  const element = html(
    'div',
    { class: 'player', role: 'group', 'aria-label': say('player.label') },
    html(
      'div',
      { class: 'buttons' },
      button('start', 'player.start', () => go(0)),
      button('back', 'player.back', () => go(position - 1)),
      toggle,
      button('forward', 'player.forward', () => go(position + 1)),
      button('end', 'player.end', () => go(record.moments.length)),
    ),
    range,
    follow,
    html('p', { class: 'moment' }, stalled, words),
  )
  range.addEventListener('input', () => go(Number(range.value)))
  follow.addEventListener('click', () => {
    go(record.moments.length)
    // The button is now hidden, so it would lose the focus.
    range.focus({ preventScroll: true })
  })

  function play() {
    if (position >= record.moments.length && !live) position = 0
    playing = true
    step()
  }
  function pause() {
    playing = false
    clearTimeout(next)
    cancelAnimationFrame(frame)
    frame = 0
    gapSince = 0
    tell()
  }
  function step() {
    if (position >= record.moments.length) return pause()
    place(position + 1)
    const moment = record.moments[position - 1]
    gapSince = moment?.gap ? performance.now() : 0
    if (gapSince > 0) tick()
    next = setTimeout(step, patience(moment, record))
  }
  function tick() {
    told.clock()
    frame = gapSince > 0 ? requestAnimationFrame(tick) : 0
  }
  /** Moved by hand: playing stops. @param {number} to */
  function go(to) {
    if (playing) pause()
    place(to)
  }
  /** @param {number} to */
  function place(to) {
    position = Math.min(Math.max(0, to), record.moments.length)
    atEnd = position === record.moments.length
    tell()
    told.moved()
  }
  function tell() {
    const all = record.moments.length
    setAttribute(range, 'max', String(all))
    if (Number(range.value) !== position) range.value = String(position)
    range.style.setProperty('--done', `${all === 0 ? 0 : (100 * position) / all}%`)
    const what = momentText(record, position, language)
    setAttribute(
      range,
      'aria-valuetext',
      position === 0 ? say('player.before') : say('player.at', { n: position, all, what }),
    )
    const [icon, word] = playing
      ? /** @type {const} */ (['pause', 'player.pause'])
      : /** @type {const} */ (['play', 'player.play'])
    setAttribute(toggle, 'aria-label', say(word))
    setAttribute(toggle, 'title', say(word))
    const path = toggle.querySelector('path')
    if (path) setAttribute(path, 'd', ICONS[icon])
    follow.hidden = !(live && !atEnd)
    element.hidden = all === 0
  }
  tell()

  return {
    element,
    get position() {
      return position
    },
    get isAtEnd() {
      return atEnd
    },
    /** The time shown by the clock of the silence that is being played. */
    get gapClock() {
      const gap = record.moments[position - 1]?.gap
      if (!playing || gap === undefined || gapSince === 0) return undefined
      return (gap.to - gap.from) * Math.min(1, (performance.now() - gapSince) / (GAP_SHOWN_MS * 0.85))
    },
    /** The text beside the range: a hang comes first. @param {readonly import('./player.js').SceneState[]} states */
    say(states) {
      const text = position === 0 ? say('player.before') : momentText(record, position, language)
      const hang = hangWords(record, states, language)
      setText(stalled, hang)
      setText(words, text)
    },
    /** @param {Record_} now @param {boolean} isLive */
    update(now, isLive) {
      record = now
      live = isLive
      if (atEnd && !playing) position = record.moments.length
      position = Math.min(position, record.moments.length)
      atEnd = position === record.moments.length
      tell()
    },
    /** The keys of the player, wherever the focus is, unless the focused element uses them itself. @param {HTMLElement} stage @returns {() => void} */
    listen(stage) {
      const pressed = (/** @type {KeyboardEvent} */ event) => {
        if (!(event.target instanceof Element) || event.altKey || event.ctrlKey || event.metaKey || element.hidden)
          return
        if (event.target !== document.body && !stage.contains(event.target)) return
        if (event.target.closest('dialog, select, textarea, input:not([type="range"]), summary')) return
        if (
          event.key === ' '
            ? event.target.closest('button, [role="button"]')
            : event.target === range && event.key !== ' '
        )
          return
        const to = { ArrowLeft: position - 1, ArrowRight: position + 1, Home: 0, End: record.moments.length }[event.key]
        if (to === undefined && event.key !== ' ') return
        event.preventDefault()
        if (to !== undefined) go(to)
        else if (playing) pause()
        else play()
      }
      document.addEventListener('keydown', pressed)
      return () => document.removeEventListener('keydown', pressed)
    },
    close() {
      clearTimeout(next)
      cancelAnimationFrame(frame)
    },
  }
}

/** @param {Moment | undefined} moment @param {Record_} record */
function patience(moment, record) {
  if (moment?.gap) return GAP_SHOWN_MS
  const event = record.scenes.find(({ id }) => id === moment?.scene)?.events[moment?.first ?? 0]?.event
  if (event?.kind === 'step' || event?.kind === 'note') return ARROW_MS + event.text.en.length * LETTER_MS
  return event?.kind === 'bytes' ? ARROW_MS : QUICK_MS
}

/** @param {Record_} record @param {number} position @param {import('./words.js').Language} language */
export function momentText(record, position, language) {
  const moment = record.moments[position - 1]
  if (moment === undefined) return ''
  const say = wordsOf(language)
  if (moment.gap) return say('gap.passes', { time: timeText(moment.gap.to - moment.gap.from, say) })
  const scene = record.scenes.find(({ id }) => id === moment.scene)
  const event = scene?.events[moment.first]?.event
  if (scene === undefined || event === undefined) return ''
  const text = describe(event, scene, language)
  return record.scenes.length > 1 ? `${scene.title[language]} – ${text}` : text
}

/** The text about the scenes that hang at that moment. @param {Record_} record @param {readonly import('./player.js').SceneState[]} states @param {import('./words.js').Language} language */
function hangWords(record, states, language) {
  const hanging = states.flatMap(({ hang }, i) => {
    const parties = record.scenes[i]?.parties ?? []
    return hang === null ? [] : [hangText(hang, id => nameOf(parties, id, language), wordsOf(language))]
  })
  return hanging.join(' ')
}
