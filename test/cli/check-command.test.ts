// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration file are written so
import * as fs from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { type CheckResult, checkCommand } from '../../lib/cli/check-command.js'
import { readCommandLine } from '../../lib/cli/command-line.js'
import { UsageError } from '../../lib/cli/usage-error.js'
import { callHopwise } from '../support/call-hopwise.js'
import { tempFolder } from '../support/temp-folder.js'

const GOOD =
  'listeners: [{ address: 127.0.0.1:0, routes: [{ upstream: app }] }]\nupstreams: { app: { servers: [http://127.0.0.1:3000] } }\n'

function write(t: Test, text: string): string {
  const file = join(tempFolder(t), 'hopwise.yaml')
  fs.writeFileSync(file, text)
  return file
}

function check(words: readonly string[], environment: Record<string, string> = {}): CheckResult {
  const asked = readCommandLine(['check', ...words], { environment, version: '', columns: 80 })
  if (asked.kind !== 'run') throw new Error('it prints a text')
  return checkCommand(asked.given)
}

test('a valid file gives one line', async t => {
  const file = write(t, GOOD)
  const line = `${file}: ok, 1 listener, 1 route, 1 upstream group\n`
  t.same(check([file]), { good: true, output: line, complaints: '' })
  t.same(check([], { HOPWISE_CONFIG: file }), { good: true, output: line, complaints: '' }, 'named by the environment')
})

test('findings go to standard error, and nothing else is printed', async t => {
  const file = write(t, GOOD.replace('upstream: app', 'upstream: ap'))
  for (const words of [[file], [file, '--print']]) {
    const { good, output, complaints } = check(words)
    t.notOk(good)
    t.equal(output, '')
    t.match(
      complaints,
      /hopwise\.yaml:1:\d+: error: listeners\[0\]\.routes\[0\]\.upstream: there is no group "ap"[\s\S]*did you mean app\?/,
    )
  }
})

test('a file with warnings only is valid', async t => {
  const { good, output, complaints } = check([write(t, `${GOOD}admin: { address: ':9090' }\n`)])
  t.ok(good)
  t.match(output, /: ok, /)
  t.match(complaints, /warning: admin\.address: [\s\S]*\n1 warning\n$/)
})

test('--print shows the result', async t => {
  t.match(
    check([write(t, GOOD), '--print']).output,
    /^workers: 1 # default\n[\s\S]*- address: 127\.0\.0\.1:0 # line 1\n/,
  )
})

test('--json is for programs', async t => {
  const file = write(t, GOOD)
  t.same(JSON.parse(check([file, '--json']).output), {
    file,
    ok: true,
    listeners: 1,
    routes: 1,
    upstreams: 1,
    findings: [],
  })
  t.match(JSON.parse(check([file, '--json', '--print']).output), {
    ok: true,
    configuration: { workers: 1, listeners: [{ mode: 'reverse' }] },
  })
  const bad = write(t, `${GOOD}worker: 2\n`)
  const { good, output, complaints } = check([bad, '--json'])
  t.notOk(good)
  t.equal(complaints, '')
  t.same(JSON.parse(output), {
    file: bad,
    ok: false,
    findings: [
      {
        severity: 'error',
        file: bad,
        line: 3,
        column: 1,
        endColumn: 7,
        path: 'worker',
        message: 'there is no key worker at the top of the file',
        hint: 'did you mean workers?',
      },
    ],
  })
})

test('a file must be named', async t => {
  t.throws(
    () => check([]),
    new UsageError('hopwise check requires a configuration file (or HOPWISE_CONFIG): hopwise check hopwise.yaml.'),
  )
})

test('run as a command: exit codes, and the environment in the file', async t => {
  const file = write(t, GOOD.replace('127.0.0.1:0', "'127.0.0.1:${PORT}'"))
  t.match(await callHopwise(['check', file], { PORT: '8080' }), { code: 0, out: /: ok, /, err: '' })
  t.match(await callHopwise(['check', file]), { code: 2, out: '', err: /the environment has no PORT/ })
  t.match(await callHopwise(['check']), {
    code: 2,
    out: '',
    err: /^hopwise: hopwise check requires a configuration file/,
  })
  t.match(await callHopwise(['serve']), {
    code: 2,
    out: '',
    err: /^hopwise: hopwise serve requires a configuration file/,
  })
  t.match(await callHopwise(['serve', '--config', file]), { code: 2, out: '', err: /the environment has no PORT/ })
})
