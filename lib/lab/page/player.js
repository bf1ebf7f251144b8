/**
 * Turns events into the state at a moment. Pure: events in, plain values out; it runs in a browser and in Node.
 *
 * @typedef {import('../events.js').LabEvent} LabEvent
 * @typedef {import('../events.js').SceneSet} SceneSet
 * @typedef {import('../events.js').Party} Party
 * @typedef {import('../events.js').Figure} Figure
 * @typedef {import('../events.js').Bar} Bar
 * @typedef {import('../events.js').Judged} Judged
 * @typedef {import('../events.js').RunBegan} RunBegan
 * @typedef {import('../events.js').Waits} Waits
 * @typedef {import('../events.js').ConnectionClosed} ConnectionClosed
 * @typedef {Extract<LabEvent, { scene: string }>} SceneEvent
 *
 * @typedef {{ t: number, event: SceneEvent }} Timed `t`: ms since its scene was set
 * @typedef {{ id: string, title: import('../said.js').Said, parties: readonly Party[], at: number, events: Timed[], hangs: import('./hangs.js').HangSpan[] }} SceneRecord
 *
 * A moment is a point at which the player stops. It includes events that have no moment of their own: waits and measurements. A
 * time in which nothing happens in any scene is a moment, too, without a scene.
 * @typedef {{ scene: string, at: number, first: number, end: number, gap?: { from: number, to: number } }} Moment `at`: ms since the run began;
 * `first` is the event that is shown, `end` is after the last event that it includes
 *
 * @typedef {{ run: (RunBegan & { at: number }) | null, scenes: SceneRecord[], moments: Moment[], verdict: Judged | null, endedAt: number }} Record_
 *
 * @typedef {'open' | 'idle' | 'closing' | 'closed'} ConnectionPhase
 * @typedef {{ id: string, from: string, to: string, phase: ConnectionPhase, by: string, how: ConnectionClosed['how'] | '', ended: string[], addresses: readonly string[], requests: number, responses: number, size: number }} Connection
 * @typedef {import('./hangs.js').Hang} Hang
 * @typedef {{ scene: string, t: number, connections: Connection[], waits: Waits[], hang: Hang | null, figures: Figure[], bars: Bar[] }} SceneState
 */

import { hangSpans, isHang } from './hangs.js'

/** Loopback answers within microseconds, a busy machine within some milliseconds: anything longer is a wait. */
export const GAP_MS = 20

const STOPS = new Set(['open', 'bytes', 'fin', 'closed', 'step', 'note'])

/**
 * Sorts the events of a run, or of the part of it that exists so far.
 * @param {readonly LabEvent[]} events
 * @returns {Record_}
 */
export function recordOf(events) {
  /** @type {Record_} */
  const record = { run: null, scenes: [], moments: [], verdict: null, endedAt: events.at(-1)?.at ?? 0 }
  /** @type {Map<string, SceneRecord>} */
  const scenes = new Map()
  for (const event of events) {
    if (event.kind === 'run') record.run = event
    else if (event.kind === 'verdict') record.verdict = event
    else if (event.kind === 'scene') {
      const scene = { id: event.scene, title: event.title, parties: event.parties, at: event.at, events: [], hangs: [] }
      scenes.set(event.scene, scene)
      record.scenes.push(scene)
    } else {
      const scene = scenes.get(event.scene)
      if (scene !== undefined) scene.events.push({ t: event.at - scene.at, event })
    }
  }
  for (const scene of record.scenes) scene.hangs = hangSpans(scene, record.run?.scale ?? 1)
  record.moments = withGaps(record.scenes.flatMap(momentsOf).sort((a, b) => a.at - b.at))
  return record
}

/** @param {readonly Moment[]} moments in order of time @returns {Moment[]} */
function withGaps(moments) {
  return moments.flatMap((moment, i) => {
    const { at } = moment
    const from = moments[i - 1]?.at ?? at
    return at - from < GAP_MS ? [moment] : [{ scene: '', at, first: 0, end: 0, gap: { from, to: at } }, moment]
  })
}

/** Events that come long after a moment are not part of it: the next moment includes them. @param {SceneRecord} scene @returns {Moment[]} */
function momentsOf({ id, at, events }) {
  /** @type {Moment[]} */
  const moments = []
  for (const [i, { t, event }] of events.entries()) {
    const last = moments.at(-1)
    if (STOPS.has(event.kind)) moments.push({ scene: id, at: at + t, first: i, end: i + 1 })
    else if (last !== undefined && at + t - last.at < GAP_MS) last.end = i + 1
  }
  return moments
}

/**
 * How many events of each scene have happened after so many moments. Events before the first moment of a scene count at once; in
 * a time in which nothing happens, events up to its middle count.
 * @param {Record_} record @param {number} position 0: nothing yet; `record.moments.length`: everything
 * @returns {Map<string, number>}
 */
