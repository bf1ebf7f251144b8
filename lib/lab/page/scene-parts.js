/** The elements of one scene, and its state in words. */

import { html, svg } from './dom.js'
import { nameOf } from './say.js'
import { wordsOf } from './words.js'

/** @param {import('./player.js').SceneRecord} scene @returns {import('./scenes.js').Parts} */
export function partsOfScene({ id }) {
  const title = html('h3')
  const clock = html('p', { class: 'clock' })
  const head = svg('svg', { class: 'drawing head', role: 'img' })
  const life = svg('svg', { class: 'drawing life', role: 'group' })
  const top = html('div', { class: 'top' }, html('div', { class: 'line' }, title, clock), head)
  return { element: html('article', { class: 'scene', 'data-scene': id }, top, life), title, clock, head, life }
}

/** The head of a scene in words, for users who cannot see it. @param {import('./player.js').SceneRecord} scene @param {import('./player.js').SceneState} state @param {import('./words.js').Language} language */
export function describeState({ parties }, { connections, waits, hang }, language) {
  const say = wordsOf(language)
  const name = (/** @type {string} */ id) => nameOf(parties, id, language)
  const tubes = connections.map(({ id, phase, by, how }) => {
    if (phase === 'closed') return `${id}: ${say(`closed.${how === '' ? 'fin' : how}`, { who: name(by) })}`
    return `${id}: ${phase === 'closing' ? say('closing.by', { who: name(by) }) : say(`phase.${phase}`)}`
  })
  const waiting = waits.map(({ who, on, what }) =>
    say('waits.of', { who: name(who), on: name(on), what: what[language] }),
  )
  return [
    `${parties.map(({ id }) => name(id)).join(' – ')}.`,
    ...tubes.map(text => `${text}.`),
    ...(waiting.length === 0 ? [say('nobody.waits')] : waiting.map(text => `${text}.`)),
    ...(hang === null ? [] : [hangText(hang, name, say)]),
  ].join(' ')
}

/** @param {import('./player.js').Hang} hang @param {(id: string) => string} name @param {import('./words.js').Say} say */
export function hangText({ cycle, caught }, name, say) {
  const ring = [...cycle, /** @type {string} */ (cycle[0])].map(name).join(' → ')
  const words = say('hang.words', { cycle: ring })
  return caught.length === 0 ? words : `${words} ${say('hang.caught', { who: caught.map(name).join(', ') })}`
}
