import { test } from 'tap'
import { pulseBetween } from '../../lib/admin/pulse.js'
import { Scene } from './scene.js'

test('rates are since the last look, latency and reuse cover the last seconds', async t => {
  const scene = new Scene()
  const look = () => ({ at: scene.now, totals: scene.stats() })
  scene.pass(10_000)
  const earlier = look()
  scene.pass(10_000)
  const before = look()
  scene.pass(2_000)
  const now = look()
  const pulse = pulseBetween(earlier, before, now)
  t.equal(pulse.at, now.at)
  t.equal(pulse.requestsPerS, (now.totals.client.requests - before.totals.client.requests) / 2)
  t.ok(pulse.p50S !== null && pulse.p99S !== null && pulse.p50S <= pulse.p99S)
  const dialed = now.totals.upstream.dialed - earlier.totals.upstream.dialed
  const reused = now.totals.upstream.reused - earlier.totals.upstream.reused
  t.equal(pulse.reuse, reused / (dialed + reused))
})

test('nothing happened: no latency, no reuse; counters that start over give no negative rates', async t => {
  const scene = new Scene()
  scene.pass(5_000)
  const now = { at: scene.now, totals: scene.stats() }
  t.same(pulseBetween(now, now, { ...now, at: now.at + 1_000 }), {
    at: now.at + 1_000,
    requestsPerS: 0,
    errorsPerS: 0,
    p50S: null,
    p99S: null,
    reuse: null,
  })
  const restarted = { at: now.at + 1_000, totals: new Scene().stats() }
  t.equal(pulseBetween(now, now, restarted).requestsPerS, 0)
})
