import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { ADVICE_CODES, advise } from '../../lib/admin/adviser.js'
import { Metrics } from '../../lib/admin/metrics.js'
import { MEMBER_STATES } from '../../lib/admin/source.js'
import { statusOf } from '../../lib/admin/status.js'
import { factsOf } from './facts.js'
import { Scene } from './scene.js'

const text = readFileSync(new URL('../../docs/admin.md', import.meta.url), 'utf8')
const rows = (heading: string) =>
  (text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '')
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .map(line => line.split(' | ').map(cell => cell.replace(/^\| | \|$/g, '').trim()))

test('docs/admin.md names every metric with its labels and its help', async t => {
  const totals = new Scene().stats()
  const lines = (await new Metrics().text({ totals, ready: true })).split('\n')
  const metrics = lines.flatMap(line => {
    const [, name = '', help = ''] = /^# HELP (hopwise_\S+) (.*)$/.exec(line) ?? []
    if (name === '') return []
    const sample = lines.find(it => it.startsWith(`${name}{`) || it.startsWith(`${name}_bucket{`)) ?? ''
    const labels = [...sample.matchAll(/(\w+)="/g)].map(([, label]) => `\`${label}\``).filter(label => label !== '`le`')
    return [[`\`${name}\``, labels.join(', '), help]]
  })
  t.same(rows('Metrics'), metrics)
})

test('docs/admin.md names every field of /status', async t => {
  const totals = new Scene().stats()
  const status = statusOf({ totals, ready: true, reason: '', advice: advise(factsOf()), now: totals.startedAt })
  const named = rows('Status').flatMap(([fields = '']) => [...fields.matchAll(/`(\w+)`/g)].map(([, field]) => field))
  t.same(named.sort(), Object.keys(status).sort())
})

test('docs/admin.md explains every state of a server', async t => {
  t.same(
    rows('How a server is').map(([state]) => state),
    MEMBER_STATES.map(state => `\`${state}\``),
  )
})

test('docs/admin.md explains every advice code, in the order of the rules', async t => {
  t.same(
    rows('Advice').map(([code]) => code),
    ADVICE_CODES.map(code => `\`${code}\``),
  )
})
