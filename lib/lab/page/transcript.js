/**
 * A run in words: for readers who cannot see the drawing, and for copying.
 *
 * @typedef {import('./player.js').Record_} Record_
 * @typedef {import('./player.js').SceneRecord} SceneRecord
 * @typedef {import('./player.js').SceneEvent} SceneEvent
 * @typedef {import('./words.js').Language} Language
 */

import { rowsOf } from './rows.js'
import { nameOf, octetsText, timeText } from './say.js'
import { wordsOf } from './words.js'

/** What happened, in one sentence or less; '' if it is said elsewhere. @param {SceneEvent} event @param {SceneRecord} scene @param {Language} language @returns {string} */
export function describe(event, scene, language) {
  const say = wordsOf(language)
  const name = (/** @type {string} */ id) => nameOf(scene.parties, id, language)
  switch (event.kind) {
    case 'open':
      return `${name(event.from)} → ${name(event.to)}: ${say('row.open', { c: event.connection })}`
    case 'bytes':
      return describeBytes(event, scene, language)
    case 'fin':
      return `${name(event.by)}: ${say('row.fin', { c: event.connection })}`
    case 'closed':
      return `${event.connection}: ${say(`closed.${event.how}`, { who: name(event.by) })}${event.why ? `. ${event.why[language]}` : ''}`
    case 'waits':
      return say('waits.of', { who: name(event.who), on: name(event.on), what: event.what[language] })
    case 'step':
      return `(${event.n}) ${event.text[language]}`
    case 'note':
      return `${event.party ? `${name(event.party)}: ` : ''}${event.text[language]}`
    default:
      return ''
  }
}

/** @param {import('../events.js').BytesSeen} event @param {SceneRecord} scene @param {Language} language */
function describeBytes({ connection, by, size, heads = [] }, { events, parties }, language) {
  const say = wordsOf(language)
  const opened = events.find(({ event }) => event.kind === 'open' && event.connection === connection)?.event
  const [from, to] = opened?.kind === 'open' ? [opened.from, opened.to] : ['', '']
  const name = (/** @type {string} */ id) => nameOf(parties, id, language)
  const said = heads.map(({ startLine, fields }) => {
    const dying = fields
      .filter(({ verdict }) => verdict !== 'keep')
      .map(({ name, value, verdict }) => `${name}: ${value} (${say(`verdict.${verdict}`)})`)
    return [startLine, ...dying].join('; ')
  })
  return `${name(by)} → ${name(by === from ? to : from)} (${connection}): ${[...said, octetsText(size, say)].join(' · ')}`
}

/** The scenes one by one, each line with its time. @param {Record_} record @param {Language} language @returns {{ title: string, lines: { time: string, text: string }[] }[]} */
export function transcriptOf(record, language) {
  const say = wordsOf(language)
  return record.scenes.map(scene => ({
    title: scene.title[language],
    lines: scene.events.flatMap(({ t, event }) => {
      const text = describe(event, scene, language)
      return text === '' ? [] : [{ time: timeText(t, say), text }]
    }),
  }))
}

/** What a drawing of a scene shows, in words: its title, its steps and its messages. @param {SceneRecord} scene @param {Language} language */
export function describeScene(scene, language) {
  const lines = rowsOf(scene)
    .filter(({ kind }) => kind === 'step' || kind === 'bytes')
    .slice(0, 24)
    .map(({ index }) => describe(/** @type {SceneEvent} */ (scene.events[index]?.event), scene, language))
  return [`${scene.title[language]}.`, ...lines].join('\n')
}
