import { writeFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { test } from 'tap'
import * as yaml from 'yaml'
import { jsonSchema, jsonSchemaText, type SchemaNode, sections } from '../../lib/config/json-schema.js'
import { NUMBER_SPECS } from '../../lib/config/numbers.js'
import { readConfigurationText } from '../../lib/config/read.js'
import { keyTables, pathTo, read } from './tables.js'

const EXAMPLES = ['hopwise', 'reverse', 'forward', 'everything']
const EDITOR_LINE = '# yaml-language-server: $schema=./hopwise.schema.json\n'

test('config/hopwise.schema.json is what the schema says', async t => {
  t.equal(read('config/hopwise.schema.json'), jsonSchemaText(), 'npm run schema rewrites it')
})

test('docs/configuration.md has every key, with its default and its description', async t => {
  const path = 'docs/configuration.md'
  const tables = keyTables()
  if (process.env.UPDATE_DOCS) {
    const text = read(path).replace(/(<!-- keys -->\n)[\s\S]*?(<!-- \/keys -->)/, (_, a, b) => `${a}${tables}\n${b}`)
    writeFileSync(pathTo(path), text)
  }
  const part = /<!-- keys -->\n([\s\S]*?)\n<!-- \/keys -->/.exec(read(path))?.[1]
  t.equal(part, tables, 'UPDATE_DOCS=1 npx tap run --disable-coverage test/config/documents.test.ts rewrites it')
})

test('every key has a description of one sentence', async t => {
  for (const { path, node } of sections())
    for (const [key, { description = '' }] of Object.entries(node.properties ?? {})) {
      t.match(description, /^\S.*[.:]$/, `${path}.${key}`)
      t.ok(description.length <= 120, `${path}.${key} fits on a line`)
    }
})

test('each example has the line for editors, and passes the check and the schema', async t => {
  const validate = new Ajv({ strict: true, allErrors: true, strictTypes: false }).compile(jsonSchema())
  for (const name of EXAMPLES) {
    const file = `config/${name}.yaml`
    const text = read(file)
    t.ok(text.startsWith(EDITOR_LINE), file)
    const { configuration, findings } = readConfigurationText(text, file, { environment: {}, checkFiles: false })
    t.same(findings, [], file)
    t.ok(configuration)
    // A file with variables in place of numbers is checked by hopwise only.
    t.ok(validate(yaml.parse(text, { merge: true })), `${file}: ${JSON.stringify(validate.errors)}`)
  }
  t.notOk(validate({ listeners: [{ address: ':1', modes: 'reverse' }] }), 'and the schema refuses a wrong file')
})

test('the smallest example is the one in docs/configuration.md, and has ten lines', async t => {
  const example = read('config/hopwise.yaml').replace(/^# Everything.*\n/m, '')
  t.ok(read('docs/configuration.md').includes(`\`\`\`yaml\n${example}\`\`\``))
  t.ok(read('config/hopwise.yaml').split('\n').length <= 11)
})

/** Sections where any of the keys will do, since all of them are at the top of the file too. */
const SOME_KEYS = ['listeners[].limits', 'listeners[].deadlines', 'listeners[].grammar']

test('config/everything.yaml has every key, and its default where it has one', async t => {
  const data = yaml.parse(read('config/everything.yaml'), { merge: true })
  for (const { path, node } of sections()) {
    const mappings = at([data], path)
    t.ok(mappings.length > 0, `${path} is there`)
    if (SOME_KEYS.includes(path)) continue
    for (const [key, { default: standard }] of Object.entries(node.properties ?? {})) {
      if (key === '$schema') continue
      const values = mappings.filter(mapping => Object.hasOwn(mapping, key)).map(mapping => mapping[key])
      t.ok(values.length > 0, `${path}.${key} is there`)
      if (typeof standard === 'number' || typeof standard === 'string' || typeof standard === 'boolean')
        t.ok(values.includes(standard), `${path}.${key} has its default ${standard} once`)
    }
  }
})

test('config/everything.yaml describes each key in a comment', async t => {
  const text = read('config/everything.yaml')
  for (const { table, key, about } of NUMBER_SPECS) t.ok(text.includes(`  # ${about}.\n  ${key}: `), `${table}.${key}`)
})

/** All mappings at `listeners[].routes[]`, `upstreams.*`. */
function at(roots: unknown[], path: string): Record<string, unknown>[] {
  const steps = path.split(/\.|(?=\[\])/).filter(step => step !== '')
  const found = steps.reduce<unknown[]>(
    (values, step) =>
      values.flatMap(value => {
        if (typeof value !== 'object' || value === null) return []
        if (step === '[]') return Array.isArray(value) ? value : []
        return step === '*'
          ? Object.values(value)
          : Object.hasOwn(value, step)
            ? [(value as Record<string, unknown>)[step]]
            : []
      }),
    roots,
  )
  return found.filter(value => typeof value === 'object' && value !== null && !Array.isArray(value)) as Record<
    string,
    unknown
  >[]
}

test('the schema uses no keyword that the documents cannot show', async t => {
  const keywords = new Set<string>()
  const walk = (node: SchemaNode) => {
    for (const key of Object.keys(node)) keywords.add(key)
    for (const inner of [
      ...Object.values(node.properties ?? {}),
      ...(node.anyOf ?? []),
      node.items,
      node.additionalProperties,
    ])
      if (typeof inner === 'object') walk(inner)
  }
  walk(jsonSchema())
  for (const keyword of ['allOf', 'oneOf', '$ref', 'not', 'if']) t.notOk(keywords.has(keyword), keyword)
})
