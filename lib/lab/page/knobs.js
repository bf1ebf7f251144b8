import { html, setText } from './dom.js'
import { octetsText } from './say.js'

/** @typedef {import('./session.js').Session} Session */

const SCALES = /** @type {const} */ ([0.1, 0.3, 1, 2, 4])

/** The settings before a run, as controls: a change is kept in the session. @param {import('./stage.js').Context} context @param {Session} session */
export function makeKnobs(context, session) {
  const { say } = context
  const element = html('div', { class: 'knobs' })
  const fill = () => {
    const knobs = Object.entries(session.experiment.knobs).map(([name, knob]) =>
      knobControl(name, knob, session, context),
    )
    const reset = html('button', { type: 'button', class: 'reset' }, say('reset'))
    reset.addEventListener('click', () => {
      session.knobs = session.standard()
      session.scale = 1
      fill()
      element.querySelector('button')?.focus()
    })
    element.replaceChildren(...knobs, scaleControl(session, context), reset)
  }
  fill()
  return { element, refresh: fill }
}

/** @param {string} name @param {import('../experiment.js').Knob} knob @param {Session} session @param {import('./stage.js').Context} context */
function knobControl(name, knob, session, { say, of }) {
  const id = `knob-${name}`
  const label = html('label', { for: id }, of(knob.label))
  if (knob.kind === 'choice') {
    const choices = Object.entries(knob.choices).map(([value, text]) => html('option', { value }, of(text)))
    const select = html('select', { id }, ...choices)
    select.value = String(session.knobs[name])
    select.addEventListener('change', () => {
      session.knobs[name] = select.value
    })
    return html('div', { class: 'knob' }, label, select)
  }
  const { min, max, step, unit } = knob
  const range = html('input', { id, type: 'range', min: String(min), max: String(max), step: String(step) })
  const output = html('output', { for: id })
  const tell = () => {
    const value = Number(session.knobs[name])
    const text = valueText(value, unit, say)
    setText(output, text)
    range.setAttribute('aria-valuetext', text)
    range.style.setProperty('--done', `${(100 * (value - min)) / (max - min || 1)}%`)
  }
  range.value = String(session.knobs[name])
  range.addEventListener('input', () => {
    session.knobs[name] = Number(range.value)
    tell()
  })
  tell()
  return html('div', { class: 'knob' }, label, html('div', { class: 'slider' }, range, output))
}

/** @param {Session} session @param {import('./stage.js').Context} context */
function scaleControl(session, { say }) {
  const options = SCALES.map(scale => html('option', { value: String(scale) }, `×${scale} – ${say(`scale.${scale}`)}`))
  const select = html('select', { id: 'scale', 'aria-describedby': 'scale-hint' }, ...options)
  select.value = String(session.scale)
  select.addEventListener('change', () => {
    session.scale = Number(select.value)
  })
  const hint = html('p', { id: 'scale-hint', class: 'hint' }, say('scale.hint'))
  return html('div', { class: 'knob' }, html('label', { for: 'scale' }, say('scale')), select, hint)
}

/** The knob values of a run, in words. @param {import('../experiment.js').Knobs} knobs @param {Readonly<Record<string, string | number>>} values @param {import('./stage.js').Context} context */
export function knobsText(knobs, values, { say, of }) {
  const parts = Object.entries(knobs).map(([name, knob]) => {
    const value = values[name]
    if (knob.kind === 'choice') {
      const choice = knob.choices[String(value)]
      return `${of(knob.label)}: ${choice ? of(choice) : value}`
    }
    return `${of(knob.label)}: ${valueText(Number(value), knob.unit, say)}`
  })
  return parts.join(', ')
}

/** @param {number} value @param {import('../experiment.js').NumberKnob['unit']} unit @param {import('./words.js').Say} say */
function valueText(value, unit, say) {
  if (unit === 'bytes') return octetsText(value, say)
  const n = value.toLocaleString('en')
  return unit === 'count' ? n : say(unit === 's' ? 's.below' : 'ms.below', { n })
}
