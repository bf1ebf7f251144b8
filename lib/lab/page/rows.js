/**
 * The rows of a scene, from top to bottom, before they have places: one row for each event, or for several that belong together.
 *
 * @typedef {import('./player.js').SceneRecord} SceneRecord
 * @typedef {import('./player.js').Timed} Timed
 * @typedef {import('../events.js').BytesSeen} BytesSeen
 * @typedef {import('../events.js').SeenField} SeenField
 * @typedef {import('../said.js').Said} Said
 *
 * @typedef {SeenField & { leaked: boolean }} Tag
 * @typedef {{
 *   kind: 'open' | 'bytes' | 'fin' | 'reset' | 'vanished' | 'closed' | 'step' | 'note' | 'more',
 *   t: number, index: number, members: number[], by: string, to: string, connection: string, last: string,
 *   size: number, tags: Tag[], starts: string[], text: Said | null, n: number, endT: number,
 * }} Row `members`: the indexes of its events in the scene, in order; `by` and `to` are parties, '' where there are none; `endT`: when its last event came, 0: together with the first
 */

/** Fields that are shown although they go on. */
const OF_INTEREST =
  /^(?:connection|keep-alive|proxy-connection|via|upgrade|te|trailer|transfer-encoding|forwarded|x-forwarded-\w+)$/i
/** Pieces of one content come this close to one another, ms. */
const PIECES_MS = 5
/** So many rows can be read; if there are more, similar rows are drawn once. */
const ROWS_CALM = 70
const ROWS_MAX = 160
/** From this many similar rows in sequence on, they are drawn as one. */
const ALIKE_MIN = 4
const SWITCHES = /^HTTP\/\S+ 101/
/** Up to this many pieces of a content are drawn separately. */
const PIECES_MAX = 4
/** How many rows back a piece of content can find the one that it belongs to: parallel connections alternate. */
const BACK = 8

/** @param {SceneRecord} scene @returns {Row[]} */
export function rowsOf(scene) {
  const all = joinStreams(joinPieces(plainRows(scene), PIECES_MS))
  const some = joinAlike(all, row => row.kind !== 'bytes' && row.kind !== 'step' && row.kind !== 'note')
  const few = some.length <= ROWS_CALM ? some : joinAlike(joinPieces(some, Number.POSITIVE_INFINITY), () => true)
  if (few.length <= ROWS_MAX) return few
  const left = few.slice(ROWS_MAX)
  const members = left.flatMap(row => row.members)
  const first = /** @type {Row} */ (left[0])
  return [...few.slice(0, ROWS_MAX), { ...first, ...NOTHING, kind: 'more', members, n: members.length }]
}

const NOTHING = { by: '', to: '', connection: '', last: '', size: 0, tags: [], starts: [], text: null, n: 0, endT: 0 }

/** @param {SceneRecord} scene @returns {Row[]} */
function plainRows(scene) {
  const leaks = leakFinder(scene)
  /** @type {Map<string, { from: string, to: string, ended: Set<string> }>} */
  const ends = new Map()
  return scene.events.flatMap(({ t, event }, index) => {
    const base = { ...NOTHING, t, index, members: [index] }
    if (event.kind === 'step' || event.kind === 'note') {
      const n = event.kind === 'step' ? event.n : 0
      return [{ ...base, kind: event.kind, by: event.party ?? '', text: event.text, n }]
    }
    if (event.kind === 'open') {
      const { connection, from, to } = event
      ends.set(connection, { from, to, ended: new Set() })
      return [{ ...base, kind: event.kind, by: from, to, connection, last: connection }]
    }
    if (event.kind !== 'bytes' && event.kind !== 'fin' && event.kind !== 'closed') return []
    const { connection, by } = event
    const end = ends.get(connection)
    if (end === undefined) return []
    const to = by === end.from ? end.to : end.from
    const on = { ...base, by, to, connection, last: connection }
    if (event.kind === 'bytes') return [{ ...on, kind: event.kind, ...message(event, leaks) }]
    if (event.kind === 'fin') {
      end.ended.add(by)
      return [{ ...on, kind: event.kind }]
    }
    return closedRow(on, event, end.ended)
  })
}

/** An end by FINs has already been shown, so it gets no row unless it gives a reason. @param {Omit<Row, 'kind'>} on @param {import('../events.js').ConnectionClosed} event @param {Set<string>} ended @returns {Row[]} */
function closedRow(on, { how, why, by }, ended) {
  if (how === 'reset' || how === 'vanished') return [{ ...on, kind: how, text: why ?? null }]
  return ended.has(by) && why === undefined ? [] : [{ ...on, kind: 'closed', text: why ?? null }]
}

