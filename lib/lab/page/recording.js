/** A recording consists of the events of a run, one line of JSON each. */

/** @typedef {import('../events.js').LabEvent} LabEvent */

export const FORMAT = 'hopwise-lab/1'
/** The largest run has some thousand events of a few KiB. */
export const RECORDING_BYTES_MAX = 32 * 1024 * 1024

const KINDS = new Set([
  'run',
  'scene',
  'open',
  'bytes',
  'fin',
  'closed',
  'waits',
  'goes-on',
  'step',
  'note',
  'figure',
  'bar',
  'verdict',
])

/** Names what is wrong by the key of its text. */
export class NoRecording extends Error {
  /** @param {'open.bad.line' | 'open.bad.format' | 'open.bad.size'} word @param {Record<string, string | number>} values */
  constructor(word, values) {
    super(word)
    this.name = 'NoRecording'
    this.word = word
    this.values = values
  }
}

/** @param {string} text @returns {LabEvent[]} @throws NoRecording */
export function parseRecording(text) {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  const events = lines.map((line, i) => {
    try {
      const event = JSON.parse(line)
      if (
        typeof event === 'object' &&
        event !== null &&
        KINDS.has(event.kind) &&
        Number.isFinite(event.at) &&
        isWhole(event)
      )
        return event
    } catch {
      // A line that is not JSON is not an event, either.
    }
    if (i === 0) throw new NoRecording('open.bad.format', { format: FORMAT })
    throw new NoRecording('open.bad.line', { n: i + 1 })
  })
  if (events[0]?.kind !== 'run' || events[0].format !== FORMAT)
    throw new NoRecording('open.bad.format', { format: FORMAT })
  return events
}

/** Checks that everything is there that the drawing relies on: a recording may come from anywhere. @param {Record<string, unknown>} event */
function isWhole(event) {
  const texts = (/** @type {string[]} */ ...names) => names.every(name => typeof event[name] === 'string')
  const said = (/** @type {unknown} */ it) =>
    typeof it === 'object' &&
    it !== null &&
    'en' in it &&
    'ko' in it &&
    typeof it.en === 'string' &&
    typeof it.ko === 'string'
  switch (event.kind) {
    case 'run':
      return texts('experiment', 'startedAt', 'machine') && typeof event.scale === 'number'
    case 'scene':
      return (
        texts('scene') &&
        said(event.title) &&
        Array.isArray(event.parties) &&
        event.parties.every(it => typeof it?.id === 'string' && said(it.name))
      )
    case 'open':
      return texts('scene', 'connection', 'from', 'to')
    case 'bytes':
      return texts('scene', 'connection', 'by', 'text') && typeof event.size === 'number' && isHeads(event.heads)
    case 'fin':
      return texts('scene', 'connection', 'by')
    case 'closed':
      return texts('scene', 'connection', 'by') && ['fin', 'reset', 'vanished'].includes(String(event.how))
    case 'waits':
      return texts('scene', 'who', 'on') && said(event.what)
    case 'goes-on':
      return texts('scene', 'who')
    case 'step':
    case 'note':
      return texts('scene') && said(event.text)
    case 'figure':
      return texts('scene', 'id') && said(event.label) && typeof event.value === 'number'
    case 'bar':
      return texts('scene', 'row', 'part') && typeof event.from === 'number' && typeof event.to === 'number'
    default:
      return texts('outcome') && said(event.text)
  }
}

/** @param {unknown} heads */
function isHeads(heads) {
  if (heads === undefined) return true
  return (
    Array.isArray(heads) &&
    heads.every(
      it =>
        typeof it?.startLine === 'string' &&
        Number.isFinite(it.from) &&
        Number.isFinite(it.to) &&
        Array.isArray(it.fields),
    )
  )
}

/** @param {readonly LabEvent[]} events */
export function textOf(events) {
  return `${events.map(event => JSON.stringify(event)).join('\n')}\n`
}

/** Offers the recording as a file in the browser. @param {readonly LabEvent[]} events */
export function saveRecording(events) {
  const run = events.find(({ kind }) => kind === 'run')
  const name =
    run?.kind === 'run' ? `${run.experiment}-${run.startedAt.slice(0, 19).replace(/[:T]/g, '-')}.jsonl` : 'run.jsonl'
  const url = URL.createObjectURL(new Blob([textOf(events)], { type: 'application/x-ndjson' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
