import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { ADVICE_CODES } from '../../lib/admin/adviser.js'
import { Metrics } from '../../lib/admin/metrics.js'
import { MEMBER_STATES } from '../../lib/admin/source.js'
import { readConfigurationText } from '../../lib/config/read.js'
import { PROXY_ERRORS } from '../../lib/link/proxy-error.js'
import { CLOSE_REASONS } from '../../lib/policy/close-reason.js'
import { Scene } from '../admin/scene.js'
import { run } from '../support/child.js'
import { needs, pathOf } from '../support/needs.js'
import { tempFolder } from '../support/temp-folder.js'
import { read } from './references.js'

const OPERATIONS = read('docs/operations.md')
/** Documents that contain parts of configurations; those with other YAML are left out. */
const DOCUMENTS = ['README.md', 'docs/configuration.md', 'docs/operations.md', 'docs/admin.md', 'docs/running.md']

const quoted = (text: string): string[] =>
  [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, words = '']) => words)

/** The fenced YAML blocks. */
const yamlIn = (text: string): string[] =>
  [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml = '']) => yaml)

/** Every key that a configuration may have, at any level. */
function keysOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const { properties = {} } = schema as { properties?: object }
  return [...Object.keys(properties), ...Object.values(schema).flatMap(keysOf)]
}

/** A complete configuration stays as it is; a part gets what it needs to be one. */
function completed(yaml: string): string {
  const given: Record<string, unknown> = parse(yaml)
  const listeners = [{ address: '127.0.0.1:8080', routes: [{ upstream: 'http://127.0.0.1:3000' }] }]
  return stringify({ ...('listeners' in given ? {} : { listeners }), ...given })
}

/** Keys of log lines, of /status and of Kubernetes. */
const OTHER_KEYS = new Set([
  'clientVerdict',
  'clientCertificate',
  'upstreamVerdict',
  'firstByte',
  'lastFailure',
  'terminationGracePeriodSeconds',
])

test('docs/operations.md names only existing keys', t => {
  const keys = new Set(keysOf(JSON.parse(read('config/hopwise.schema.json'))))
  const named = quoted(OPERATIONS).flatMap(words =>
    [...words.matchAll(/(?<![\w./-])(?:[a-z]+\.)*([a-z]+[A-Z]\w*)(?![\w/])/g)].map(([, key = '']) => key),
  )
  t.ok(named.length > 50)
  t.same(
    named.filter(key => !keys.has(key) && !OTHER_KEYS.has(key)),
    [],
  )
  t.end()
})

test('docs/operations.md names only existing reasons, errors and states', t => {
  const known = new Set<string>([
    ...Object.keys(CLOSE_REASONS),
    ...Object.keys(PROXY_ERRORS),
    ...ADVICE_CODES,
    ...MEMBER_STATES,
    ...['round-robin', 'least-connections', 'hopwise-health-check', 'client-…', 'upstream-…', 'upstream-aborted'],
    ...['stop_grace_period', 'docker stop', 'gzip_proxied', 'no-transform'],
  ])
  const named = quoted(OPERATIONS).filter(
    words => /^[a-z]+([-_][a-z…]+)+$/.test(words) && !words.startsWith('hopwise_'),
  )
  t.ok(named.length > 20)
  t.same(
    named.filter(name => !known.has(name)),
    [],
  )
  t.end()
})

test('docs/operations.md names only existing metrics and labels', async t => {
  const text = await new Metrics().text({ totals: new Scene().stats(), ready: true })
  const known = new Set([...text.matchAll(/^(?:# TYPE )?(\w+)/gm)].map(([, name]) => name))
  const named = [...OPERATIONS.matchAll(/\bhopwise_\w+/g)].map(([name]) => name)
  t.ok(named.length > 15)
  t.same(
    named.filter(name => !known.has(name)),
    [],
  )
  const labels = [...OPERATIONS.matchAll(/(\w+)(?:=~?|!~)"([\w|.*-]+)"/g)].filter(([, label]) => label !== 'job')
  t.ok(labels.length > 5)
  const errors = Object.keys(PROXY_ERRORS).map(error => `error="${error}"`)
  for (const [, label, values = ''] of labels)
    for (const value of values.split('|'))
      t.match([text, ...errors].join('\n'), new RegExp(`\\b${label}="(?:${value})"`), `${label}="${value}"`)
})

test('Prometheus accepts the alerts', needs('promtool'), async t => {
  const rules = yamlIn(OPERATIONS).filter(yaml => yaml.startsWith('groups:'))
  t.equal(rules.length, 1)
  const file = join(tempFolder(t), 'alerts.yml')
  writeFileSync(file, rules.join(''))
  const { code, out, err } = await run(t, pathOf('promtool'), ['check', 'rules', file])
  t.equal(code, 0, err)
  t.match(out, /\b10 rules found\b/)
})

test('configurations in the documents are valid, complete ones and parts', t => {
  const found = DOCUMENTS.flatMap(path =>
    yamlIn(read(path))
      .filter(yaml => !yaml.startsWith('groups:'))
      .map(yaml => ({ path, yaml })),
  )
  t.ok(found.length >= 2)
  for (const { path, yaml } of found) {
    t.same(parseAllDocuments(yaml).length, 1, path)
    const { findings } = readConfigurationText(completed(yaml), path, { environment: {}, checkFiles: false })
    t.same(findings, [], `${path}:\n${yaml}`)
  }
  t.end()
})

test('the file in the README has ten lines', t => {
  const [first = ''] = yamlIn(read('README.md'))
  t.equal(first.trim().split('\n').length, 10)
  t.end()
})
