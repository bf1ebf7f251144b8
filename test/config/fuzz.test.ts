// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration file are written so
import fc from 'fast-check'
import { writeFindings } from '../../lib/config/findings.js'
import { type Reading, readConfigurationText } from '../../lib/config/read.js'
import { checked, RUNS } from '../wire/property.js'
import { read } from './tables.js'

/** Fewer runs, since a whole file takes some milliseconds. */
const RUNS_OF_FILES = Math.ceil(RUNS / 4)

const EVERYTHING = read('config/everything.yaml')

function readFuzzed(text: string): Reading {
  return readConfigurationText(text, 'fuzzed.yaml', { environment: { A: '1', B: 'a: [b', C: '' }, checkFiles: false })
}

/** Whether there is either a configuration or errors, and every finding is within the text and readable. */
function isSound(text: string): boolean {
  const reading = readFuzzed(text)
  const { findings, configuration } = reading
  const lines = text.split('\n')
  const errors = findings.filter(({ severity }) => severity === 'error')
  const placed = findings.every(
    ({ line, column, endColumn, message }) =>
      line >= 1 &&
      line <= lines.length &&
      column >= 1 &&
      column <= (lines[line - 1]?.length ?? 0) + 1 &&
      endColumn > column &&
      message !== '' &&
      !/undefined|\[object|NaN/.test(message),
  )
  writeFindings(findings, text)
  return placed && (configuration === undefined) === errors.length > 0
}

const scrap = fc.constantFrom(
  ...[
    'a',
    ': ',
    '- ',
    '\n',
    '  ',
    '\t',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '&a ',
    '*a',
    '<<: ',
    '!!str ',
    '|',
    '>',
    '#',
    ',',
  ],
  ...[
    '${A}',
    '${B}',
    '${C}',
    '${',
    '}',
    '$$',
    '---\n',
    '? ',
    '%',
    '@',
    '\r\n',
    '\u0000',
    '\ufeff',
    '日',
    '__proto__: ',
  ],
  ...[
    'listeners:',
    'address: ',
    'routes:',
    'upstream: ',
    'upstreams:',
    'servers:',
    'http://',
    '0',
    '-1',
    '.inf',
    '0x1',
    'null',
  ],
)

checked(
  'scraps of YAML never throw',
  fc.property(fc.array(scrap, { maxLength: 60 }), scraps => isSound(scraps.join(''))),
)

checked('no text throws', fc.property(fc.string({ unit: 'binary', maxLength: 300 }), isSound))

const LINES = EVERYTHING.split('\n')

/** One change of a line: removed, doubled, indented differently, with another value, with characters lost or added. */
const change = fc.record({
  line: fc.nat(LINES.length - 1),
  how: fc.constantFrom<(line: string, text: string, at: number) => string[]>(
    () => [],
    line => [line, line],
    line => [` ${line}`],
    line => [line.replace(/^ {2}/, '')],
    line => [`\t${line}`],
    (line, text) => [line.replace(/: .*/, `: ${text}`)],
    (line, text) => [line.replace(/- .*/, `- ${text}`)],
    (line, text) => [line.replace(/\w+:/, `${text}:`)],
    (line, text, at) => [line.slice(0, at) + text + line.slice(at)],
    (line, _, at) => [line.slice(0, at) + line.slice(at + 1)],
    (line, _, at) => [line.slice(0, at)],
  ),
  text: fc.oneof(scrap, fc.string({ maxLength: 8 }), fc.integer().map(String)),
  at: fc.nat(60),
})

checked(
  'whatever happens to a good file, findings have their places',
  fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), changes => {
    const lines: string[][] = LINES.map(line => [line])
    for (const { line, how, text, at } of changes) lines[line] = how(LINES[line] ?? '', text, at)
    return isSound(lines.flat().join('\n'))
  }),
  RUNS_OF_FILES,
)

checked(
  'values of all kinds in all places',
  fc.property(fc.jsonValue({ maxDepth: 3 }), fc.nat(LINES.length - 1), (value, at) => {
    const lines = LINES.with(at, (LINES[at] ?? '').replace(/: .*/, `: ${JSON.stringify(value)}`))
    return isSound(lines.join('\n'))
  }),
  RUNS_OF_FILES,
)
