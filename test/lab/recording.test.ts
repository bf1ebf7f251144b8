import t from 'tap'
import { EXPERIMENTS } from '../../lib/lab/catalogue.js'
import type { LabEvent } from '../../lib/lab/events.js'
import {
  LINE_CHARACTERS_MAX,
  RecordingError,
  readRecording,
  recordingLine,
  recordingText,
} from '../../lib/lab/recording.js'
import { EVENTS_MAX } from '../../lib/lab/run.js'
import { plain } from '../../lib/lab/said.js'
import { ran } from './running.js'
import { at, octets, RUN, setScene, VERDICT } from './terminal-story.js'

const STORY = [RUN, setScene(1, 's'), octets(2, 's', 'c1', 'client', '\x1b\x9b\x7f\u202e😀'), VERDICT]

function refusal(text: string): string {
  try {
    readRecording(text)
  } catch (error) {
    if (error instanceof RecordingError) return error.message
    throw error
  }
  return ''
}

/** The story with one line replaced. */
function withLine(n: number, line: string): string {
  return recordingText(STORY)
    .split('\n')
    .map((old, i) => (i === n - 1 ? line : old))
    .join('\n')
}

t.test('a recording is read as it was written', async t => {
  t.strictSame(readRecording(recordingText(STORY)), STORY)
  t.strictSame(readRecording(recordingText(STORY).trimEnd()), STORY, 'without its last end of line')
  t.strictSame(readRecording(recordingText(STORY).replaceAll('\n', '\r\n')), STORY)
})

t.test('each line is JSON that a terminal shows as it is', async t => {
  for (const event of STORY) {
    t.match(recordingLine(event), /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u)
    t.strictSame(JSON.parse(recordingLine(event)), event)
  }
  const tag = at(1, { kind: 'note', scene: 's', text: plain('\u{e0041}') })
  t.match(recordingLine(tag), '\\udb40\\udc41', 'beyond the first 65,536 letters, too')
  t.strictSame(JSON.parse(recordingLine(tag)), tag)
})

t.test('a text that is not a recording is refused with the line and the reason', async t => {
  t.equal(refusal(''), 'line 1: it is empty')
  t.equal(refusal('hello'), 'line 1: it is not JSON')
  t.equal(refusal(withLine(2, '')), 'line 2: it is empty')
  t.equal(refusal(withLine(2, '[]')), 'line 2: it is not an event of the laboratory')
  t.equal(refusal(withLine(2, '{"at":1,"kind":"boom"}')), 'line 2: it is not an event of the laboratory: kind is wrong')
  t.equal(
    refusal(withLine(1, recordingLine({ ...RUN, format: 'hopwise-lab/2' } as unknown as LabEvent))),
    'line 1: it is not an event of the laboratory: format is wrong',
  )
  t.equal(refusal(withLine(1, recordingLine(VERDICT))), 'line 1: a recording begins with its event "run"')
  t.equal(refusal(withLine(2, recordingLine(RUN))), 'line 2: only the first event is "run"')
  t.equal(refusal(withLine(3, recordingLine(VERDICT))), 'line 3: something follows the verdict')
  t.equal(refusal(recordingText(STORY.slice(0, 3))), 'line 3: it ends without a verdict')
  t.equal(refusal(recordingText([RUN])), 'line 1: it ends without a verdict')
})

t.test('times, scenes and values are checked', async t => {
  const third = (change: object) => withLine(3, recordingLine({ ...STORY[2], ...change } as LabEvent))
  t.equal(refusal(third({ at: 0.5 })), 'line 3: its time goes back, from 1 to 0.5')
  t.equal(refusal(third({ scene: 'other' })), 'line 3: its scene was not set before')
  for (const [change, path] of [
    [{ at: -1 }, 'at'],
    [{ at: 1e9 }, 'at'],
    [{ at: null }, 'at'],
    [{ size: 'x' }, 'size'],
    [{ text: 5 }, 'text'],
    [{ heads: [{ from: 0, to: 1, startLine: 'x', fields: [{}] }] }, 'heads.0.fields.0.name'],
  ] as const)
    t.equal(refusal(third(change)), `line 3: it is not an event of the laboratory: ${path} is wrong`)
  t.match(refusal(third({ more: 1 })), 'line 3: it is not an event of the laboratory')
})

t.test('its size has limits', async t => {
  t.match(
    refusal(withLine(3, 'x'.repeat(LINE_CHARACTERS_MAX + 1))),
    `line 3: it is longer than ${LINE_CHARACTERS_MAX} characters`,
  )
  const many = Array.from({ length: EVENTS_MAX }, () => setScene(1, 's'))
  t.match(refusal(recordingText([RUN, ...many, VERDICT])), `line ${EVENTS_MAX + 2}: a recording has at most`)
  t.equal(readRecording(recordingText([RUN, ...many.slice(1), VERDICT])).length, EVENTS_MAX + 1)
})

t.test('the recordings of real runs can be read again', async t => {
  for (const { id } of EXPERIMENTS.slice(0, 5)) {
    const { events } = await ran(t, id, { scale: 0.05 })
    t.strictSame(readRecording(recordingText(events)), events, id)
  }
})
