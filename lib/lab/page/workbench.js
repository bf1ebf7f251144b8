import { Refused } from './api.js'
import { html, setAttribute, setText } from './dom.js'
import { makeStage } from './stage.js'
import { clientBox, hopBox, originBox } from './workbench-boxes.js'
import { button, choice } from './workbench-controls.js'
import { linkOf, newHop } from './workbench-link.js'
import { WorkbenchSession } from './workbench-session.js'
import { workbenchWords } from './workbench-words.js'

/** @typedef {import('./stage.js').Context} Context */
/** @typedef {import('./workbench-boxes.js').Making} Making */

const SCALES = /** @type {const} */ (['0.1', '1', '4'])
const session = new WorkbenchSession()

/** A client, proxies and an origin to put together; the run is shown as in an experiment. @param {Context} context @returns {import('./stage.js').View} */
export function makeWorkbench(context) {
  const say = workbenchWords(context.language)
  const stage = makeStage(context)
  const form = html('div', { class: 'form' }, html('p', { class: 'loading' }, say('loading')))
  const heard = html('p', { class: 'heard', role: 'status' })
  const go = makeGo(context, say, () => stage.element.scrollIntoView({ block: 'start' }))
  const element = html(
    'div',
    { class: 'workbench' },
    html('h1', {}, say('title')),
    html('p', { class: 'lead' }, say('lead')),
    form,
    heard,
    go.element,
    stage.element,
  )
  let closed = false

  function update() {
    const { events, isRunning, earlier } = session
    const over = events.at(-1)?.kind === 'verdict'
    go.update()
    stage.show(events, { live: isRunning && !over, ...(over ? { earlier } : {}) })
    stage.element.hidden = events.length === 0 && !isRunning
  }
  function build(focus = '', said = '') {
    if (session.choices === null || session.description === null) return
    form.replaceChildren(...formOf(say, context, { changed: keep, rebuilt: rebuild }))
    setText(heard, said)
    if (focus !== '') document.getElementById(focus)?.focus()
  }
  /** @param {string} focus @param {string} [said] */
  function rebuild(focus, said) {
    build(focus, said)
    keep()
  }
  /** The address follows the setup on the bench, without an entry in the history for each letter. */
  function keep() {
    if (session.description !== null && location.hash.startsWith('#/workbench'))
      history.replaceState(null, '', linkOf(session.description))
    markPresets(form)
  }
  async function open() {
    try {
      await session.load(location.hash)
      if (closed) return
      build()
      keep()
      go.element.hidden = false
    } catch (fault) {
      const reason = fault instanceof Refused ? context.of(fault.said) : String(fault)
      form.replaceChildren(html('p', { class: 'notice', role: 'alert' }, say('failed', { reason })))
    }
  }
  session.changed = update
  update()
  void open()
  return {
    element,
    close() {
      closed = true
      session.changed = () => {}
      stage.close()
    },
  }
}

/** @param {Making['say']} say @param {Context} context @param {Pick<Making, 'changed' | 'rebuilt'>} told */
function formOf(say, context, told) {
  const { choices, description } = session
  if (choices === null || description === null) return []
  /** @type {Making} */
  const making = { say, description, choices, ...told }
  const { hops } = choices.limits
  const { chain } = description
  const add = button('wb-add', say('add'), () => {
    chain.push(newHop('hopwise'))
    told.rebuilt(`wb-hop-${chain.length - 1}-kind`, say('said.added', { n: chain.length }))
  })
  add.disabled = chain.length >= hops
  const full = add.disabled ? [html('p', { class: 'hint' }, say('add.full', { n: hops }))] : []
  const boxes = [clientBox(making), ...chain.map((_, i) => hopBox(making, i)), originBox(making)]
  return [
    presetList(say, context, told.rebuilt),
    html(
      'section',
      { class: 'chain' },
      html('div', { class: 'head' }, html('h2', {}, say('chain')), add, ...full),
      html('ol', {}, ...boxes),
    ),
  ]
}

/** @param {Making['say']} say @param {Context} context @param {Making['rebuilt']} rebuilt */
function presetList(say, { of }, rebuilt) {
  const items = (session.choices?.presets ?? []).map(({ id, title, about, description }) => {
    const choose = () => {
      session.description = structuredClone(description)
      rebuilt(`wb-preset-${id}`, say('said.preset', { title: of(title) }))
    }
    const element = button(`wb-preset-${id}`, of(title), choose, {
      'data-preset': id,
      'aria-describedby': `wb-preset-${id}-about`,
    })
    return html('li', {}, element, html('p', { id: `wb-preset-${id}-about`, class: 'hint' }, of(about)))
  })
  return html('section', { class: 'presets' }, html('h2', {}, say('presets')), html('ul', {}, ...items))
}

/** The preset that is on the bench is marked as pressed. @param {HTMLElement} form */
function markPresets(form) {
  const now = JSON.stringify(session.description)
  for (const { id, description } of session.choices?.presets ?? []) {
    const element = form.querySelector(`[data-preset="${id}"]`)
    if (element) setAttribute(element, 'aria-pressed', String(JSON.stringify(description) === now))
  }
}

/** Send, stop, the link, and the state of the run. @param {Context} context @param {Making['say']} say @param {() => void} begun */
function makeGo(context, say, begun) {
  const start = async () => {
    await session.start()
    if (session.refused === null) begun()
  }
  const send = button('wb-send', say('send'), () => session.isRunning || void start(), { class: 'run primary' })
  const stop = button('wb-stop', say('stop'), () => void session.stop(), { class: 'stop' })
  const copied = html('span', { role: 'status' })
  const copy = button('wb-link', say('link'), async () => {
    await navigator.clipboard.writeText(location.href)
    setText(copied, say('link.copied'))
  })
  // Only where the browser lets a page write to the clipboard.
  copy.hidden = navigator.clipboard === undefined
  const pace = {
    id: 'wb-scale',
    label: say('scale'),
    value: SCALES.find(each => Number(each) === session.scale) ?? '1',
    set(/** @type {typeof SCALES[number]} */ value) {
      session.scale = Number(value)
    },
  }
  const speed = choice(pace, SCALES, each => say(`scale.${each}`))
  const state = html('p', { class: 'state', role: 'status' })
  const element = html('div', { class: 'go', hidden: '' }, send, stop, speed, copy, copied, state)
  return {
    element,
    update() {
      // Not `disabled`: a disabled button would lose the focus.
      setAttribute(send, 'aria-disabled', String(session.isRunning))
      if (!session.isRunning && document.activeElement === stop) send.focus({ preventScroll: true })
      stop.hidden = !session.isRunning
      setText(state, stateText(context, say))
    },
  }
}

/** @param {Context} context @param {Making['say']} say */
function stateText({ of }, say) {
  const { state, refused } = session
  if (refused === null) return state === 'rest' ? '' : say(`state.${state}`)
  const retry = refused.retryAfterS > 0 ? ` ${say('state.retry', { n: refused.retryAfterS })}` : ''
  return `${say('state.refused', { reason: of(refused.said) })}${retry}`
}
