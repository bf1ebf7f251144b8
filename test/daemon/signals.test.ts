import { type Test, test } from 'tap'
import { onSignals } from '../../lib/daemon/signals.js'

/** The handlers of a process, without a process; tap's own handlers see nothing of this. */
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

test('the first signal begins the drain, the second one ends it', async t => {
  const { told, giveBack, left } = taken(t, undefined)
  process.emit('SIGINT', 'SIGINT')
  process.emit('SIGINT', 'SIGINT')
  t.same(told, ['stop SIGINT', 'now SIGINT 130'])
  giveBack()
  t.equal(left(), 0)
})

test('under npm one Ctrl-C arrives twice: the copy does not count as a second one, not even after the end', async t => {
  const { told, giveBack, left } = taken(t, 'start')
  process.emit('SIGINT', 'SIGINT')
  process.emit('SIGINT', 'SIGINT')
  t.same(told, ['stop SIGINT'])
  process.emit('SIGINT', 'SIGINT')
  t.same(told, ['stop SIGINT', 'now SIGINT 130'], 'one copy, no more')
  giveBack()
  t.equal(left(), 1, 'a late copy ends nothing')
})
