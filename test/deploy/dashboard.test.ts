import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { Metrics } from '../../lib/admin/metrics.js'
import { Scene } from '../admin/scene.js'
import { run } from '../support/child.js'
import { needs, pathOf } from '../support/needs.js'
import { tempFolder } from '../support/temp-folder.js'
import { pathOf as configPath, read, readYaml } from './files.js'

interface Panel {
  id: number
  type: string
  title: string
  datasource?: { uid: string }
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: { refId: string; expr: string; legendFormat: string; datasource: { uid: string } }[]
}

interface Dashboard {
  uid: string
  panels: Panel[]
  templating: { list: { name: string; query: { query: string } }[] }
}

const dashboard: Dashboard = JSON.parse(read('grafana/hopwise.json'))
const shown = dashboard.panels.filter(({ type }) => type !== 'row')
const targets = shown.flatMap(({ title, targets = [] }) => targets.map(target => ({ title, ...target })))

/** As Grafana would send it. */
const expanded = (query: string) => query.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*')

async function metricsText(): Promise<string> {
  const scene = new Scene()
  scene.pass(30_000)
  return new Metrics().text({ totals: scene.stats(), ready: true })
}

/** The names in /metrics, each with its labels; `instance` and `job` are Prometheus's own. */
async function metrics(): Promise<Map<string, Set<string>>> {
  const text = await metricsText()
  const found = new Map<string, Set<string>>()
  for (const [, name = '', labels = ''] of text.matchAll(/^([a-z]\w*)(?:\{(.*)\})? \S+$/gm)) {
    const names = found.get(name) ?? new Set(['instance', 'job'])
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) names.add(label)
    found.set(name, names)
  }
  return found
}

test('every metric in the dashboard exists, with every label', async t => {
  const known = await metrics()
  t.ok(known.size > 50 && targets.length > 20)
  const queries = [
    ...targets,
    ...dashboard.templating.list.map(({ name, query }) => ({ title: name, expr: query.query })),
  ]
  for (const { title, expr } of queries) {
    const names = [...expr.matchAll(/\b(?:hopwise|process|nodejs)_\w+/g)].map(([name]) => name)
    t.ok(names.length > 0, `${title}: ${expr}`)
    t.same(
      names.filter(name => !known.has(name)),
      [],
      `${title}: ${expr}`,
    )
    const labels = [
      ...[...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/, */)),
      ...[...expr.matchAll(/(\w+)(?:=~?|!=|!~)"/g)].map(([, label = '']) => label),
    ]
    t.same(
      labels.filter(label => !names.some(name => known.get(name)?.has(label))),
      [],
      `${title}: labels`,
    )
  }
})

test('every label value that the dashboard queries exists', async t => {
  const text = await metricsText()
  const asked = targets.flatMap(({ title, expr }) =>
    [...expr.matchAll(/(hopwise_\w+)\{([^}]*)\}/g)].flatMap(([, name = '', matchers = '']) =>
      [...matchers.matchAll(/(\w+)=~?"([\w|-]+)"/g)].flatMap(([, label = '', values = '']) =>
        values.split('|').map(value => ({ title, name, sample: `${label}="${value}"` })),
      ),
    ),
  )
  t.ok(asked.length >= 7)
  for (const { title, name, sample } of asked)
    t.ok(
      text.split('\n').some(line => line.startsWith(`${name}{`) && line.includes(sample)),
      `${title}: ${name}{${sample}}`,
    )
})

test('Prometheus accepts every query', needs('promtool'), async t => {
  const rules = targets.map(({ expr }, i) => ({ record: `panel:${i}`, expr: expanded(expr) }))
  const file = join(tempFolder(t), 'rules.yml')
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }))
  const { code, err } = await run(t, pathOf('promtool'), ['check', 'rules', file])
  t.equal(code, 0, err)
})

test('the configuration of Prometheus is valid', needs('promtool'), async t => {
  const file = configPath('prometheus/prometheus.yml')
  const { code, err } = await run(t, pathOf('promtool'), ['check', 'config', file])
  t.equal(code, 0, err)
})

test('legends use labels that the query keeps', t => {
  for (const { title, expr, legendFormat } of targets) {
    const labels = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
    const kept = /by \(([^)]*)\)/.exec(expr)?.[1]?.split(/, */) ?? ['instance']
    t.same(
      labels.filter(label => !kept.includes(label)),
      [],
      title,
    )
  }
  t.end()
})

test('panels do not overlap, on a grid of 24', t => {
  const cells = new Set<string>()
  for (const {
    title,
    gridPos: { x, y, w, h },
  } of dashboard.panels) {
    t.ok(x + w <= 24, title)
    for (let i = x; i < x + w; i++)
      for (let j = y; j < y + h; j++) {
        if (cells.has(`${i} ${j}`)) t.fail(`${title} overlaps another panel`)
        cells.add(`${i} ${j}`)
      }
  }
  t.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length)
  t.end()
})

test('Grafana finds the dashboard and its data source', t => {
  const { datasources } = readYaml('grafana/provisioning/datasources/prometheus.yaml') as {
    datasources: { uid: string; url: string }[]
  }
  t.match(datasources, [{ uid: 'prometheus', url: 'http://prometheus:9090' }])
  t.ok(targets.every(({ datasource }) => datasource.uid === datasources[0]?.uid))
  const { providers } = readYaml('grafana/provisioning/dashboards/hopwise.yaml') as {
    providers: { options: { path: string } }[]
  }
  const { services } = readYaml('compose.yaml') as { services: { grafana: { volumes: string[] } } }
  t.same(services.grafana.volumes, [
    './grafana/provisioning:/etc/grafana/provisioning:ro',
    `./grafana/hopwise.json:${providers[0]?.options.path}/hopwise.json:ro`,
  ])
  t.end()
})
