import { z } from 'zod'
import { plainJson } from '../wire/visible.js'
import type { LabEvent } from './events.js'
import { EVENTS_MAX } from './run.js'

/** The longest line of a recording: many times the text of an event with everything about its fields. */
export const LINE_CHARACTERS_MAX = 1_048_576
/** The largest whole recording. */
export const RECORDING_BYTES_MAX = 67_108_864
/** ms: longer than any run. */
const AT_MAX = 3_600_000

/** A text that is not a valid recording: which line is wrong, and why. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError'

  constructor(
    /** From 1. */
    readonly line: number,
    /** A sentence without its full stop. */
    readonly why: string,
  ) {
    super(`line ${line}: ${why}`)
  }
}

/** One event as a line of JSON, without its line end. Harmless to a terminal, too. */
export function recordingLine(event: LabEvent): string {
  return plainJson(JSON.stringify(event))
}

/** A whole recording: a line for each event. */
export function recordingText(events: readonly LabEvent[]): string {
  return events.map(event => `${recordingLine(event)}\n`).join('')
}

/**
 * The events of a recording from an untrusted source, all of them checked: `run` first, `verdict` last, times that do not go
 * back, scenes that were set. The texts in it are not checked: code that shows them must make them harmless.
 * @throws RecordingError
 */
export function readRecording(text: string): LabEvent[] {
  const lines = text.replace(/\r?\n$/, '').split('\n')
  const scenes = new Set<string>()
  let before = 0
  return lines.map((line, i) => {
    const n = i + 1
    if (n > EVENTS_MAX + 1) throw new RecordingError(n, `a recording has at most ${EVENTS_MAX + 1} lines`)
    const event = readLine(line, n)
    if ((event.kind === 'run') !== (n === 1))
      throw new RecordingError(n, n === 1 ? 'a recording begins with its event "run"' : 'only the first event is "run"')
    if ((event.kind === 'verdict') !== (n === lines.length))
      throw new RecordingError(
        n,
        event.kind === 'verdict' ? 'something follows the verdict' : 'it ends without a verdict',
      )
    if (event.at < before) throw new RecordingError(n, `its time goes back, from ${before} to ${event.at}`)
    before = event.at
    if (event.kind === 'scene') scenes.add(event.scene)
    else if ('scene' in event && !scenes.has(event.scene)) throw new RecordingError(n, 'its scene was not set before')
    return event
  })
}

function readLine(line: string, n: number): LabEvent {
  if (line.length > LINE_CHARACTERS_MAX)
    throw new RecordingError(n, `it is longer than ${LINE_CHARACTERS_MAX} characters`)
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new RecordingError(n, line.trim() === '' ? 'it is empty' : 'it is not JSON')
  }
  const { success, data, error } = EVENT.safeParse(value)
  if (success) return data
  const [issue] = error.issues
  const path = issue?.path.join('.') ?? ''
  throw new RecordingError(n, `it is not an event of the laboratory${path === '' ? '' : `: ${path} is wrong`}`)
}

const at = z.number().min(0).max(AT_MAX)
const id = z.string().min(1).max(200)
const count = z.number().min(0)
const said = z.strictObject({ en: z.string(), ko: z.string() })
const common = { at, scene: id }
const about = { ...common, connection: id }

const party = z.strictObject({
  id,
  role: z.enum(['client', 'proxy', 'origin']),
  what: z.enum(['client', 'dumb', 'stock', 'hopwise', 'smart', 'relay', 'origin', 'nginx', 'curl']),
  name: said,
})

const head = z.strictObject({
  from: count,
  to: count,
  startLine: z.string(),
  fields: z.array(
    z.strictObject({
      name: z.string(),
      value: z.string(),
      verdict: z.enum(['keep', 'drop', 'replace', 'reject', 'add']),
      reason: z.string(),
      section: z.string(),
    }),
  ),
})

const EVENT: z.ZodType<LabEvent> = z.discriminatedUnion('kind', [
  z.strictObject({
    at,
    kind: z.literal('run'),
    format: z.literal('hopwise-lab/1'),
    experiment: id,
    knobs: z.record(z.string(), z.union([z.string(), z.number()])),
    scale: z.number().positive(),
    startedAt: z.string(),
    machine: z.string(),
  }),
  z.strictObject({ ...common, kind: z.literal('scene'), title: said, parties: z.array(party).min(1).max(12) }),
  z.strictObject({
    ...about,
    kind: z.literal('open'),
    from: id,
    to: id,
    addresses: z.exactOptional(z.tuple([z.string(), z.string()])),
    tookMs: z.exactOptional(count),
  }),
  z.strictObject({
    ...about,
    kind: z.literal('bytes'),
    by: id,
    size: count,
    text: z.string(),
    heads: z.exactOptional(z.array(head)),
  }),
  z.strictObject({ ...about, kind: z.literal('fin'), by: id }),
  z.strictObject({
    ...about,
    kind: z.literal('closed'),
    by: id,
    how: z.enum(['fin', 'reset', 'vanished']),
    why: z.exactOptional(said),
  }),
  z.strictObject({ ...common, kind: z.literal('waits'), who: id, on: id, what: said }),
  z.strictObject({ ...common, kind: z.literal('goes-on'), who: id }),
  z.strictObject({ ...common, kind: z.literal('step'), n: count, text: said, party: z.exactOptional(id) }),
  z.strictObject({ ...common, kind: z.literal('note'), text: said, party: z.exactOptional(id) }),
  z.strictObject({
    ...common,
    kind: z.literal('figure'),
    id,
    label: said,
    value: z.number(),
    unit: z.enum(['ms', 'bytes', 'count', 'percent']),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('bar'),
    row: z.string(),
    part: z.enum(['wait', 'name', 'connect', 'send', 'server', 'receive']),
    from: count,
    to: count,
    connection: z.exactOptional(id),
  }),
  z.strictObject({
    at,
    kind: z.literal('verdict'),
    outcome: z.enum(['observed', 'not-observed', 'too-busy', 'impossible']),
    text: said,
    right: z.exactOptional(z.int().min(1).max(9)),
  }),
])
