import { type Test, test } from 'tap'
import { onSignals } from '../../lib/daemon/signals.js'

/** What a process would do, without one; tap has handlers of its own, which see nothing of this. */
function taken(t: Test, npmEvent: string | undefined) {
  const before = process.env.npm_lifecycle_event
  const own = process.listeners('SIGINT')
  process.removeAllListeners('SIGINT')
  if (npmEvent === undefined) delete process.env.npm_lifecycle_event
  else process.env.npm_lifecycle_event = npmEvent
  const told: string[] = []
  const giveBack = onSignals({
    stop: signal => told.push(`stop ${signal}`),
    stopNow: (signal, code) => told.push(`now ${signal} ${code}`),
    hangup: () => {},
    reopen: () => {},
    replace: () => {},
  })
  t.teardown(() => {
    giveBack()
    process.removeAllListeners('SIGINT')
    for (const listener of own) process.on('SIGINT', listener)
    if (before === undefined) delete process.env.npm_lifecycle_event
    else process.env.npm_lifecycle_event = before
  })
  return { told, giveBack, left: () => process.listenerCount('SIGINT') }
}

test('the first signal begins the end, the second is the end', async t => {
  const { told, giveBack, left } = taken(t, undefined)
  process.emit('SIGINT', 'SIGINT')
  process.emit('SIGINT', 'SIGINT')
  t.same(told, ['stop SIGINT', 'now SIGINT 130'])
  giveBack()
  t.equal(left(), 0)
})

test('under npm one Ctrl-C comes twice: the copy is no second one, not even when all has ended', async t => {
  const { told, giveBack, left } = taken(t, 'start')
  process.emit('SIGINT', 'SIGINT')
  process.emit('SIGINT', 'SIGINT')
  t.same(told, ['stop SIGINT'])
  process.emit('SIGINT', 'SIGINT')
  t.same(told, ['stop SIGINT', 'now SIGINT 130'], 'one copy, no more')
  giveBack()
  t.equal(left(), 1, 'what comes late ends nothing')
})
