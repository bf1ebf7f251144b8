/**
 * The room that a row needs, and its content: lines of text and tags, with places relative to the row.
 *
 * @typedef {import('./rows.js').Row} Row
 * @typedef {import('./rows.js').Tag} Tag
 * @typedef {{ text: string, x: number, dy: number, mono: boolean, soft: boolean }} Line `dy`: its baseline, from the row's `y`
 * @typedef {{ text: string, tag: Tag, x: number, dy: number, width: number, height: number }} PlacedTag `dy`: its upper edge
 * @typedef {{ above: number, below: number, x1: number, x2: number, lines: Line[], tags: PlacedTag[], box: { x: number, width: number, height: number } | null }} Measured
 */

import { octetsText, timeText } from './say.js'
import { fitted, widthOf, wrapped } from './text-width.js'
import { wordsOf } from './words.js'

/** @typedef {import('./words.js').Word} Word */

/** The words for one event, and for many in a row. @type {Partial<Record<Row['kind'], [Word, Word]>>} */
const WORDS_OF = {
  open: ['row.open', 'row.open.many'],
  fin: ['row.fin', 'row.fin.many'],
  closed: ['row.closed', 'row.closed.many'],
  reset: ['row.reset', 'row.reset.many'],
  vanished: ['row.vanished', 'row.vanished.many'],
}
const LINES_MAX = 3
const TAG_LINES_MAX = 3

/**
 * @param {Row} row
 * @param {{ scene: import('./player.js').SceneRecord, gutter: number, width: number, lanes: import('./layout.js').Lane[] }} frame
 * @param {import('./layout.js').LayoutOptions} options
 * @returns {Measured}
 */
export function measured(row, frame, options) {
  return row.kind === 'step' || row.kind === 'note' || row.kind === 'more'
    ? boxed(row, frame, options)
    : arrow(row, frame, options)
}

/** @param {Row} row @param {Parameters<typeof measured>[1]} frame @param {import('./layout.js').LayoutOptions} options @returns {Measured} */
function arrow(row, { scene, gutter, width, lanes }, { size, language }) {
  const xOf = (/** @type {string} */ id) => lanes.find(lane => lane.id === id)?.x ?? gutter
  const x1 = xOf(row.by)
  const x2 = xOf(row.to)
  const left = gutter + 2
  const right = width - size * 0.4
  const middle = (/** @type {number} */ wide) =>
    Math.round(Math.min(Math.max((x1 + x2) / 2, left + wide / 2), Math.max(left + wide / 2, right - wide / 2)))
  const texts = labelsOf(row, scene, { size, language, room: Math.abs(x2 - x1) - size })
  const lineHeight = size * 1.25
  const font = { mono: row.kind === 'bytes' }
  const lines = texts.map(({ text, soft }, i) => {
    const textSize = soft || row.kind !== 'bytes' ? size * 0.87 : size * 0.93
    const short = fitted(text, textSize, right - left, soft ? {} : font)
    const dy = -size * 0.5 - (texts.length - 1 - i) * lineHeight
    return { text: short, x: middle(widthOf(short, textSize, soft ? {} : font)), dy, mono: font.mono && !soft, soft }
  })
  const tags = tagsIn(row.tags, size, right - left, middle)
  const last = tags.at(-1)
  const below = last === undefined ? size * 0.25 : last.dy + last.height
  return { above: texts.length * lineHeight + size * 0.3, below, x1, x2, lines, tags, box: null }
}

/**
 * @param {Row} row @param {import('./player.js').SceneRecord} scene
 * @param {{ size: number, language: import('./words.js').Language, room: number }} options
 * @returns {{ text: string, soft: boolean }[]}
 */
