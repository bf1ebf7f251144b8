/**
 * The state machine of a connection: one table for each side, with a row per state and a column per event. A transition that is
 * not in the table cannot happen: `step` throws, which is a bug in the proxy, never something a peer can cause.
 *
 * How to edit: change the row, then its case in `test/link/connection-state.test.ts`. A new event needs an entry in *every* row,
 * or a reason in that test for each row without it. Code takes the step and acts on the resulting state; it never compares states
 * to find out what an event means.
 */
export function step<R extends { readonly fault: string }>(to: R): R {
  if (to.fault !== '') throw new Error(to.fault)
  return to
}

/**
 * A state with its successors by event: `at = step(at.kept)` costs two loads, without a lookup of names. An event that cannot
 * happen leads to a row with a `fault`.
 */
export type Row<State extends string, Event extends string> = {
  readonly state: State
  /** '' for a state; else why the step to this row is impossible. */
  readonly fault: string
} & { readonly [E in Event]: Row<State, Event> }

export type Table<State extends string, Event extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Event, State>>>>
>

/**
 * The states of a client connection, in the order of its life.
 *
 * - `idle`: open, and no byte of a request was received (empty lines do not count).
 * - `reading`: a request head has begun.
 * - `exchanging`: its head is complete; request content and response are under way, and further bytes are content or wait.
 * - `lingering`: our side is closed, and everything that is still received is discarded (RFC 9112 9.6).
 * - `tunnelling`: after a 2xx to CONNECT or a 101, bytes pass in both directions.
 * - `closed`: the end. Node reports a reset both as an error and as a close, so `dropped` may occur again.
 */
export type ClientState = 'idle' | 'reading' | 'exchanging' | 'lingering' | 'tunnelling' | 'closed'

/**
 * - `begun`: the first byte of a head; `understood`: the head is complete (if one read has both, `begun` may be omitted).
 * - `kept`: both messages are complete and the verdict is "keep"; `ended`: the verdict is a `CloseReason`, or the proxy refused;
 *   our FIN is sent.
 * - `switched`: the connection is a tunnel now.
 * - `half-closed`: the FIN of the client. In an exchange it changes nothing here: the exchange decides (`halfClosedMs`).
 * - `dropped`: a reset, an error, a deadline that needs no answer, or the regular end.
 */
export type ClientEvent = (typeof CLIENT_EVENTS)[number]

const CLIENT_EVENTS = ['begun', 'understood', 'kept', 'ended', 'switched', 'half-closed', 'dropped'] as const

const CLIENT_TABLE = {
  idle: { begun: 'reading', understood: 'exchanging', ended: 'lingering', 'half-closed': 'closed', dropped: 'closed' },
  reading: { understood: 'exchanging', ended: 'lingering', 'half-closed': 'reading', dropped: 'closed' },
  exchanging: {
    kept: 'idle',
    ended: 'lingering',
    switched: 'tunnelling',
    'half-closed': 'exchanging',
    dropped: 'closed',
  },
  lingering: { 'half-closed': 'closed', dropped: 'closed' },
  tunnelling: { 'half-closed': 'tunnelling', dropped: 'closed' },
  closed: { dropped: 'closed' },
} as const satisfies Table<ClientState, ClientEvent>

/**
 * The states of an upstream connection, as the book of its pool drives it. A FIN or a byte on an idle connection is `removed`
 * (RFC 9112 9.2, 9.5): in no state may something be read from a connection that is not in use.
 *
 * - `reserved`: idle, and only for the client connection that has logged in on it (RFC 4559 6).
 */
export type UpstreamState = 'new' | 'busy' | 'idle' | 'reserved' | 'closed'

export type UpstreamEvent = (typeof UPSTREAM_EVENTS)[number]

const UPSTREAM_EVENTS = ['dialed', 'released', 'reserved', 'acquired', 'removed'] as const

const UPSTREAM_TABLE = {
  new: { dialed: 'busy' },
  busy: { released: 'idle', removed: 'closed' },
  idle: { reserved: 'reserved', acquired: 'busy', removed: 'closed' },
  reserved: { acquired: 'busy', removed: 'closed' },
  closed: { removed: 'closed' },
} as const satisfies Table<UpstreamState, UpstreamEvent>

/** The linked rows of a table; all have the same shape. */
function linked<State extends string, Event extends string>(
  table: Table<State, Event>,
  events: readonly Event[],
): Readonly<Record<State, Row<State, Event>>> {
  const make = (state: string, fault: string): Open => {
    const row: Open = { state, fault }
    for (const event of events) row[event] = row
    return row
  }
  const states = Object.keys(table) as State[]
  const rows = Object.fromEntries(states.map(state => [state, make(state, '')]))
  for (const state of states) {
    for (const event of events) {
      const to = table[state][event]
      const fault = `a connection that is ${state} cannot be ${event}`
      rows[state]![event] = to === undefined ? make(state, fault) : rows[to]!
    }
  }
  return rows as Record<State, unknown> as Record<State, Row<State, Event>>
}

/** A row under construction. */
interface Open {
  readonly state: string
  readonly fault: string
  [event: string]: Open | string
}

export type ClientRow = Row<ClientState, ClientEvent>
export const CLIENT_ROWS = linked<ClientState, ClientEvent>(CLIENT_TABLE, CLIENT_EVENTS)

export type UpstreamRow = Row<UpstreamState, UpstreamEvent>
export const UPSTREAM_ROWS = linked<UpstreamState, UpstreamEvent>(UPSTREAM_TABLE, UPSTREAM_EVENTS)
