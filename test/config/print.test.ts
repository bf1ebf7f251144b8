// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration file are written so
import { test } from 'tap'
import { printConfiguration, shownConfiguration } from '../../lib/config/print.js'
import { readConfigurationText } from '../../lib/config/read.js'
import { gateway, readText } from './reading.js'
import { read } from './tables.js'

function printed(text: string, environment: Record<string, string> = {}): string {
  const reading = readText(text, { environment })
  if (!reading.configuration) throw new Error(JSON.stringify(reading.findings))
  return printConfiguration(reading.configuration, reading)
}

test('each line shows where its value comes from', async t => {
  const text = printed(
    gateway({ listener: 'trace: ${TRACE:-true}', route: 'host: a', more: 'workers: ${N}\ntrust: [10.0.0.0/8]\n' }),
    { N: '2' },
  )
  for (const line of [
    'workers: 2 # line 10, ${N}',
    '  - 10.0.0.0/8 # line 11',
    '  - address: 127.0.0.1:8080 # line 2',
    '    name: 127.0.0.1:8080 # default',
    '    mode: reverse # default',
    '    trace: true # line 3, ${TRACE}',
    '    limits: {} # default',
    '      - host:\n          - a # line 6',
    '          set: {} # default',
    '      - url: http://127.0.0.1:3000 # line 9',
    '        weight: 1 # default',
    '  connectMs: 5000 # default',
    '  level: info # default',
  ])
    t.ok(text.includes(`${line}\n`), line)
  t.same(
    text.split('\n').filter(line => line !== '' && !/( # (line \d+.*|default)|:)$/.test(line)),
    [],
    'no line without a source',
  )
})

test('the output can be read again, and means the same', async t => {
  for (const name of ['hopwise', 'reverse', 'forward', 'everything']) {
    const file = `config/${name}.yaml`
    const options = { environment: { PARENT_USER: '***', PARENT_PASSWORD: '***' }, checkFiles: false }
    const reading = readConfigurationText(read(file), file, options)
    if (!reading.configuration) throw new Error(file)
    const again = readConfigurationText(printConfiguration(reading.configuration, reading), file, options)
    t.same(again.findings, [], file)
    t.same(again.configuration, reading.configuration, file)
  }
})

test('dollar signs are preserved', async t => {
  const first = gateway({ route: "requestFields: { set: { X-A: '$${NOT} $$ $$$$ 5$' } }" })
  const again = readText(printed(first)).configuration
  t.match(again?.listeners[0], { routes: [{ requestFields: { set: { 'X-A': '${NOT} $ $$ 5$' } } }] })
})

test('passwords are not shown', async t => {
  const text = 'listeners: [{ address: 127.0.0.1:0, mode: forward, parent: "http://me:${PASSWORD}@proxy:3128" }]\n'
  const reading = readText(text, { environment: { PASSWORD: 'sesame' } })
  t.match(reading.configuration?.listeners[0], { parent: 'http://me:sesame@proxy:3128' })
  const lines = printed(text, { PASSWORD: 'sesame' })
  t.match(lines, 'parent: http://***:***@proxy:3128 # line 1, ${PASSWORD}\n')
  t.notMatch(lines, 'sesame')
  const json = JSON.stringify(reading.configuration && shownConfiguration(reading.configuration))
  t.match(json, '"http://***:***@proxy:3128"')
  t.notMatch(json, 'sesame')
})
