import { hkdfSync, randomBytes } from 'node:crypto'
import type { Clock, Timer } from '../clock.js'
import { TICKET_KEY_BYTES } from './secure-accept.js'

/** Whoever learns a key can read what was said in TLS 1.2 sessions that were resumed by it: it must not live long. Go: a day; nginx: as long as its process. */
const PERIOD_MS = 12 * 3_600_000

/** What the keys of one deployment are made of; it never leaves its processes. */
export function ticketSecret(): string {
  return randomBytes(32).toString('base64')
}

/**
 * Keys for session tickets, made of a secret and the time of day: whoever has the same secret has the same keys at any moment, so that
 * a session may go on at another worker. Tells the present ones at once, and others twice a day. A session whose ticket was
 * sealed with the keys before begins with a full handshake.
 */
export function followTicketKeys(clock: Clock, secret: string, tell: (keys: Buffer) => void): Timer {
  let timer: Timer
  const turn = (): void => {
    const now = clock.wallMs()
    const period = Math.floor(now / PERIOD_MS)
    tell(
      Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'base64'), '', `session tickets ${period}`, TICKET_KEY_BYTES)),
    )
    timer = clock.after((period + 1) * PERIOD_MS - now, turn)
  }
  turn()
  return { cancel: () => timer.cancel() }
}
