import { html } from './dom.js'
import { sessionOf } from './session.js'

/** The experiments as a course, in order, each with its question. @param {import('./stage.js').Context} context @param {readonly import('./api.js').Described[]} course @returns {import('./stage.js').View} */
export function makeCourse({ say, of }, course) {
  const items = course.map(it => {
    const done = sessionOf(it).events.some(({ kind }) => kind === 'verdict')
    return html(
      'li',
      {},
      html(
        'a',
        { href: `#/${it.id}`, class: done ? 'done' : '' },
        html('span', { class: 'title' }, of(it.title)),
        html('span', { class: 'question' }, of(it.question)),
        html(
          'span',
          { class: 'foot' },
          html('code', {}, it.id),
          ...(done ? [html('span', { class: 'mark' }, `✓ ${say('course.done')}`)] : []),
        ),
      ),
    )
  })
  const element = html(
    'section',
    { class: 'course' },
    html('h1', {}, say('title')),
    html('p', { class: 'lead' }, say('course.lead')),
    html('ol', {}, ...items),
  )
  return { element, close() {} }
}