/** @param {BytesSeen} event @param {(event: BytesSeen, field: SeenField) => boolean} leaks */
function message(event, leaks) {
  const heads = event.heads ?? []
  const fields = heads.flatMap(({ fields }) => fields)
  return {
    size: event.size,
    starts: heads.map(({ startLine }) => startLine),
    tags: fields.filter(isOfInterest).map(field => ({ ...field, leaked: leaks(event, field) })),
  }
}

/** @param {SeenField} field */
function isOfInterest({ name, verdict }) {
  return verdict !== 'keep' || OF_INTEREST.test(name)
}

/**
 * Finds fields of one connection that a proxy forwards unchanged. hopwise writes its own fields, which may look the same.
 * @param {SceneRecord} scene
 */
function leakFinder({ parties, events }) {
  /** @type {Map<string, { from: string, to: string }>} */
  const ends = new Map()
  /** @type {Map<string, Set<string>>} */
  const received = new Map()
  const trusted = new Set(parties.filter(({ what }) => what === 'hopwise').map(({ id }) => id))
  for (const { event } of events) if (event.kind === 'open') ends.set(event.connection, event)
  return (/** @type {BytesSeen} */ { connection, by }, /** @type {SeenField} */ { name, value, verdict }) => {
    const end = ends.get(connection)
    if (end === undefined || verdict !== 'drop') return false
    const way = by === end.from ? 'request' : 'response'
    const to = by === end.from ? end.to : end.from
    const line = `${way} ${name.toLowerCase()}: ${value}`
    received.set(to, (received.get(to) ?? new Set()).add(line))
    return !trusted.has(by) && (received.get(by)?.has(line) ?? false)
  }
}

/**
 * Content that comes in pieces is one row, at the place of its beginning.
 * @param {Row[]} rows @param {number} withinMs
 */
function joinPieces(rows, withinMs) {
  /** @type {Row[]} */
  const joined = []
  /** @type {Map<Row, number>} */
  const seenAt = new Map()
  for (const row of rows) {
    const before =
      row.kind === 'bytes' && row.starts.length === 0
        ? joined.slice(-BACK).findLast(other => other.connection === row.connection)
        : undefined
    if (before?.kind === 'bytes' && before.by === row.by && row.t - (seenAt.get(before) ?? before.t) <= withinMs) {
      before.members.push(...row.members)
      before.size += row.size
      seenAt.set(before, row.t)
    } else joined.push({ ...row, members: [...row.members] })
  }
  return joined
}

/** Content in many pieces, however slowly they come, is drawn once. @param {Row[]} rows */
function joinStreams(rows) {
  /** @type {Map<string, Row>} */
  const heads = new Map()
  /** @type {Map<Row, Row[]>} */
  const streams = new Map()
  for (const row of rows) {
    if (row.kind !== 'bytes') continue
    const head = heads.get(row.connection)
    if (row.starts.length > 0 && !SWITCHES.test(row.starts.at(-1) ?? '')) heads.set(row.connection, row)
    else if (head !== undefined && head.by === row.by) streams.set(head, [...(streams.get(head) ?? []), row])
    // The other side sends, or it is no longer HTTP: the content has ended.
    else heads.delete(row.connection)
  }
  const gone = new Set()
  for (const [head, pieces] of streams) {
    if (pieces.length <= PIECES_MAX) continue
    for (const piece of pieces) {
      gone.add(piece)
      head.members.push(...piece.members)
      head.size += piece.size
    }
    head.endT = pieces.at(-1)?.t ?? head.t
  }
  return rows.filter(row => !gone.has(row))
}

/** Joins many similar rows in sequence into one. @param {Row[]} rows @param {(row: Row) => boolean} joins */
function joinAlike(rows, joins) {
  /** @type {Row[]} */
  const joined = []
  for (let i = 0; i < rows.length; ) {
    const row = /** @type {Row} */ (rows[i])
    let end = i + 1
    while (joins(row) && end < rows.length && isAlike(row, /** @type {Row} */ (rows[end]))) end++
    const alike = rows.slice(i, end)
    if (alike.length < ALIKE_MIN) joined.push(...alike)
    else joined.push(together(alike))
    i = end
  }
  return joined
}

/** @param {Row} a @param {Row} b */
function isAlike(a, b) {
  return a.kind === b.kind && a.by === b.by && a.to === b.to && a.kind !== 'step' && a.kind !== 'note'
}

/** @param {Row[]} rows @returns {Row} */
function together(rows) {
  const [first] = /** @type {[Row]} */ (rows)
  return {
    ...first,
    members: rows.flatMap(({ members }) => members),
    last: /** @type {Row} */ (rows.at(-1)).connection,
    size: rows.reduce((sum, { size }) => sum + size, 0),
    n: rows.length,
  }
}
