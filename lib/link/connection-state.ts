/**
 * What may happen next on one connection: a table for each side, states down, events across. What is not in a table cannot
 * happen: `step` throws, and that is a bug of ours, never something a peer can cause.
 *
 * How to edit: change the row, then the case in `test/link/connection-state.test.ts` that draws it; a new event gets a place in
 * *every* row or a reason in that test for each row that lacks it. Code takes the step and acts on where it leads; it never
 * compares states to find out what an event means.
 */
export function step<R extends { readonly fault: string }>(to: R): R {
  if (to.fault !== '') throw new Error(to.fault)
  return to
}

/**
 * A state of a table with the states that it leads to, by event: `at = step(at.kept)` is two loads, where names would have to
 * be looked up. An event that cannot happen leads to a row with a `fault`.
 */
export type Row<State extends string, Event extends string> = {
  readonly state: State
  /** '' for a state; else why the step to here cannot be taken. */
  readonly fault: string
} & { readonly [E in Event]: Row<State, Event> }

export type Table<State extends string, Event extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Event, State>>>>
>

/**
 * Toward a client, in its life's order.
 *
 * - `idle`: open, and no byte of a request is here (empty lines do not count).
 * - `reading`: a request head has begun.
 * - `exchanging`: its head is whole; request content and response are under way, further bytes are content or wait their turn.
 * - `lingering`: our side has ended, what still comes is thrown away (RFC 9112 9.6).
 * - `tunnelling`: after 2xx to CONNECT or after 101 bytes go both ways.
 * - `closed`: nothing more. A reset is both an error and a close to Node, so `dropped` may come again.
 */
export type ClientState = 'idle' | 'reading' | 'exchanging' | 'lingering' | 'tunnelling' | 'closed'

/**
 * - `begun`: first byte of a head; `understood`: the head is whole (in one read both happen at once, and `begun` may be left out).
 * - `kept`: both messages are whole and the verdict is "keep"; `ended`: the verdict is a `CloseReason`, or we refused; our FIN is sent.
 * - `switched`: it is a tunnel now.
 * - `half-closed`: the client's FIN. In an exchange it changes nothing here: the exchange decides (`halfClosedMs`).
 * - `dropped`: reset, error, a deadline that asks for no answer, or all said and done.
 */
export type ClientEvent = (typeof CLIENT_EVENTS)[number]

const CLIENT_EVENTS = ['begun', 'understood', 'kept', 'ended', 'switched', 'half-closed', 'dropped'] as const

export const CLIENT_TABLE = {
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
 * Toward an upstream, as the pool's book drives it. A FIN or a byte on an idle connection is `removed` (RFC 9112 9.2, 9.5): there is
 * no row in which something may be read from a connection that nobody uses.
 *
 * - `reserved`: idle, and for the one client connection alone that has logged in on it (RFC 4559 6).
 */
export type UpstreamState = 'new' | 'busy' | 'idle' | 'reserved' | 'closed'

export type UpstreamEvent = (typeof UPSTREAM_EVENTS)[number]

const UPSTREAM_EVENTS = ['dialed', 'released', 'reserved', 'acquired', 'removed'] as const

export const UPSTREAM_TABLE = {
  new: { dialed: 'busy' },
  busy: { released: 'idle', removed: 'closed' },
  idle: { reserved: 'reserved', acquired: 'busy', removed: 'closed' },
  reserved: { acquired: 'busy', removed: 'closed' },
  closed: { removed: 'closed' },
} as const satisfies Table<UpstreamState, UpstreamEvent>

/** The rows of a table, linked; all of one shape. */
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

/** A row while it is made. */
interface Open {
  readonly state: string
  readonly fault: string
  [event: string]: Open | string
}

export type ClientRow = Row<ClientState, ClientEvent>
export const CLIENT_ROWS = linked<ClientState, ClientEvent>(CLIENT_TABLE, CLIENT_EVENTS)

export type UpstreamRow = Row<UpstreamState, UpstreamEvent>
export const UPSTREAM_ROWS = linked<UpstreamState, UpstreamEvent>(UPSTREAM_TABLE, UPSTREAM_EVENTS)
