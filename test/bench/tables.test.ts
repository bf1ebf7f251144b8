import { test } from 'tap'
import type { Result } from '../../bench/report/statistics.mjs'
import { goalsTable, tableOf, toMarkdown, toText } from '../../bench/report/tables.mjs'

const result = (round: number, peer: string, more: Partial<Result>): Result => ({
  round,
  row: 'small',
  peer,
  requests: 1,
  failed: 1,
  rssBytes: 2 ** 20,
  ...more,
})
const small = { name: 'small', load: 'wrk' as const }

test('a line for each proxy; failures are summed, a missing measurement is a dash', async t => {
  const results = [
    result(0, 'nginx', { cpuUs: 10, requestsPerS: 1000 }),
    result(1, 'nginx', { cpuUs: 10, requestsPerS: 1000 }),
    result(0, 'hopwise', { cpuUs: 11, requestsPerS: 1100 }),
    result(1, 'hopwise', { cpuUs: 13, requestsPerS: 1100 }),
    result(0, 'alone', { row: 'other' }),
  ]
  const [titles = [], nginx = [], hopwise = [], ...rest] = tableOf(small, results)
  const cell = (line: string[], title: string) => line[titles.indexOf(title)]
  t.same(rest, [])
  t.equal(nginx[0], 'nginx')
  t.equal(cell(nginx, 'CPU × nginx'), '1.00')
  t.equal(cell(hopwise, 'CPU µs/request'), '12.0')
  t.equal(cell(hopwise, 'CPU × nginx'), '1.20 (1.10–1.30)')
  t.equal(cell(hopwise, 'requests/s'), '1100')
  t.equal(cell(hopwise, 'p99 ms'), '-')
  t.equal(cell(hopwise, 'RSS MiB'), '1')
  t.equal(cell(hopwise, 'failed'), '2')
})

test('nothing measured: no table', async t => {
  t.same(tableOf(small, []), [])
  t.same(goalsTable([]), [])
  t.equal(toText([]), '')
})

test('a row about memory has its own columns', async t => {
  const idle = { name: 'small', load: 'idle' as const, fresh: true }
  const results = [result(0, 'hopwise', { open: 10, rssBeforeBytes: 2 ** 20, eachBytes: 512 })]
  t.same(tableOf(idle, results), [
    ['', 'connections', 'RSS before MiB', 'after MiB', 'KiB each', 'failed'],
    ['hopwise', '10', '1.0', '1.0', '0.5', '1'],
  ])
})

test('for terminals and for Markdown', async t => {
  const lines = [
    ['', 'requests/s'],
    ['nginx', '10'],
  ]
  t.equal(toText(lines), '       requests/s\nnginx          10')
  t.equal(toMarkdown(lines), '|  | requests/s |\n| --- | ---: |\n| nginx | 10 |')
})

test('goals', async t => {
  const goals = [{ row: 'idle', text: 'octets', value: 5000.4, limit: '≤ 8192', met: false }]
  t.same(goalsTable(goals), [
    ['row', 'goal', 'limit', 'measured', 'met'],
    ['idle', 'octets', '≤ 8192', '5000', 'NO'],
  ])
})
