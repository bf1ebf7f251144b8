import { test } from 'tap'
import { type Gateway, RefusedError } from '../../lib/daemon/gateway-types.js'
import { Worker } from '../../lib/daemon/workers/worker.js'
import type { FromWorker } from '../../lib/daemon/workers/worker-protocol.js'
import { NO_LEDGER } from '../admin/some-ledger.js'
import { FakeClock } from '../support/fake-clock.js'
import { BOUND, settled } from './fixture/fake-workers.js'
import { NO_SNAPSHOT, statsOf } from './fixture/stats.js'

type Told = FromWorker | { exit: number } | string

function workerOf(manner: Partial<Gateway<string>> = {}) {
  const clock = new FakeClock()
  const told: Told[] = []
  const gateway: Gateway<string> = {
    start: async () => BOUND,
    update: async configuration => {
      told.push(`update ${configuration}`)
      return { changes: {}, bound: BOUND }
    },
    announce: () => void told.push('announce'),
    drain: async () => void told.push('drain'),
    destroy: () => void told.push('destroy'),
    stats: () => statsOf(),
    snapshot: () => NO_SNAPSHOT,
    ledger: exchange => ({ ...NO_LEDGER, exchange }),
    watched: on => void told.push(`watched ${on}`),
    ...manner,
  }
  const line = {
    send: async (message: FromWorker) => void told.push(message),
    exit: (code: number) => void told.push({ exit: code }),
  }
  const open = (configuration: string, worker: number) => {
    told.push(`open ${configuration} as ${worker}`)
    return {
      gateway,
      applied: (taken: string) => void told.push(`applied ${taken}`),
      reopen: () => void told.push('reopen'),
      end: async () => void told.push('last lines'),
    }
  }
  return { clock, told, worker: new Worker(line, open, clock) }
}

const START = { kind: 'start', id: 1, worker: 3, configuration: 'one' }

test('it starts and says where it listens', async t => {
  const { worker, told } = workerOf()
  await worker.receive(START)
  t.strictSame(told, ['open one as 3', { kind: 'ready', id: 1, bound: BOUND }])
})

test('it says why it cannot start, and ends', async t => {
  const start = async () => {
    throw new RefusedError(['the port is taken', 'so is the other'])
  }
  const { worker, told } = workerOf({ start })
  await worker.receive(START)
  const refused = { kind: 'refused', id: 1, reasons: ['the port is taken', 'so is the other'] }
  t.strictSame(told.slice(1), [refused, 'last lines', { exit: 1 }])
})

test('it accepts a configuration, or says why not and continues', async t => {
  const { worker, told } = workerOf()
  await worker.receive(START)
  await worker.receive({ kind: 'reload', id: 2, configuration: 'two' })
  t.strictSame(told.slice(2), [
    'update two',
    'applied two',
    { kind: 'reloaded', id: 2, summary: { changes: {}, bound: BOUND } },
  ])
  const refusing = workerOf({
    update: async () => {
      throw new Error('not this one')
    },
  })
  await refusing.worker.receive(START)
  await refusing.worker.receive({ kind: 'reload', id: 2, configuration: 'two' })
  t.strictSame(refusing.told.at(-1), { kind: 'refused', id: 2, reasons: ['not this one'] })
})

test('it answers and obeys', async t => {
  const { worker, told } = workerOf()
  await worker.receive(START)
  await worker.receive({ kind: 'stats', id: 2 })
  await worker.receive({ kind: 'snapshot', id: 3, max: 9 })
  await worker.receive({ kind: 'ledger', id: 4, exchange: 'x1' })
  await worker.receive({ kind: 'watched', on: true })
  await worker.receive({ kind: 'reopen' })
  t.match(told.slice(2), [
    { kind: 'answer', id: 2, value: { name: 'here' } },
    { kind: 'answer', id: 3, value: { at: 0 } },
    { kind: 'answer', id: 4, value: { exchange: 'x1' } },
    'watched true',
    'reopen',
  ])
})

test('its end: announced, drained, the last lines, the last numbers, and gone; once', async t => {
  const { worker, told, clock } = workerOf()
  await worker.receive(START)
  const over = worker.receive({ kind: 'drain', announceMs: 100, graceMs: 1_000 })
  void worker.receive({ kind: 'drain', announceMs: 0, graceMs: 1 })
  await settled()
  t.strictSame(told.slice(2), ['announce'])
  clock.advance(100)
  await over
  t.match(told.slice(3), ['drain', 'last lines', { kind: 'drained' }, { exit: 0 }])
})

test('an unknown message, or one before the first, is a fault', async t => {
  const { worker } = workerOf()
  t.throws(() => worker.receive({ kind: 'dance' }), /unknown message/)
  t.throws(() => worker.receive({ kind: 'stats', id: 1 }), /before it was started/)
})
