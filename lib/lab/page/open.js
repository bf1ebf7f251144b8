import { html, setText } from './dom.js'
import { NoRecording, parseRecording, RECORDING_BYTES_MAX } from './recording.js'
import { makeStage } from './stage.js'

/** The last opened recording: it survives a change of language. @type {{ name: string, events: import('../events.js').LabEvent[] } | null} */
let opened = null

/** A recording that the user chooses or drops; it never leaves the browser. @param {import('./stage.js').Context} context @param {readonly import('./api.js').Described[] | null} course @returns {import('./stage.js').View} */
export function makeOpen(context, course) {
  const { say, of } = context
  const stage = makeStage(context)
  const input = html('input', { type: 'file', id: 'recording', accept: '.jsonl,.ndjson,.json,application/x-ndjson' })
  const said = html('p', { class: 'state', role: 'status' })
  const area = html(
    'div',
    { class: 'dropzone' },
    html('label', { for: 'recording' }, say('open.choose')),
    input,
    html('p', {}, say('open.drop')),
    said,
  )
  const element = html(
    'div',
    { class: 'viewer' },
    html('h1', {}, say('open.title')),
    html('p', { class: 'lead' }, say('open.lead')),
    area,
    stage.element,
  )

  function show() {
    stage.element.hidden = opened === null
    if (opened === null) return
    const [first] = opened.events
    const id = first?.kind === 'run' ? first.experiment : ''
    const known = course?.find(it => it.id === id)
    const what = known ? of(known.title) : say('open.unknown', { id })
    setText(said, `${what} – ${say('open.name', { name: opened.name, n: opened.events.length })}`)
    stage.show(opened.events, { live: false })
  }
  /** @param {File | undefined} file */
  async function take(file) {
    if (file === undefined) return
    try {
      if (file.size > RECORDING_BYTES_MAX)
        throw new NoRecording('open.bad.size', { n: RECORDING_BYTES_MAX / 1024 / 1024 })
      opened = { name: file.name, events: parseRecording(await file.text()) }
      show()
    } catch (fault) {
      const reason = fault instanceof NoRecording ? say(fault.word, fault.values) : String(fault)
      setText(said, say('open.bad', { reason }))
    }
  }
  input.addEventListener('change', () => void take(input.files?.[0]))
  const over = (/** @type {DragEvent} */ event) => {
    event.preventDefault()
    area.classList.toggle('over', event.type === 'dragover')
    if (event.type === 'drop') void take(event.dataTransfer?.files[0])
  }
  for (const type of /** @type {const} */ (['dragover', 'dragleave', 'drop'])) area.addEventListener(type, over)
  show()
  return { element, close: stage.close }
}
