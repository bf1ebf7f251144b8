import { test } from 'tap'
import { compare, gateRatios } from '../../bench/report/gate.mjs'
import type { Result } from '../../bench/report/statistics.mjs'

const result = (row: string, peer: string, cpuUs: number, requestsPerS: number): Result => ({
  round: 0,
  row,
  peer,
  requests: 1,
  failed: 0,
  rssBytes: 0,
  cpuUs,
  requestsPerS,
})

test('ratios to nginx: CPU in each row, throughput where it is the goal', async t => {
  const results = [
    result('small', 'nginx', 10, 100),
    result('small', 'hopwise', 11, 90),
    result('64k', 'nginx', 50, 100),
    result('64k', 'hopwise', 40, 120),
    result('post', 'hopwise', 40, 120),
  ]
  const rows = [{ name: 'small' }, { name: '64k', rates: true }, { name: 'post' }]
  t.same(gateRatios(rows, results), { small: { cpuUs: 1.1 }, '64k': { cpuUs: 0.8, requestsPerS: 1.2 } })
})

for (const { what, key, stored, now, failed } of [
  { what: '9 % more CPU passes', key: 'cpuUs', stored: 1, now: 1.09, failed: false },
  { what: '11 % more CPU fails', key: 'cpuUs', stored: 1, now: 1.11, failed: true },
  { what: 'less CPU passes', key: 'cpuUs', stored: 1, now: 0.5, failed: false },
  { what: '9 % less throughput passes', key: 'requestsPerS', stored: 1.09, now: 1, failed: false },
  { what: '11 % less throughput fails', key: 'requestsPerS', stored: 1.11, now: 1, failed: true },
  { what: 'more throughput passes', key: 'requestsPerS', stored: 1, now: 2, failed: false },
]) {
  test(what, async t => {
    const [found] = compare({ small: { [key]: stored } }, { small: { [key]: now } })
    t.match(found, { row: 'small', key, stored, now, failed })
  })
}

test('only values that both have are compared', async t => {
  t.same(compare({ small: { cpuUs: 1 }, gone: { cpuUs: 1 } }, { small: { cpuUs: 1 }, added: { cpuUs: 9 } }), [
    { row: 'small', key: 'cpuUs', stored: 1, now: 1, worse: 0, failed: false },
  ])
})
