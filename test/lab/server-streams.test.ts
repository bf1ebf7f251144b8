import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { test } from 'tap'
import { LAB_LIMITS } from '../../lib/lab/server/limits.js'
import { RecordedRun } from '../../lib/lab/server/recorded-run.js'
import { RunStreams } from '../../lib/lab/server/run-streams.js'
import { FakeClock } from '../support/fake-clock.js'

/** A response whose reader reads as much as the test allows. */
class PlayedResponse extends EventEmitter {
  writableNeedDrain = false
  written = ''
  destroyed = false
  ended = false

  writeHead(): this {
    return this
  }
  write(text: string): boolean {
    this.written += text
    return !this.writableNeedDrain
  }
  end(text: string): void {
    this.written += text
    this.ended = true
  }
  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }
}

function scene() {
  const clock = new FakeClock()
  const streams = new RunStreams({ limits: LAB_LIMITS, clock })
  const run = new RecordedRun('well', () => {})
  const add = (after = 0) => {
    const response = new PlayedResponse()
    streams.add(response as unknown as ServerResponse, run, after)
    return response
  }
  return { clock, streams, run, add }
}

const told = (n: number) => `id: ${n}\ndata: {"n":${n}}\n\n`

test('a reader gets the earlier events in pieces, and then each event as it comes', async t => {
  const { run, add } = scene()
  for (let nth = 1; nth <= 3; nth++) run.add(`{"n":${nth}}`)
  const all = add()
  const late = add(2)
  run.add('{"n":4}')
  t.equal(all.written, `retry: 1000\n\n${[1, 2, 3, 4].map(told).join('')}`)
  t.equal(late.written, `retry: 1000\n\n${[3, 4].map(told).join('')}`)
  run.end()
  t.match(late.written, /event: end\ndata: \{\}\n\n$/)
  t.ok(late.ended)
})

test('nothing is written for a reader that does not read; it is dropped if it goes on like that', async t => {
  const { clock, streams, run, add } = scene()
  const slow = add()
  const quick = add()
  slow.writableNeedDrain = true
  const before = slow.written
  for (let nth = 1; nth <= 1_000; nth++) run.add(`{"n":${nth}}`)
  t.equal(slow.written, before)
  t.match(quick.written, /id: 1000\n/)
  clock.advance(LAB_LIMITS.slowMs)
  t.notOk(slow.destroyed)
  clock.advance(LAB_LIMITS.beatMs)
  t.ok(slow.destroyed)
  t.notOk(quick.destroyed)
  t.equal(streams.open, 1)
  t.equal(run.listenerCount, 1)
})

test('a reader that was only slow goes on where it was', async t => {
  const { clock, run, add } = scene()
  const slow = add()
  slow.writableNeedDrain = true
  run.add('{"n":1}')
  run.add('{"n":2}')
  clock.advance(LAB_LIMITS.slowMs)
  slow.writableNeedDrain = false
  slow.emit('drain')
  t.match(slow.written, /id: 1\ndata: \{"n":1\}\n\nid: 2\n/)
  clock.advance(LAB_LIMITS.slowMs)
  t.notOk(slow.destroyed)
})

test('a reader that has got everything and does not leave is dropped, too; no timer is left', async t => {
  const { clock, streams, run, add } = scene()
  const reader = add()
  run.end()
  clock.advance(LAB_LIMITS.slowMs + LAB_LIMITS.beatMs)
  t.ok(reader.destroyed)
  t.equal(streams.open, 0)
  t.equal(clock.timers, 0)
})
