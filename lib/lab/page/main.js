import { experiments, Refused } from './api.js'
import { makeCourse } from './course.js'
import { find, html, setAttribute, setText } from './dom.js'
import { DRAWING_STYLE } from './drawing-style.js'
import { makeExperiment } from './experiment.js'
import { makeOpen } from './open.js'
import { languageOf, wordsOf } from './words.js'
import { makeWorkbench } from './workbench.js'

/** @typedef {import('./stage.js').View} View */
/** @typedef {import('./stage.js').Context} Context */
/** @typedef {import('./api.js').Described} Described */

const REMEMBERED = 'hopwise-lab-language'

const view = find('#view', HTMLElement)
let language = languageOf(new URLSearchParams(location.search).get('lang'), remembered(), navigator.language)
/** @type {readonly Described[] | null} */
let course = null
/** @type {View | null} */
let shown = null

const style = new CSSStyleSheet()
style.replaceSync(DRAWING_STYLE)
document.adoptedStyleSheets.push(style)

/** The page also works if it may not store anything. */
function remembered() {
  try {
    return localStorage.getItem(REMEMBERED)
  } catch {
    return null
  }
}

/** @param {import('./words.js').Language} chosen */
function speak(chosen) {
  language = chosen
  try {
    localStorage.setItem(REMEMBERED, chosen)
  } catch {
    // Then the language must be chosen again next time.
  }
  const url = new URL(location.href)
  if (url.searchParams.has('lang')) {
    url.searchParams.set('lang', chosen)
    history.replaceState(null, '', url)
  }
  void show()
}

/** The parts of the page around the view. @param {Context} context */
function label({ say, language }) {
  document.documentElement.lang = language
  setText(find('.skip', HTMLElement), say('skip'))
  setText(find('.home span', HTMLElement), say('title.short'))
  setAttribute(find('nav', HTMLElement), 'aria-label', say('nav'))
  const here = location.hash.startsWith('#/workbench') ? 1 : location.hash.startsWith('#/open') ? 2 : 0
  const links = document.querySelectorAll('nav a')
  for (const [i, word] of /** @type {const} */ (['nav.course', 'nav.workbench', 'nav.open']).entries()) {
    const link = links[i]
    if (link === undefined) continue
    setText(link, say(word))
    if (i === here) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
  setAttribute(find('.languages', HTMLElement), 'aria-label', say('language'))
  for (const button of document.querySelectorAll('[data-language]'))
    setAttribute(button, 'aria-pressed', String(button.getAttribute('data-language') === language))
  setText(find('footer p', HTMLElement), say('footer'))
}

/** Shows what the address names, in the current language. */
async function show() {
  const say = wordsOf(language)
  /** @type {Context} */
  const context = {
    language,
    say,
    of: said => said[language],
    route: hash => {
      location.hash = hash
    },
  }
  label(context)
  shown?.close()
  shown = null
  const [, name = ''] = /^#\/([\w-]*)/.exec(location.hash) ?? []
  try {
    if (course === null && name !== 'open') {
      view.replaceChildren(html('p', { class: 'loading' }, say('loading')))
      course = await experiments()
      // Meanwhile the user may have gone elsewhere, or changed the language.
      return await show()
    }
    shown = name === 'open' ? makeOpen(context, course) : viewOf(name, context, course ?? [])
    view.replaceChildren(shown.element)
  } catch (fault) {
    const reason = fault instanceof Refused ? context.of(fault.said) : String(fault)
    view.replaceChildren(html('p', { class: 'notice', role: 'alert' }, say('failed.load', { reason })))
  }
  document.title = titleOf(name, context)
}

/** @param {string} name @param {Context} context @param {readonly Described[]} course @returns {View} */
function viewOf(name, context, course) {
  if (name === '') return makeCourse(context, course)
  if (name === 'workbench') return makeWorkbench(context)
  const nth = course.findIndex(({ id }) => id === name)
  if (nth >= 0) return makeExperiment(context, course, nth)
  const text = context.say('not.found.experiment', { id: name })
  return {
    element: html('section', {}, html('h1', {}, text), html('p', {}, html('a', { href: '#/' }, context.say('back')))),
    close() {},
  }
}

/** @param {string} name @param {Context} context */
function titleOf(name, { say, of }) {
  const found = course?.find(({ id }) => id === name)
  const what = found
    ? of(found.title)
    : name === 'workbench'
      ? say('nav.workbench')
      : name === 'open'
        ? say('nav.open')
        : ''
  return what === '' ? say('title') : `${what} · ${say('title.short')}`
}

find('.languages', HTMLElement).addEventListener('click', ({ target }) => {
  const chosen = target instanceof Element ? target.closest('[data-language]')?.getAttribute('data-language') : null
  if (chosen === 'en' || chosen === 'ko') speak(chosen)
})
find('.skip', HTMLElement).addEventListener('click', event => {
  // The address already names the view, so the skip link cannot use it.
  event.preventDefault()
  view.focus()
})
addEventListener('hashchange', () => {
  void show().then(() => {
    scrollTo({ top: 0, behavior: 'instant' })
    view.focus({ preventScroll: true })
  })
})
void show()
