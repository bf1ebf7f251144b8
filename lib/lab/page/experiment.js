import { html, setAttribute, setText } from './dom.js'
import { knobsText, makeKnobs } from './knobs.js'
import { judgeGuess, makeQuestion } from './question.js'
import { sessionOf } from './session.js'
import { makeStage } from './stage.js'

/** @typedef {import('./stage.js').Context} Context */
/** @typedef {import('./api.js').Described} Described */

/** One experiment: the question, the settings, the run, and what it teaches. @param {Context} context @param {readonly Described[]} course @param {number} nth @returns {import('./stage.js').View} */
export function makeExperiment(context, course, nth) {
  const { say, of } = context
  const experiment = /** @type {Described} */ (course[nth])
  const session = sessionOf(experiment)
  const guess = html('section', { class: 'guess', hidden: '' })
  const teaching = html('div', { class: 'teaching', hidden: '' })
  const stage = makeStage(context, { afterVerdict: guess, afterFigures: teaching })
  const run = html('button', { type: 'button', class: 'run' })
  const stop = html('button', { type: 'button', class: 'stop' }, say('stop'))
  const state = html('p', { class: 'state', role: 'status' })
  const question = makeQuestion(context, session, () => {
    update()
    run.focus({ preventScroll: true })
  })
  const knobs = makeKnobs(context, session)
  const start = async () => {
    const started = session.start()
    stage.element.scrollIntoView({ block: 'start', behavior: calm() ? 'instant' : 'smooth' })
    await started
  }
  run.addEventListener('click', () => session.isRunning || void start())
  stop.addEventListener('click', () => void session.stop())
  const again = () => {
    const first = knobs.element.querySelector('input, select')
    knobs.element.scrollIntoView({ block: 'center', behavior: calm() ? 'instant' : 'smooth' })
    if (first instanceof HTMLElement) first.focus({ preventScroll: true })
  }
  teaching.append(...teach(context, experiment, again))
  const controls = html(
    'section',
    { class: 'controls', 'aria-label': say('knobs.title') },
    html('div', { class: 'watch' }, html('h2', {}, say('watch.title')), html('p', {}, of(experiment.watch))),
    html('details', { class: 'settings', open: '' }, html('summary', {}, say('knobs.title')), knobs.element),
  )
  question.element.append(html('div', { class: 'go' }, run, stop, state))
  const heading = html('h1', {}, of(experiment.title))
  const element = html(
    'div',
    { class: 'experiment' },
    html(
      'div',
      { class: 'title' },
      html('p', { class: 'crumb' }, say('of.course', { n: nth + 1, all: course.length })),
      heading,
    ),
    question.element,
    controls,
    stage.element,
    neighbours(context, course, nth),
  )

  function update() {
    const { events, isRunning, guess: guessed } = session
    const over = events.at(-1)?.kind === 'verdict'
    setText(run, events.length > 0 ? say('run.again') : guessed === null ? say('question.skip') : say('run'))
    run.classList.toggle('primary', guessed !== null || events.length > 0)
    // Not `disabled`: a disabled button would lose the focus.
    setAttribute(run, 'aria-disabled', String(isRunning))
    if (!isRunning && document.activeElement === stop) run.focus({ preventScroll: true })
    stop.hidden = !isRunning
    setText(state, stateText(session, context))
    question.update()
    const { earlier } = session
    stage.show(events, { live: isRunning && !over, ...(over ? { earlier } : {}) })
    tellGuess(guess, session, context)
    teaching.hidden = !over
    stage.element.hidden = events.length === 0 && !isRunning
  }
  session.changed = update
  update()
  return {
    element,
    close() {
      session.changed = () => {}
      stage.close()
    },
  }
}

function calm() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches
}

/** @param {import('./session.js').Session} session @param {Context} context */
function stateText({ state, refused }, { say, of }) {
  if (refused !== null) {
    const retry = refused.retryAfterS > 0 ? ` ${say('run.retry', { n: refused.retryAfterS })}` : ''
    return `${say('run.refused', { reason: of(refused.said) })}${retry}`
  }
  /** @type {Partial<Record<typeof state, import('./words.js').Word>>} */
  const words = { starting: 'run.starts', live: 'run.live', resuming: 'run.resuming', lost: 'run.lost' }
  const word = words[state]
  return word === undefined ? '' : say(word)
}

/** @param {HTMLElement} section @param {import('./session.js').Session} session @param {Context} context */
function tellGuess(section, session, context) {
  const over = session.events.at(-1)?.kind === 'verdict'
  const { right, texts } = judgeGuess(context, session)
  section.hidden = !over || texts.length === 0
  section.dataset.right = String(right)
  const run = session.events[0]
  const knobs = run?.kind === 'run' ? knobsText(session.experiment.knobs, run.knobs, context) : ''
  const shown = [...texts, ...(over && knobs !== '' ? [context.say('knobs.were', { knobs })] : [])]
  if (section.textContent === shown.join('')) return
  section.replaceChildren(...shown.map(text => html('p', {}, text)))
}

/** @param {Context} context @param {Described} experiment @param {() => void} again */
function teach({ say, of }, { lesson, change, references }, again) {
  const button = html('button', { type: 'button', class: 'again' }, say('change.button'))
  button.addEventListener('click', again)
  return [
    html(
      'section',
      { class: 'lesson' },
      html('h2', {}, say('lesson.title')),
      ...lesson.map(text => html('p', {}, of(text))),
    ),
    html('section', { class: 'change' }, html('h2', {}, say('change.title')), html('p', {}, of(change)), button),
    html(
      'section',
      { class: 'references' },
      html('h2', {}, say('references.title')),
      html('ul', {}, ...references.map(text => html('li', {}, text))),
    ),
  ]
}

/** @param {Context} context @param {readonly Described[]} course @param {number} nth */
function neighbours({ say, of }, course, nth) {
  const link = (/** @type {Described | undefined} */ it, /** @type {import('./words.js').Word} */ word) =>
    it === undefined
      ? html('span')
      : html(
          'a',
          { href: `#/${it.id}`, class: word === 'next.experiment' ? 'next' : 'previous' },
          html('small', {}, say(word)),
          html('span', {}, of(it.title)),
        )
  return html(
    'nav',
    { class: 'neighbours', 'aria-label': say('nav.course') },
    link(course[nth - 1], 'previous.experiment'),
    html('a', { href: '#/', class: 'all' }, say('back')),
    link(course[nth + 1], 'next.experiment'),
  )
}