export function reached(record, position) {
  const whole = position >= record.moments.length
  const counts = new Map(record.scenes.map(({ id, events }) => [id, whole ? events.length : 0]))
  if (whole) return counts
  for (const { scene, end, gap } of record.moments.slice(0, position)) if (!gap) counts.set(scene, end)
  const gap = record.moments[position - 1]?.gap
  if (gap !== undefined)
    for (const { id, at, events } of record.scenes)
      for (let n = counts.get(id) ?? 0; n < events.length && at + (events[n]?.t ?? 0) <= (gap.from + gap.to) / 2; )
        counts.set(id, ++n)
  return counts
}

/**
 * The state after so many moments.
 * @param {Record_} record @param {number} position @param {number} [nowAt] ms since the run began, while it is running
 * @returns {SceneState[]} in the order of the scenes
 */
export function stateAt(record, position, nowAt = record.endedAt) {
  const counts = reached(record, position)
  return record.scenes.map(scene => sceneState(scene, counts.get(scene.id) ?? 0, nowAt))
}

/** @param {SceneRecord} scene @param {number} count @param {number} nowAt @returns {SceneState} */
function sceneState(scene, count, nowAt) {
  const seen = scene.events.slice(0, count)
  /** @type {Map<string, Connection>} */
  const connections = new Map()
  /** @type {Map<string, Waits>} */
  const waits = new Map()
  /** @type {Map<string, Figure>} */
  const figures = new Map()
  /** @type {Bar[]} */
  const bars = []
  for (const { event } of seen) {
    if (event.kind === 'waits') waits.set(event.who, event)
    else if (event.kind === 'goes-on') waits.delete(event.who)
    else if (event.kind === 'figure') figures.set(event.id, event)
    else if (event.kind === 'bar') bars.push(event)
    else noteConnection(connections, event)
  }
  return {
    scene: scene.id,
    t: seen.at(-1)?.t ?? 0,
    connections: [...connections.values()],
    waits: [...waits.values()],
    hang: scene.hangs.find(span => span.first < count && count <= span.end && isHang(span, nowAt - scene.at)) ?? null,
    figures: [...figures.values()],
    bars,
  }
}

/** @param {Map<string, Connection>} connections @param {SceneEvent} event */
function noteConnection(connections, event) {
  if (event.kind === 'open') {
    const { connection: id, from, to, addresses = [] } = event
    const none = { requests: 0, responses: 0, size: 0 }
    connections.set(id, { id, from, to, phase: 'open', by: '', how: '', ended: [], addresses, ...none })
    return
  }
  const connection = 'connection' in event && event.connection ? connections.get(event.connection) : undefined
  if (connection === undefined) return
  if (event.kind === 'bytes') noteBytes(connection, event)
  else if (event.kind === 'fin') {
    connection.phase = 'closing'
    connection.by ||= event.by
    connection.ended.push(event.by)
  } else if (event.kind === 'closed') Object.assign(connection, { phase: 'closed', by: event.by, how: event.how })
}

/** A connection is idle when as many final responses as requests have passed, and at least one. @param {Connection} connection @param {import('../events.js').BytesSeen} bytes */
function noteBytes(connection, { by, size, heads = [] }) {
  connection.size += size
  for (const { startLine } of heads) {
    if (by === connection.from) connection.requests += 1
    else if (!/^HTTP\/\S+ 1\d\d/.test(startLine)) connection.responses += 1
  }
  if (connection.phase === 'closing' || connection.phase === 'closed') return
  const { requests, responses } = connection
  connection.phase = requests > 0 && responses >= requests ? 'idle' : 'open'
}

/** The key of two parties, whichever of them connected. @param {{ from: string, to: string }} connection */
export function pairOf({ from, to }) {
  return [from, to].sort().join(' ')
}

/** How many connections there are between each two parties in the whole run, so that a drawing does not grow while it is played. @param {SceneRecord} scene */
export function connectionsBetween({ events }) {
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const { event } of events)
    if (event.kind === 'open') counts.set(pairOf(event), (counts.get(pairOf(event)) ?? 0) + 1)
  return counts
}

/**
 * Scenes that were set together, or played at the same time, share an axis of time; scenes that came one after another have their
 * own.
 * @param {readonly SceneRecord[]} scenes @returns {SceneRecord[][]}
 */
export function playedTogether(scenes) {
  /** @type {SceneRecord[][]} */
  const sets = []
  let until = Number.NEGATIVE_INFINITY
  for (const scene of scenes) {
    const last = sets.at(-1)
    if (last !== undefined && (scene.at < until || scene.at === last.at(-1)?.at)) last.push(scene)
    else sets.push([scene])
    // An idle connection may end long after all is over.
    const active = scene.events.findLast(
      ({ event }) => event.kind === 'open' || event.kind === 'bytes' || event.kind === 'step',
    )
    until = Math.max(until, scene.at + (active?.t ?? 0))
  }
  return sets
}
