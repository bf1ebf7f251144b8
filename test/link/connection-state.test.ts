import { test } from 'tap'
import {
  CLIENT_ROWS,
  type ClientEvent,
  type ClientState,
  step,
  UPSTREAM_ROWS,
  type UpstreamEvent,
  type UpstreamState,
} from '../../lib/link/connection-state.js'

/** The tables as drawings: the state, the event, the next state, and a dash with the reason for an impossible event. */
const CLIENT: Record<ClientState, Record<ClientEvent, ClientState | `- ${string}`>> = {
  idle: {
    begun: 'reading',
    understood: 'exchanging',
    kept: '- there is no exchange',
    ended: 'lingering',
    switched: '- there is no exchange',
    'half-closed': 'closed',
    dropped: 'closed',
  },
  reading: {
    begun: '- it has begun',
    understood: 'exchanging',
    kept: '- there is no exchange',
    ended: 'lingering',
    switched: '- there is no exchange',
    'half-closed': 'reading',
    dropped: 'closed',
  },
  exchanging: {
    begun: '- what comes now waits until the exchange is over',
    understood: '- one exchange at a time (RFC 9112 9.3.2)',
    kept: 'idle',
    ended: 'lingering',
    switched: 'tunnelling',
    'half-closed': 'exchanging',
    dropped: 'closed',
  },
  lingering: {
    begun: '- what comes now is thrown away unread',
    understood: '- what comes now is thrown away unread',
    kept: '- our side has ended',
    ended: '- our side has ended already',
    switched: '- our side has ended',
    'half-closed': 'closed',
    dropped: 'closed',
  },
  tunnelling: {
    begun: '- bytes of a tunnel are not messages',
    understood: '- bytes of a tunnel are not messages',
    kept: '- there is no way back from a tunnel',
    ended: '- a tunnel passes ends on, it has none of its own',
    switched: '- it is one already',
    'half-closed': 'tunnelling',
    dropped: 'closed',
  },
  closed: {
    begun: '- nothing is read any more',
    understood: '- nothing is read any more',
    kept: '- it is gone',
    ended: '- it is gone',
    switched: '- it is gone',
    'half-closed': '- nothing is read any more',
    dropped: 'closed',
  },
}

const UPSTREAM: Record<UpstreamState, Record<UpstreamEvent, UpstreamState | `- ${string}`>> = {
  new: {
    dialed: 'busy',
    released: '- it is not in use',
    reserved: '- it is not in use',
    acquired: '- it is not in the pool yet',
    removed: '- it is not in the pool yet',
  },
  busy: {
    dialed: '- it is connected',
    released: 'idle',
    reserved: '- its exchange is not over',
    acquired: '- it is in use',
    removed: 'closed',
  },
  idle: {
    dialed: '- it is connected',
    released: '- it was released already',
    reserved: 'reserved',
    acquired: 'busy',
    removed: 'closed',
  },
  reserved: {
    dialed: '- it is connected',
    released: '- it was released already',
    reserved: '- it is already',
    acquired: 'busy',
    removed: 'closed',
  },
  closed: {
    dialed: '- it is gone',
    released: '- it is gone',
    reserved: '- it is gone',
    acquired: '- it is gone',
    removed: 'closed',
  },
}

for (const state of Object.keys(CLIENT) as ClientState[]) {
  test(`R93: what may happen next on a client connection that is ${state}`, async t => {
    for (const event of Object.keys(CLIENT[state]) as ClientEvent[]) {
      const to = CLIENT[state][event]
      const go = (): ClientState => step(CLIENT_ROWS[state][event]).state
      if (to.startsWith('-'))
        t.throws(go, { message: `a connection that is ${state} cannot be ${event}` }, `${event} ${to}`)
      else t.equal(go(), to, event)
    }
  })
}

for (const state of Object.keys(UPSTREAM) as UpstreamState[]) {
  test(`R72: what may happen next on an upstream connection that is ${state}`, async t => {
    for (const event of Object.keys(UPSTREAM[state]) as UpstreamEvent[]) {
      const to = UPSTREAM[state][event]
      const go = (): UpstreamState => step(UPSTREAM_ROWS[state][event]).state
      if (to.startsWith('-'))
        t.throws(go, { message: `a connection that is ${state} cannot be ${event}` }, `${event} ${to}`)
      else t.equal(go(), to, event)
    }
  })
}
