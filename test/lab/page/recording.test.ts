import t from 'tap'
import { recordingText } from '../../../lib/lab/recording.js'
import { ran } from '../running.js'
import { load } from './modules.js'

const { parseRecording, textOf } = await load('recording.js')
const { events } = await ran(t, 'hang', { knobs: { timeout: 1 } })

t.test('the page reads its own recordings and those of the terminal', async t => {
  t.strictSame(parseRecording(textOf(events)), events)
  t.strictSame(parseRecording(recordingText(events)), events)
})

t.test('a file that is not a recording is refused with the reason', async t => {
  const refused = (text: string) => {
    try {
      parseRecording(text)
      return ''
    } catch (error) {
      const { name, word, values } = error as { name: string; word: string; values: Record<string, unknown> }
      return `${name} ${word} ${values.n ?? ''}`.trim()
    }
  }
  const lines = textOf(events).split('\n')
  t.equal(refused(''), 'NoRecording open.bad.format')
  t.equal(refused('hello'), 'NoRecording open.bad.format')
  t.equal(refused(lines.slice(1).join('\n')), 'NoRecording open.bad.format')
  t.equal(refused([lines[0], '{"at":1,"kind":"boom"}'].join('\n')), 'NoRecording open.bad.line 2')
  t.equal(refused([lines[0], lines[1], 'null'].join('\n')), 'NoRecording open.bad.line 3')
  for (const line of lines.slice(0, -1)) {
    const event = JSON.parse(line)
    for (const name of Object.keys(event)) {
      const { [name]: _, ...without } = event
      const text = [lines[0], JSON.stringify(without)].join('\n')
      // Optional parts may be missing (`party`, `addresses`); then the event is drawn without them.
      t.ok(['', 'NoRecording open.bad.line 2'].includes(refused(text)), `${event.kind} without ${name}`)
    }
  }
})
