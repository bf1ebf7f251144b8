import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { cleanEnv, run } from '../support/child.js'
import { needs, pathOf } from '../support/needs.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PREPARE = fileURLToPath(new URL('../../scripts/prepare.mjs', import.meta.url))

/** A fake npm: installs what the lock file says, including a compiler that only copies. */
const NPM = `
const fs = require('node:fs')
fs.appendFileSync('npm.txt', process.argv.slice(2).join(' ') + '\\n')
fs.mkdirSync('node_modules/typescript/bin', { recursive: true })
fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json')
fs.writeFileSync('node_modules/typescript/bin/tsc', \`
const fs = require('node:fs')
fs.appendFileSync('tsc.txt', 'tsc\\\\n')
if (fs.existsSync('broken')) { console.log('lib/a.ts: wrong'); process.exit(2) }
for (const folder of ['bin', 'lib']) {
  fs.mkdirSync('dist/' + folder, { recursive: true })
  for (const file of fs.readdirSync(folder)) if (file.endsWith('.ts')) fs.writeFileSync('dist/' + folder + '/' + file.replace('.ts', '.js'), '')
}\`)
`

test('it installs and builds what is needed, and nothing else', t => {
  const lock = (version: string) =>
    JSON.stringify({
      packages: { '': {}, 'node_modules/a': { version }, 'node_modules/b': { version, optional: true } },
    })
  const dir = t.testdir({
    'npm.js': NPM,
    'package.json': '{}',
    'package-lock.json': lock('1'),
    'tsconfig.json': '{}',
    scripts: { 'prepare.mjs': fs.readFileSync(PREPARE, 'utf8') },
    bin: { 'hopwise.ts': '' },
    lib: { 'a.ts': '', 'b.ts': '', admin: { page: { 'page.js': '1', 'old.css': '' } } },
  })
  const at = (name: string) => path.join(dir, name)
  const did = (name: string) =>
    fs.existsSync(at(name)) ? fs.readFileSync(at(name), 'utf8').trim().split('\n').length : 0
  const prepare = () => {
    const env = { PATH: process.env.PATH, npm_execpath: at('npm.js') }
    const { status, stdout, stderr } = spawnSync(process.execPath, [at('scripts/prepare.mjs')], {
      env,
      encoding: 'utf8',
    })
    return { status, stdout, stderr, installs: did('npm.txt'), builds: did('tsc.txt') }
  }
  const later = (name: string) => fs.utimesSync(at(name), new Date(), new Date(Date.now() + 5_000))
  const built = () => fs.utimesSync(at('dist/.built'), new Date(), new Date(Date.now() + 10_000))

  t.match(
    prepare(),
    { status: 0, stdout: '', stderr: /installing .*\n.*building/, installs: 1, builds: 1 },
    'a fresh clone',
  )
  t.match(fs.readFileSync(at('npm.txt'), 'utf8'), /^ci .*--loglevel=error\n$/)
  built()
  t.match(prepare(), { status: 0, stdout: '', stderr: '', installs: 1, builds: 1 }, 'again: nothing to do, no output')

  fs.utimesSync(at('package-lock.json'), new Date(), new Date())
  t.match(prepare(), { installs: 1, builds: 1 }, 'a checkout changes times, not packages')
  t.equal(fs.readFileSync(at('dist/lib/admin/page/page.js'), 'utf8'), '1', 'what is not compiled is copied')
  fs.rmSync(at('lib/b.ts'))
  fs.rmSync(at('lib/admin/page/old.css'))
  later('lib')
  fs.utimesSync(at('dist/.built'), new Date(0), new Date(0))
  t.match(prepare(), { installs: 1, builds: 2 }, 'a source is gone')
  t.notOk(fs.existsSync(at('dist/lib/b.js')), 'and what was built from it')
  t.ok(fs.existsSync(at('dist/lib/a.js')))
  t.same(fs.readdirSync(at('dist/lib/admin/page')), ['page.js'], 'a file whose source is gone is removed')

  built()
  fs.writeFileSync(at('package-lock.json'), lock('2'))
  t.match(prepare(), { installs: 2 }, 'another version is required')

  fs.writeFileSync(at('broken'), '')
  fs.utimesSync(at('dist/.built'), new Date(0), new Date(0))
  t.match(prepare(), { status: 2, stderr: /lib\/a\.ts: wrong/ }, 'a failed compilation is a failure')
  fs.rmSync(at('broken'))
  t.match(prepare(), { status: 0 }, 'and is tried again')
  t.end()
})

test('Ctrl-C in a terminal ends npm start: one sentence, no error', needs('python3'), async t => {
  // npm and hopwise share the terminal, so both get the signal. A real pseudo-terminal turns the typed character into it.
  const program = `
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.chdir(sys.argv[1])
    os.execvp('npm', ['npm', 'start', '--', '--listen', '127.0.0.1:0'])
shown, typed = b'', False
while True:
    try: piece = os.read(fd, 65536)
    except OSError: break
    if not piece: break
    shown += piece
    if not typed and shown.count(b'try: curl') == 3 and shown.endswith(b'\\n'):
        typed = True
        os.write(fd, b'\\x03')
status = os.waitpid(pid, 0)[1]
sys.stdout.buffer.write(shown)
print('CODE', os.waitstatus_to_exitcode(status))`
  const { out } = await run(t, pathOf('python3'), ['-c', program, ROOT], { env: { ...cleanEnv(), NO_COLOR: '1' } })
  t.match(out, /CODE 0\n$/)
  t.match(
    out,
    /draining: no new connections; running exchanges may finish; press Ctrl-C again to exit at once {2}signal=SIGINT/,
  )
  t.match(out, /stopped after 0 requests over 0 client connections and 0 upstream connections\r\n/)
  const after = out.slice(out.indexOf('draining'))
  t.notMatch(after, /[{}]|npm err/i, 'no JSON, and no error from npm')
})
