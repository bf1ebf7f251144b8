import { test } from 'tap'
import { judge } from '../../bench/report/goals.mjs'
import type { Measured, Result } from '../../bench/report/statistics.mjs'

const result = (row: string, peer: string, measured: Partial<Measured>): Result => ({
  round: 0,
  row,
  peer,
  requests: 1,
  failed: 0,
  rssBytes: 0,
  ...measured,
})

test('goals of measured rows, met or not', async t => {
  const results = [
    result('small', 'nginx', { cpuUs: 10, requestsPerS: 100 }),
    result('small', 'empty-relay', { cpuUs: 9, requestsPerS: 100 }),
    result('small', 'http-proxy', { cpuUs: 40, requestsPerS: 25 }),
    result('small', 'hopwise', { cpuUs: 12, requestsPerS: 100 }),
    result('idle', 'hopwise', { eachBytes: 5000 }),
    result('64k', 'nginx', { requestsPerS: 10 }),
    result('64k', 'hopwise', { requestsPerS: 11 }),
  ]
  t.same(
    judge(results, ['http-proxy']).map(it => [it.row, it.text, it.limit, Number(it.value.toFixed(2)), it.met]),
    [
      ['small', 'CPU per request against nginx', '≤ 1.1', 1.2, false],
      ['small', 'CPU per request against http-proxy', '≤ 0.35', 0.3, true],
      ['small', 'CPU µs per request above the empty relay', '≤ 1.5', 3, false],
      ['64k', 'throughput against nginx', '≥ 1', 1.1, true],
      ['idle', 'bytes of RSS for each connection', '≤ 8192', 5000, true],
      ['small', 'requests per second against the best Node peer (http-proxy)', '≥ 1', 4, true],
    ],
  )
})

test('the distance to the empty relay is taken within each round: the machine’s speed may change between rounds', async t => {
  const results = [12, 20, 14].flatMap((floor, round) => [
    { ...result('small', 'empty-relay', { cpuUs: floor }), round },
    { ...result('small', 'hopwise', { cpuUs: floor + 2 }), round },
  ])
  t.match(judge(results, []), [{ text: 'CPU µs per request above the empty relay', value: 2 }])
})

test('in each row the closest Node peer counts', async t => {
  const results = [
    result('post', 'hopwise', { requestsPerS: 100 }),
    result('post', 'slow', { requestsPerS: 10 }),
    result('post', 'fast', { requestsPerS: 200 }),
  ]
  t.match(judge(results, ['slow', 'fast']), [{ row: 'post', text: /fast/, value: 0.5, met: false }])
  t.same(judge(results, []), [])
})
