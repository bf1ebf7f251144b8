import { spawnSync } from 'node:child_process'
import { test } from 'tap'
import { Metrics } from '../../lib/admin/metrics.js'
import { DEADLINES } from '../../lib/link/deadlines.js'
import { CLOSE_REASONS } from '../../lib/policy/close-reason.js'
import { needs, pathOf } from '../support/needs.js'
import { Scene } from './scene.js'
import { withAdmin } from './with-admin.js'

test('promtool finds no fault', needs('promtool'), async t => {
  const { ask, scene } = await withAdmin(t)
  scene.pass(30_000)
  const { status, headers, text } = await ask('/metrics')
  t.equal(status, 200)
  t.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  const {
    stdout,
    stderr,
    status: code,
  } = spawnSync(pathOf('promtool'), ['check', 'metrics'], { input: text, encoding: 'utf8' })
  t.same({ stdout, stderr, code }, { stdout: '', stderr: '', code: 0 })
})

test('the values are those of the totals', async t => {
  const scene = new Scene()
  scene.pass(30_000)
  const totals = scene.stats()
  const text = await new Metrics().text({ totals, ready: true })
  const value = (line: string) =>
    Number(
      text
        .split('\n')
        .find(it => it.startsWith(`${line} `))
        ?.slice(line.length),
    )
  const rows: readonly (readonly [string, number])[] = [
    ['hopwise_build_info{version="1.2.3"}', 1],
    ['hopwise_ready', 1],
    ['hopwise_workers', 2],
    ['hopwise_worker_restarts_total', 1],
    ['hopwise_reloads_total{result="refused"}', 1],
    ['hopwise_guard_refusals_total{guard="requestsPerSecond"}', 7],
    ['hopwise_client_connections{state="idle"}', totals.client.idle],
    ['hopwise_client_requests_total', totals.client.requests],
    ['hopwise_client_closes_total{reason="client-fin"}', totals.client.closes['client-fin'] ?? 0],
    ['hopwise_client_closes_total{reason="client-tls"}', 0],
    ['hopwise_upstream_connections{state="busy"}', totals.upstream.busy],
    ['hopwise_upstream_connections{state="reserved"}', totals.upstream.reserved],
    ['hopwise_upstream_dials_total', totals.upstream.dialed],
    ['hopwise_upstream_reuses_total', totals.upstream.reused],
    ['hopwise_upstream_reuse_ratio', totals.upstream.reused / (totals.upstream.reused + totals.upstream.dialed)],
    ['hopwise_upstream_races_lost_total', 2],
    ['hopwise_responses_total{class="2xx"}', totals.statuses['2xx']],
    ['hopwise_responses_total{class="other"}', totals.statuses.other],
    ['hopwise_responses_total{class="4xx"}', 0],
    ['hopwise_deadlines_total{deadline="responseHeadMs"}', 3],
    ['hopwise_retries_total', 4],
    ['hopwise_member_state{group="app",member="http://10.1.0.11:3000",state="up"}', 1],
    ['hopwise_member_state{group="app",member="http://10.1.0.11:3000",state="ejected"}', 0],
    ['hopwise_member_failures_total{group="app",member="http://10.1.0.13:3000"}', 2],
    ['hopwise_member_learned_idle_seconds{group="shop",member="http://10.1.0.21:8000"}', 4],
    ['hopwise_phase_seconds_count{phase="total"}', totals.phases.total.count],
    ['hopwise_phase_seconds_sum{phase="wait"}', totals.phases.wait.sum],
    ['hopwise_phase_seconds_bucket{le="60",phase="total"}', totals.phases.total.count],
    ['hopwise_phase_seconds_bucket{le="+Inf",phase="head"}', totals.phases.head.count],
  ]
  for (const [line, wanted] of rows) t.equal(value(line), wanted, line)
  const buckets = [...text.matchAll(/^hopwise_phase_seconds_bucket\{le="[^"]+",phase="total"\} (\d+)$/gm)].map(it =>
    Number(it[1]),
  )
  t.equal(buckets.length, totals.phases.total.bounds.length + 1)
  t.same(
    buckets.toSorted((a, b) => a - b),
    buckets,
    'each bucket holds those below it',
  )
})

test('labels are bounded: names from tables of hopwise and from the file, zeros included, so that every rate has a start', async t => {
  const text = await new Metrics().text({ totals: new Scene().stats(), ready: false })
  const labels = (metric: string, label: string) =>
    [...text.matchAll(new RegExp(`^${metric}\\{[^}]*${label}="([^"]+)"`, 'gm'))].map(([, value]) => value)
  t.same(labels('hopwise_upstream_closes_total', 'reason'), Object.keys(CLOSE_REASONS))
  t.same(labels('hopwise_deadlines_total', 'deadline'), Object.keys(DEADLINES))
  t.equal(/^hopwise_ready (\d)$/m.exec(text)?.[1], '0')
  t.equal(/^hopwise_upstream_reuse_ratio (\S+)$/m.exec(text)?.[1], '0', 'no request was sent to an upstream yet')
})

test('two scrapes get two answers, and the metrics of the process appear once', async t => {
  const { ask, scene } = await withAdmin(t)
  const [one, other] = await Promise.all([ask('/metrics'), ask('/metrics')])
  t.equal(one.status, 200)
  t.equal(other.status, 200)
  scene.pass(5_000)
  const { text } = await ask('/metrics')
  t.equal(Number(/^hopwise_client_requests_total (\d+)$/m.exec(text)?.[1]), scene.stats().client.requests)
  t.equal([...text.matchAll(/^# TYPE process_resident_memory_bytes gauge$/gm)].length, 1)
  t.notMatch(text, /nodejs_active_/, 'nothing that walks all connections')
})
