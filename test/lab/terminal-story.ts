import type { Happening, LabEvent, SeenField } from '../../lib/lab/events.js'
import { plain, said } from '../../lib/lab/said.js'
import { painter } from '../../lib/lab/terminal/paint.js'
import { type Look, Stage } from '../../lib/lab/terminal/stage.js'

/** An event of a story that was written by hand and not run. */
export function at(ms: number, what: Happening): LabEvent {
  return { at: ms, ...what }
}

export const RUN: LabEvent = at(0, {
  kind: 'run',
  format: 'hopwise-lab/1',
  experiment: 'hang',
  knobs: { timeout: 5 },
  scale: 1,
  startedAt: '2026-11-20T12:00:00.000Z',
  machine: 'node 24.0.0, linux',
})

/** Client, dumb proxy and origin, or client and origin. */
export function setScene(ms: number, scene: string, { proxy = true } = {}): LabEvent {
  return at(ms, {
    kind: 'scene',
    scene,
    title: said(`Scene ${scene}`, `장면 ${scene}`),
    parties: [
      { id: 'client', role: 'client', what: 'client', name: said('client', '클라이언트') },
      ...(proxy
        ? [{ id: 'proxy', role: 'proxy', what: 'dumb', name: said('dumb proxy', '멍청한 프록시') } as const]
        : []),
      { id: 'origin', role: 'origin', what: 'origin', name: said('origin server', '원 서버') },
    ],
  })
}

export function open(
  ms: number,
  scene: string,
  connection: string,
  from: string,
  to: string,
  tookMs?: number,
): LabEvent {
  return at(ms, { kind: 'open', scene, connection, from, to, ...(tookMs === undefined ? {} : { tookMs }) })
}

export function field(name: string, value: string, verdict: SeenField['verdict'] = 'keep'): SeenField {
  return { name, value, verdict, reason: 'because', section: 'RFC 9110 7.6.1' }
}

/** A message with its head; `content` bytes behind it. */
export function message(
  ms: number,
  scene: string,
  connection: string,
  by: string,
  { startLine, fields = [], content = 0 }: { startLine: string; fields?: readonly SeenField[]; content?: number },
): LabEvent {
  const text = `${startLine}\r\n${fields.map(({ name, value }) => `${name}: ${value}\r\n`).join('')}\r\n`
  const heads = [{ from: 0, to: text.length, startLine, fields }]
  return at(ms, {
    kind: 'bytes',
    scene,
    connection,
    by,
    size: text.length + content,
    text: `${text}${'.'.repeat(content)}`,
    heads,
  })
}

export function octets(
  ms: number,
  scene: string,
  connection: string,
  by: string,
  text: string,
  size = text.length,
): LabEvent {
  return at(ms, { kind: 'bytes', scene, connection, by, size, text })
}

export function waits(ms: number, scene: string, who: string, on: string): LabEvent {
  return at(ms, { kind: 'waits', scene, who, on, what: plain('for something') })
}

export function step(ms: number, scene: string, n: number, text: string): LabEvent {
  return at(ms, { kind: 'step', scene, n, text: plain(text) })
}

export const VERDICT: LabEvent = at(9_000, {
  kind: 'verdict',
  outcome: 'observed',
  text: said('It was so.', '그러했다.'),
})

export const LOOK: Look = { width: 73, paint: painter(false), language: 'en', sideBySide: false, view: 'lifelines' }

/** All lines of a story, shown at once. */
export function lines(events: readonly LabEvent[], look: Partial<Look> = {}): string[] {
  const stage = new Stage({ ...LOOK, ...look })
  return [...stage.take(events), ...stage.end()].map(line => line.trimEnd())
}
