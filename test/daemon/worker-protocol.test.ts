import fc from 'fast-check'
import { test } from 'tap'
import {
  type FromWorker,
  readFromWorker,
  readToWorker,
  type ToWorker,
} from '../../lib/daemon/workers/worker-protocol.js'
import { checked } from '../wire/property.js'
import { BOUND } from './fixture/fake-workers.js'
import { NO_SNAPSHOT, statsOf } from './fixture/stats.js'

const TO_WORKER: ToWorker[] = [
  { kind: 'start', id: 1, worker: 2, configuration: {} },
  { kind: 'reload', id: 2, configuration: { a: [1] } },
  { kind: 'stats', id: 3 },
  { kind: 'snapshot', id: 4, max: 50 },
  { kind: 'ledger', id: 5, exchange: 'x7' },
  { kind: 'drain', announceMs: 0, graceMs: 8_000 },
  { kind: 'watched', on: true },
  { kind: 'reopen' },
]

const FROM_WORKER: FromWorker[] = [
  { kind: 'ready', id: 1, bound: BOUND },
  { kind: 'reloaded', id: 2, summary: { changes: { listeners: { total: 1, added: 1 } }, bound: BOUND } },
  { kind: 'refused', id: 2, reasons: ['no'] },
  { kind: 'answer', id: 3, value: statsOf() },
  { kind: 'answer', id: 4, value: NO_SNAPSHOT },
  { kind: 'answer', id: 5, value: null },
  { kind: 'drained', stats: statsOf() },
]

const sent = (message: unknown) => JSON.parse(JSON.stringify(message))

test('every message arrives as it was sent', async t => {
  for (const message of TO_WORKER) t.strictSame(readToWorker(sent(message)), message, message.kind)
  for (const message of FROM_WORKER) t.strictSame(readFromWorker(sent(message)), message, message.kind)
})

test('without one of its fields, or with a text in place of another type, it is not a message', async t => {
  for (const [read, messages] of [
    [readToWorker, TO_WORKER],
    [readFromWorker, FROM_WORKER],
  ] as const) {
    for (const message of messages)
      for (const field of Object.keys(message)) {
        t.equal(read({ ...message, [field]: undefined }), null, `${message.kind} without ${field}`)
        if (field === 'configuration' || field === 'exchange') continue
        t.equal(read({ ...message, [field]: 'other' }), null, `${message.kind} with another ${field}`)
      }
  }
})

test('ids and times are plausible numbers', async t => {
  for (const id of [0, -1, 1.5, Number.NaN, 2 ** 60, '1']) t.equal(readToWorker({ kind: 'stats', id }), null, `${id}`)
  for (const graceMs of [-1, Number.NaN, Number.POSITIVE_INFINITY, null])
    t.equal(readToWorker({ kind: 'drain', announceMs: 0, graceMs }), null, `${graceMs}`)
})

checked(
  'nothing that can be sent throws, and only an object with a known kind is a message',
  fc.property(fc.oneof(fc.anything(), fc.record({ kind: fc.constantFrom('toString', '__proto__', 'x') })), value => {
    return readToWorker(value) === null && readFromWorker(value) === null
  }),
)