function labelsOf(row, scene, { size: textSize, language, room }) {
  const say = wordsOf(language)
  const { kind, connection: c, last, n, starts } = row
  const why = row.text === null ? [] : [{ text: row.text[language], soft: true }]
  if (kind !== 'bytes') {
    const [one, many] = WORDS_OF[kind] ?? ['row.closed', 'row.closed.many']
    const text = n > 1 ? say(many, { n, first: c, last }) : say(one, { c })
    return [{ text, soft: true }, ...why]
  }
  const times = n > 1 ? [{ text: say('row.times', { n }), soft: true }] : []
  const size = octetsText(row.size, say)
  const pieces = n === 0 && row.members.length > 1 ? piecesText(row, size, say) : size
  if (starts.length === 0) return [...times, { text: `${preview(scene, row)}${pieces}`, soft: false }]
  const shown = starts.slice(0, LINES_MAX).map(text => ({ text, soft: false }))
  const more = starts.length > LINES_MAX ? ` +${starts.length - LINES_MAX}` : ''
  const end = /** @type {{ text: string }} */ (shown.at(-1))
  const long = `${end.text}${more} · ${pieces}`
  end.text = widthOf(long, textSize * 0.93, { mono: true }) <= room ? long : `${end.text}${more}`
  return [...times, ...shown]
}

/** @param {Row} row @param {string} size @param {import('./words.js').Say} say */
function piecesText({ members, endT }, size, say) {
  const text = say('row.pieces', { n: members.length, size })
  return endT === 0 ? text : say('row.until', { text, time: timeText(endT, say) })
}

/** The first letters of bytes without a head, if they are letters. @param {import('./player.js').SceneRecord} scene @param {Row} row */
function preview({ events }, { index }) {
  const event = events[index]?.event
  const text = event?.kind === 'bytes' ? event.text.trimEnd() : ''
  // Filler says nothing.
  if (/^(.?)\1*$/.test(text) || /[^\x20-\x7e\r\n]/.test(text.slice(0, 24))) return ''
  const [first = ''] = text.split(/\r?\n/)
  return `“${first.slice(0, 18)}${text.length > Math.min(18, first.length) ? '…' : ''}” · `
}

/** Side by side as long as there is room, then below. @param {Tag[]} tags @param {number} size @param {number} room @param {(wide: number) => number} middle @returns {PlacedTag[]} */
function tagsIn(tags, size, room, middle) {
  const textSize = size * 0.83
  const height = size * 1.5
  const around = size * 2.1
  const all = tags.map(tag => {
    const text = fitted(`${tag.name}: ${tag.value}`, textSize, room - around, { mono: true })
    return { text, tag, width: widthOf(text, textSize, { mono: true }) + around }
  })
  /** @type {(typeof all)[]} */
  const lines = []
  let free = 0
  for (const each of all) {
    if (each.width > free || lines.length === 0) {
      lines.push([])
      free = Math.min(room, size * 26)
    }
    lines.at(-1)?.push(each)
    free -= each.width + size * 0.4
  }
  return lines.slice(0, TAG_LINES_MAX).flatMap((line, i) => {
    const wide = line.reduce((sum, { width }) => sum + width, (line.length - 1) * size * 0.4)
    let x = middle(wide) - wide / 2
    return line.map(each => {
      const placed = { ...each, x: Math.round(x), dy: size * 0.45 + i * (height + size * 0.25), height }
      x += each.width + size * 0.4
      return placed
    })
  })
}

/** A sentence beside a lifeline. @param {Row} row @param {Parameters<typeof measured>[1]} frame @param {import('./layout.js').LayoutOptions} options @returns {Measured} */
function boxed(row, { gutter, width, lanes }, { size, language }) {
  const x = gutter + size * 0.2
  const right = width - size * 0.4
  const inset = row.kind === 'step' ? size * 2.3 : size * 0.8
  const textSize = row.kind === 'step' ? size : size * 0.87
  const text = row.kind === 'more' ? wordsOf(language)('row.more', { n: row.n }) : (row.text?.[language] ?? '')
  const texts = wrapped(text, textSize, right - x - inset - size * 0.6)
  const lineHeight = size * 1.35
  const height = texts.length * lineHeight + size * (row.kind === 'step' ? 0.8 : 0.4)
  const first = (height - texts.length * lineHeight) / 2 + lineHeight * 0.76
  const lines = texts.map((line, i) => ({
    text: line,
    x: x + inset,
    dy: first + i * lineHeight,
    mono: false,
    soft: row.kind !== 'step',
  }))
  const lane = lanes.find(({ id }) => id === row.by)?.x ?? x
  return { above: 0, below: height, x1: lane, x2: lane, lines, tags: [], box: { x, width: right - x, height } }
}
