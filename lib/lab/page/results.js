/**
 * The results of a run: the verdict in one sentence, the measured figures, and the run in words.
 *
 * @typedef {import('./player.js').Record_} Record_
 * @typedef {import('../events.js').LabEvent} LabEvent
 * @typedef {import('../events.js').Figure} Figure
 */

import { html, setAttribute, setText } from './dom.js'
import { recordOf, stateAt } from './player.js'
import { saveRecording } from './recording.js'
import { figureText } from './say.js'
import { transcriptOf } from './transcript.js'

/** @param {import('./stage.js').Context} context @param {{ afterVerdict?: HTMLElement, afterFigures?: HTMLElement }} inserts */
export function makeResults(context, { afterVerdict, afterFigures }) {
  const { say, of, language } = context
  const outcome = html('p', { class: 'outcome' })
  const sentence = html('p', { class: 'sentence' })
  // It exists before it has a text; otherwise screen readers would not announce the text.
  const verdict = html(
    'section',
    { class: 'verdict', role: 'status', 'aria-label': say('verdict.title') },
    outcome,
    sentence,
  )
  const figures = html('section', { class: 'figures', hidden: '' })
  const words = html('details', { class: 'transcript' }, html('summary', {}, say('transcript.title')))
  const lists = html('div', { class: 'lists' })
  const copied = html('span', { role: 'status' })
  const copy = html('button', { type: 'button' }, say('transcript.copy'))
  // Only where the browser lets a page write to the clipboard.
  copy.hidden = navigator.clipboard === undefined
  words.append(html('p', { class: 'tools' }, copy, copied), lists)
  const save = html('button', { type: 'button', class: 'save' }, say('save'))
  const machine = html('p', { class: 'machine' })
  const last = html('section', { class: 'record' }, words, html('p', { class: 'tools' }, save, machine))
  const element = html(
    'div',
    { class: 'results', hidden: '' },
    verdict,
    ...(afterVerdict ? [afterVerdict] : []),
    figures,
    ...(afterFigures ? [afterFigures] : []),
    last,
  )
  let record = recordOf([])
  /** @type {readonly LabEvent[]} */
  let all = []
  let written = -1

  function write() {
    if (!words.open || written === all.length) return
    written = all.length
    lists.replaceChildren(...transcriptOf(record, language).map(({ title, lines }) => transcriptList(title, lines)))
  }
  words.addEventListener('toggle', write)
  save.addEventListener('click', () => saveRecording(all))
  copy.addEventListener('click', async () => {
    const text = transcriptOf(record, language).map(({ title, lines }) =>
      [title, ...lines.map(line => `${line.time}\t${line.text}`)].join('\n'),
    )
    const end = record.verdict === null ? [] : [`${say('verdict.title')}: ${of(record.verdict.text)}`]
    await navigator.clipboard.writeText([...text, ...end].join('\n\n'))
    setText(copied, say('transcript.copied'))
  })
  return {
    element,
    verdict,
    /** @param {Record_} now @param {readonly LabEvent[]} events @param {import('./stage.js').Showing} showing */
    update(now, events, { live, earlier }) {
      record = now
      all = events
      element.hidden = events.length === 0
      const { verdict: judged } = now
      verdict.classList.toggle('given', judged !== null)
      setAttribute(verdict, 'data-outcome', judged?.outcome ?? '')
      setText(outcome, judged === null ? '' : say(judged.outcome))
      setText(sentence, judged === null ? '' : of(judged.text))
      save.hidden = live || judged === null
      const { run } = now
      if (run !== null) {
        const when = new Date(run.startedAt).toLocaleString(language)
        setText(
          machine,
          say('machine.line', { machine: run.machine, when, scale: say('scale.said', { n: run.scale }) }),
        )
      }
      tabulate(figures, now, earlier, context)
      write()
    },
  }
}

/** @param {string} title @param {{ time: string, text: string }[]} lines */
function transcriptList(title, lines) {
  const items = lines.map(({ time, text }) => html('li', {}, html('span', { class: 'time' }, time), ' ', text))
  return html('section', {}, html('h4', {}, title), html('ol', {}, ...items))
}

/** @param {HTMLElement} section @param {Record_} record @param {readonly LabEvent[] | undefined} earlier @param {import('./stage.js').Context} context */
function tabulate(section, record, earlier, context) {
  const { say, of, language } = context
  const now = figuresOf(record)
  section.hidden = now.length === 0
  const before = earlier === undefined ? null : recordOf(earlier)
  const old = before === null ? [] : figuresOf(before)
  const many = record.scenes.length > 1
  const heads = [say('figures.what'), ...(before === null ? [] : [say('figures.before')]), say('figures.now')]
  const rows = now.map(({ scene, title, figure }) => {
    const was = old.find(other => other.scene === scene && other.figure.id === figure.id)
    const label = many ? `${title[language]}: ${of(figure.label)}` : of(figure.label)
    const cells = [
      ...(before === null ? [] : [was === undefined ? '–' : figureText(was.figure, say)]),
      figureText(figure, say),
    ]
    return html('tr', {}, html('th', { scope: 'row' }, label), ...cells.map(text => html('td', {}, text)))
  })
  const table = html(
    'table',
    {},
    html('thead', {}, html('tr', {}, ...heads.map(text => html('th', { scope: 'col' }, text)))),
    html('tbody', {}, ...rows),
  )
  const was = before?.verdict
    ? [html('p', { class: 'was' }, say('figures.was', { text: of(before.verdict.text) }))]
    : []
  section.replaceChildren(html('h2', {}, say('figures.title')), html('div', { class: 'scroll' }, table), ...was)
}

/** @param {Record_} record */
function figuresOf(record) {
  return stateAt(record, record.moments.length).flatMap(({ figures }, i) => {
    const scene = record.scenes[i]
    return scene === undefined ? [] : figures.map(figure => ({ scene: scene.id, title: scene.title, figure }))
  })
}
