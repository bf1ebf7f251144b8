import * as fs from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { checkCommand } from '../../lib/cli/check-command.js'
import { readCommandLine } from '../../lib/cli/command-line.js'
import { findingLines, readGiven } from '../../lib/cli/configured.js'
import { explainCommand } from '../../lib/cli/explain-command.js'
import type { Given } from '../../lib/cli/given.js'
import { readConfigurationText } from '../../lib/config/read.js'
import { runHopwise } from '../support/hopwise.js'
import { tempFolder } from '../support/temp-folder.js'

// What a peer sent and what a file contains reaches a terminal through these commands: none lets it control the terminal.

/** Characters that a terminal acts on, and those that reorder or hide text. */
const OBEYED = /[\x00-\x09\x0b-\x1f\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/u
const EVIL = '\x9b31m\xc2\x9b2J\x7f\xe2\x80\xae\xad'

function file(t: Test, content: string | Buffer): string {
  const path = join(tempFolder(t), 'file')
  fs.writeFileSync(path, content)
  return path
}

function given(...words: string[]): Given {
  const asked = readCommandLine(words, { environment: {}, version: '', columns: 80 })
  if (asked.kind !== 'run') throw new Error('it prints a text')
  return asked.given
}

for (const [what, head, words] of [
  ['a request', `GET / HTTP/1.1\r\nHost: a\r\nX: ${EVIL}\r\n\r\n`, []],
  ['a request that is refused', `GET / HTTP/1.1\r\nHost: ${EVIL}\r\n\r\n`, []],
  [
    'a request with a field named by a trusted peer',
    `GET / HTTP/1.1\r\nHost: a\r\nConnection: via\r\nVia: ${EVIL}\r\n\r\n`,
    ['--trusted'],
  ],
  ['an upgrade', `GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: ${EVIL}\r\n\r\n`, []],
  ['a response', `HTTP/1.1 200 ${EVIL}\x1b[2J\r\nSet-Cookie: a=\x01\x1b]0;x\x07${EVIL}\r\n\r\n`, ['--response']],
  ['a response that is refused', `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${EVIL}\x1b\r\n\r\n`, ['--response']],
] as const) {
  test(`explain: ${what}`, async t => {
    const path = file(t, Buffer.from(head, 'latin1'))
    const text = await explainCommand(given('explain', path, ...words))
    // As a terminal of either kind reads it.
    for (const encoding of ['utf8', 'latin1'] as const) {
      const shown = text.output.toString(encoding)
      t.notMatch(encoding === 'utf8' ? shown : shown.replaceAll('\xad', ''), OBEYED, encoding)
    }
    const json = await explainCommand(given('explain', path, '--json', ...words))
    t.notMatch(json.output.toString('utf8'), OBEYED)
    t.doesNotThrow(() => JSON.parse(json.output.toString('utf8')))
  })
}

test('explain: bytes that are letters come out as they went in', async t => {
  const path = file(t, 'GET / HTTP/1.1\r\nHost: a\r\nX: é Привет 日本\r\n\r\n')
  const { output } = await explainCommand(given('explain', path))
  t.match(output.toString('utf8'), /^X: é Привет 日本$/m)
})

const DOCUMENT = '\u009b31m\u202e\u00ad\u2028\u0085'

test('check: findings, as text and as JSON, and lines for a log', async t => {
  const path = file(
    t,
    `listeners: [{ address: "${DOCUMENT}", routes: [{ upstream: "${DOCUMENT}" }] }] # ${DOCUMENT}\n"${DOCUMENT}": 1\n`,
  )
  const { complaints } = checkCommand(given('check', path))
  t.match(complaints, /errors?/)
  t.notMatch(complaints, OBEYED)
  const { output } = checkCommand(given('check', path, '--json'))
  t.notMatch(output, OBEYED)
  t.ok(JSON.parse(output).findings.length > 0)
  t.notMatch(findingLines(readGiven(path)).join('\n'), OBEYED)
})

test('check --print: the output means the same when it is read again', async t => {
  const text = `listeners:\n  - address: 127.0.0.1:8080\n    name: listener\n    mode: reverse\n    routes:\n      - upstream: app\n        requestFields:\n          set: { X-A: "a\u00ad\u0080b" }\nupstreams: { app: { servers: ['http://127.0.0.1:3000'] } }\nlogs: { access: { to: "/tmp/\\u202e\\u2028\\u009bx" } }\n`
  const path = file(t, text)
  const printed = checkCommand(given('check', path, '--print')).output
  t.match(printed, /\\u202e/)
  t.notMatch(printed, OBEYED)
  const again = readConfigurationText(printed, path, { environment: {} })
  t.same(again.findings, [])
  t.same(again.configuration, readConfigurationText(text, path, { environment: {} }).configuration)
  t.notMatch(checkCommand(given('check', path, '--print', '--json')).output, OBEYED)
})

test('an error about the command line cannot control the terminal', async t => {
  const { code, err } = await runHopwise(t, ['explain', `/nowhere${DOCUMENT}\x1b[2J`])
  t.equal(code, 2)
  t.match(err, /\/nowhere\\x9b31m\\u\{202e\}/)
  t.notMatch(err, OBEYED)
})
