import { hkdfSync, randomBytes } from 'node:crypto'
import type { Clock, Timer } from '../clock.js'
import { TICKET_KEY_BYTES } from './secure-accept.js'

/**
 * Anyone who obtains a key can decrypt TLS 1.2 sessions that were resumed with it, so it must not live long. Go: a day; nginx:
 * the lifetime of its process.
 */
const PERIOD_MS = 12 * 3_600_000

/** The secret from which all keys of a deployment are derived; it never leaves its processes. */
export function ticketSecret(): string {
  return randomBytes(32).toString('base64')
}

/**
 * Keys for session tickets, derived from a secret and the current time: all processes with the same secret have the same keys
 * at any moment, so that a session can be resumed at another worker. Reports the current keys at once, and new ones twice a
 * day. A client whose ticket was encrypted with the previous keys does a full handshake.
 */
export function followTicketKeys(clock: Clock, secret: string, report: (keys: Buffer) => void): Timer {
  let timer: Timer
  const turn = (): void => {
    const now = clock.wallMs()
    const period = Math.floor(now / PERIOD_MS)
    report(
      Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'base64'), '', `session tickets ${period}`, TICKET_KEY_BYTES)),
    )
    timer = clock.after((period + 1) * PERIOD_MS - now, turn)
  }
  turn()
  return { cancel: () => timer.cancel() }
}
