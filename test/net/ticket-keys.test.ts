import { test } from 'tap'
import { TICKET_KEY_BYTES } from '../../lib/net/client/secure-accept.js'
import { followTicketKeys, ticketSecret } from '../../lib/net/client/ticket-keys.js'
import { FakeClock } from '../support/fake-clock.js'

const HOUR_MS = 3_600_000

test('two processes with the same secret have the same keys, whenever they started', async t => {
  const secret = ticketSecret()
  const clock = new FakeClock({ wallMs: Date.UTC(2026, 0, 2, 3) })
  const [early, late]: [string[], string[]] = [[], []]
  const first = followTicketKeys(clock, secret, keys => early.push(keys.toString('hex')))
  clock.advance(20 * HOUR_MS)
  const second = followTicketKeys(clock, secret, keys => late.push(keys.toString('hex')))
  t.equal(early.length, 2, 'the second keys at noon')
  t.equal(early[0]?.length, 2 * TICKET_KEY_BYTES)
  t.not(early[0], early[1])
  t.equal(late[0], early[1])
  clock.advance(24 * HOUR_MS)
  t.same(late.slice(1), early.slice(2))
  t.equal(new Set(early).size, 4)
  first.cancel()
  second.cancel()
  t.equal(clock.timers, 0)
})

test('another secret gives other keys', async t => {
  const clock = new FakeClock()
  const told: string[] = []
  for (const secret of [ticketSecret(), ticketSecret()])
    followTicketKeys(clock, secret, keys => told.push(keys.toString('hex'))).cancel()
  t.not(told[0], told[1])
})
