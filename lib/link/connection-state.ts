/**
 * What may happen next on one connection: a table for each side, states down, events across. What is not in a table cannot
 * happen: `next` throws, and that is a bug of ours, never something a peer can cause.
 *
 * How to edit: change the row, then the case in `test/link/connection-state.test.ts` that draws it; a new event gets a place in
 * *every* row or a reason in that test for each row that lacks it. Code asks `next` and acts on the answer; it never compares
 * states to find out what an event means.
 */
export function next<State extends string, Event extends string>(
  table: Table<State, Event>,
  state: State,
  event: Event,
): State {
  const to = table[state][event]
  if (to === undefined) throw new Error(`a connection that is ${state} cannot be ${event}`)
  return to
}

export type Table<State extends string, Event extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Event, State>>>>
>

/**
 * Toward a client, in its life's order.
 *
 * - `idle`: open, and no octet of a request is here (empty lines do not count).
 * - `reading`: a request head has begun.
 * - `exchanging`: its head is whole; request content and response are under way, further octets are content or wait their turn.
 * - `lingering`: our side has ended, what still comes is thrown away (RFC 9112 9.6).
 * - `tunnelling`: after 2xx to CONNECT or after 101 octets go both ways.
 * - `closed`: nothing more. A reset is both an error and a close to Node, so `dropped` may come again.
 */
export type ClientState = 'idle' | 'reading' | 'exchanging' | 'lingering' | 'tunnelling' | 'closed'

/**
 * - `begun`: first octet of a head; `understood`: the head is whole (in one read both happen at once, and `begun` may be left out).
 * - `kept`: both messages are whole and the verdict is "keep"; `ended`: the verdict is a `CloseReason`, or we refused; our FIN is sent.
 * - `switched`: it is a tunnel now.
 * - `half-closed`: the client's FIN. In an exchange it changes nothing here: the exchange decides (`halfClosedMs`).
 * - `dropped`: reset, error, a deadline that asks for no answer, or all said and done.
 */
export type ClientEvent = 'begun' | 'understood' | 'kept' | 'ended' | 'switched' | 'half-closed' | 'dropped'

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
 * Toward an upstream, as the pool's book drives it. A FIN or an octet on an idle connection is `removed` (RFC 9112 9.2, 9.5): there is
 * no row in which something may be read from a connection that nobody uses.
 */
export type UpstreamState = 'new' | 'busy' | 'idle' | 'closed'

export type UpstreamEvent = 'dialed' | 'released' | 'acquired' | 'removed'

export const UPSTREAM_TABLE = {
  new: { dialed: 'busy' },
  busy: { released: 'idle', removed: 'closed' },
  idle: { acquired: 'busy', removed: 'closed' },
  closed: { removed: 'closed' },
} as const satisfies Table<UpstreamState, UpstreamEvent>
