import * as fs from 'node:fs'
import * as path from 'node:path'
import { type Test, test } from 'tap'
import { callHopwise } from '../support/call-hopwise.js'
import { type Child, startChild } from '../support/child.js'
import { startHopwise } from '../support/hopwise.js'
import { tempFolder } from '../support/temp-folder.js'

const GOOD = ['listeners: [{ address: "127.0.0.1:0", routes: [{ upstream: "http://127.0.0.1:1" }] }]']

function configuration(t: Test, ...lines: string[]): string {
  const file = path.join(tempFolder(t), 'hopwise.yaml')
  fs.writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

/** A process that prints what it is told, with these words on its command line. */
async function listening(t: Test, ...words: string[]): Promise<Child> {
  const program = 'process.on("SIGHUP", () => console.log("told")); setInterval(() => {}, 1e6); console.log("here")'
  const child = startChild(t, process.execPath, ['-e', program, ...words])
  await child.line(line => line === 'here')
  return child
}

test('--pid: the process is told, and says so', async t => {
  const hopwise = await startHopwise(t, ['reverse', 'http://127.0.0.1:1'])
  const pid = String(hopwise.pid)
  t.match(await callHopwise(['reload', '--pid', pid]), {
    code: 0,
    out: `Process ${pid} was told to reload: its log says what came of it.\n`,
    err: '',
  })
  await hopwise.logged(line => String(line.msg).startsWith('SIGHUP'))
})

test('--config: checked first; who is told stands in pidFile, beside it', async t => {
  const daemon = await listening(t, 'serve')
  const config = configuration(t, ...GOOD, 'pidFile: run.pid')
  fs.writeFileSync(path.join(path.dirname(config), 'run.pid'), `${daemon.pid}\n`)
  const env = { HOPWISE_CONFIG: config }
  t.match(await callHopwise(['reload'], env), { code: 0, out: /^Process \d+ was told/, err: '' })
  await daemon.line(line => line === 'told')

  fs.writeFileSync(config, 'listeners: []\npidFile: run.pid\n')
  const refused = await callHopwise(['reload', '--config', config])
  t.match(refused, { code: 2, out: '', err: /listeners/ }, 'the findings, as of hopwise check')
  const also = await callHopwise(['reload', '--config', config, '--pid', String(daemon.pid)])
  t.match(also, { code: 2, out: '' })
  t.equal(daemon.out(), 'here\ntold\n', 'and nobody was told anything')
})

test('systemd says which process in MAINPID; --pid goes first', async t => {
  const daemon = await listening(t)
  const config = configuration(t, ...GOOD)
  const env = { MAINPID: String(daemon.pid) }
  t.match(await callHopwise(['reload', '--config', config], env), { code: 0 })
  await daemon.line(line => line === 'told')
  t.match(await callHopwise(['reload', '--pid', '4194304'], env), {
    code: 1,
    err: /^There is no process 4194304/,
  })
})

test('nobody is told who would not expect it', async t => {
  const stranger = await listening(t, 'other')
  const fragile = startChild(t, 'sleep', ['60'])
  const config = configuration(t, ...GOOD, 'pidFile: run.pid')
  const file = path.join(path.dirname(config), 'run.pid')
  const reload = (content: string | undefined) => {
    fs.rmSync(file, { force: true })
    if (content !== undefined) fs.writeFileSync(file, content)
    return callHopwise(['reload', '--config', config])
  }
  for (const [content, sentence] of [
    [undefined, /run\.pid cannot be read: there is no such file: hopwise is not running, or/],
    ['', /run\.pid has no process id in it\.\n$/],
    ['0\n', /run\.pid has no process id in it/],
    ['-1', /run\.pid has no process id in it/],
    [`${stranger.pid}`, /was not told anything: it is not hopwise serve, but .*: the file is a left-over\.\n$/],
    [`${fragile.pid}`, /was not told anything: it does not take SIGHUP/],
  ] as const)
    t.match(await reload(content), { code: 1, out: '', err: sentence }, content ?? 'no file')
  t.equal(stranger.out(), 'here\n')
  t.doesNotThrow(() => process.kill(fragile.pid, 0), 'it lives on')
})

test('it is not known who is meant', async t => {
  t.match(await callHopwise(['reload']), { code: 2, err: /^hopwise: hopwise reload wants --pid, or the name of/ })
  t.match(await callHopwise(['reload', '--config', configuration(t, ...GOOD)]), {
    code: 2,
    err: /^hopwise: .* has no pidFile, so it is not known which process reads it: give --pid\.\n$/,
  })
  t.match(await callHopwise(['reload', '--pid', '0']), { code: 2, err: /^hopwise: --pid wants a whole number/ })
})
