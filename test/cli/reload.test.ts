import { once } from 'node:events'
import * as fs from 'node:fs'
import * as net from 'node:net'
import * as path from 'node:path'
import { type Test, test } from 'tap'
import { ReloadWatch } from '../../lib/cli/reload-outcome.js'
import { RecordKeeper } from '../../lib/daemon/reload-record.js'
import { callHopwise } from '../support/call-hopwise.js'
import { type Child, startChild } from '../support/child.js'
import { startDaemon } from '../support/daemon.js'
import { startHopwise } from '../support/hopwise.js'
import { WAIT_MS } from '../support/raw-client.js'
import { tempFolder } from '../support/temp-folder.js'

const GOOD = ['listeners: [{ address: "127.0.0.1:0", routes: [{ upstream: "http://127.0.0.1:1" }] }]']

function configuration(t: Test, ...lines: string[]): string {
  const file = path.join(tempFolder(t), 'hopwise.yaml')
  fs.writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

/** A process that prints the signals it gets, with these words on its command line. */
async function listening(t: Test, ...words: string[]): Promise<Child> {
  const program = 'process.on("SIGHUP", () => console.log("told")); setInterval(() => {}, 1e6); console.log("here")'
  const child = startChild(t, process.execPath, ['-e', program, ...words])
  await child.line(line => line === 'here')
  return child
}

const gateway = (port: number | string, ...more: string[]): string =>
  [
    `listeners: [{ address: "127.0.0.1:${port}", routes: [{ upstream: "http://127.0.0.1:1" }] }]`,
    'pidFile: run.pid',
    ...more,
    '',
  ].join('\n')

for (const workers of [1, 2])
  test(`it waits for the outcome and reports it: ${workers} of ${workers} processes that serve`, async t => {
    const taken = net.createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    t.teardown(() => taken.close())
    const { port } = taken.address() as net.AddressInfo
    const daemon = await startDaemon(t, gateway(0, `workers: ${workers}`))
    const config = path.join(daemon.folder, 'hopwise.yaml')
    t.match(await callHopwise(['reload', config]), {
      code: 0,
      out: new RegExp(`^Process ${daemon.pid}, reload 1: reloaded in \\d+ ms: 1 listener, 1 group\\.\n$`),
      err: '',
    })
    daemon.write(gateway(port, `workers: ${workers}`))
    for (const [words, reload] of [
      [['--config', config], 2],
      [['--pid', String(daemon.pid)], 3],
    ] as const)
      t.match(await callHopwise(['reload', ...words]), {
        code: 1,
        out: '',
        err: new RegExp(
          `^Process ${daemon.pid}, reload ${reload}: the new configuration is refused, the old one stays\\.\n  .*127.0.0.1:${port}: another process already listens there.*\n$`,
        ),
      })
    t.match(await daemon.next(/refused/), { reload: 2, reasons: [/EADDRINUSE/] }, 'the log has the same number')

    t.match(await callHopwise(['reload', config, '--no-wait']), {
      code: 0,
      out: `Process ${daemon.pid} was signalled to reload: its log reports the outcome.\n`,
    })
    t.match(await daemon.next(/refused/), { reload: 3 })
    t.match(await daemon.next(/refused/), { reload: 4 })

    daemon.signal('SIGSTOP')
    t.match(await callHopwise(['reload', config, '--timeout-ms', '1']), {
      code: 1,
      out: '',
      err: /was signalled to reload, but reload 5 has not started within 1 ms\. .*--timeout-ms allows more time\.\n$/,
    })
    daemon.signal('SIGCONT')
    const watch = await ReloadWatch.open(daemon.pid)
    if (typeof watch === 'string') throw new Error(watch)
    daemon.signal('SIGKILL')
    t.match((await watch.outcome(WAIT_MS)).kind, /gone|ended/, 'the wait ends with the process')
    watch.close()
  })

test('the wait is for the next reload that begins', async t => {
  const keeper = RecordKeeper.open()
  if (keeper === null) throw new Error('there is no directory for it')
  t.teardown(() => keeper.close())
  const outcome = async (then: (watch: ReloadWatch) => void, limitMs = WAIT_MS) => {
    const watch = await ReloadWatch.open(process.pid)
    if (typeof watch === 'string') throw new Error(watch)
    then(watch)
    const end = await watch.outcome(limitMs)
    watch.close()
    return end
  }
  keeper.note({ begun: 1 })
  const one = { reload: 1, accepted: true, sentences: ['one'] }
  const two = { reload: 2, accepted: false, sentences: ['two'] }
  t.same(await outcome(() => keeper.note({ last: one }), 1), { kind: 'not-begun', reload: 2 }, 'that one began before')
  t.same(await outcome(() => keeper.note({ begun: 2 }), 1), { kind: 'late', reload: 3 - 1 })
  t.same(await outcome(() => keeper.note({ begun: 3, last: { ...two, reload: 3 } })), {
    kind: 'ended',
    outcome: { ...two, reload: 3 },
  })
  t.same(await outcome(() => keeper.note({ stopping: true })), { kind: 'stopping' })
})

test('a process that keeps no record is signalled, and the outcome is reported as unknown', async t => {
  const hopwise = await startHopwise(t, ['reverse', 'http://127.0.0.1:1'])
  const pid = String(hopwise.pid)
  t.match(await callHopwise(['reload', '--pid', pid]), {
    code: 1,
    out: '',
    err: /^Process \d+ was signalled to reload, but the outcome is not known: it keeps no record .*--no-wait does not wait for it\.\n$/,
  })
  await hopwise.logged(line => String(line.msg).startsWith('SIGHUP'))
  t.match(await callHopwise(['reload', '--pid', pid, '--no-wait']), { code: 0, err: '' })
})

test('--config: the file is checked first, and its pidFile names the process to signal', async t => {
  const daemon = await listening(t, 'serve')
  const config = configuration(t, ...GOOD, 'pidFile: run.pid')
  fs.writeFileSync(path.join(path.dirname(config), 'run.pid'), `${daemon.pid}\n`)
  const env = { HOPWISE_CONFIG: config }
  t.match(await callHopwise(['reload', '--no-wait'], env), { code: 0, out: /^Process \d+ was signalled/, err: '' })
  await daemon.line(line => line === 'told')

  fs.writeFileSync(config, 'listeners: []\npidFile: run.pid\n')
  const refused = await callHopwise(['reload', '--config', config])
  t.match(refused, { code: 2, out: '', err: /listeners/ }, 'the findings, as from hopwise check')
  const also = await callHopwise(['reload', '--config', config, '--pid', String(daemon.pid)])
  t.match(also, { code: 2, out: '' })
  t.equal(daemon.out(), 'here\ntold\n', 'no signal was sent')
})

test('systemd names the process in MAINPID; --pid takes precedence', async t => {
  const daemon = await listening(t)
  const config = configuration(t, ...GOOD)
  const env = { MAINPID: String(daemon.pid) }
  t.match(await callHopwise(['reload', '--config', config, '--no-wait'], env), { code: 0 })
  await daemon.line(line => line === 'told')
  t.match(await callHopwise(['reload', '--pid', '4194304'], env), {
    code: 1,
    err: /^There is no process 4194304/,
  })
})

test('no signal is sent to a process that does not expect it', async t => {
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
    [undefined, /run\.pid cannot be read: there is no such file \(hopwise is not running, or/],
    ['', /run\.pid contains no process id\.\n$/],
    ['0\n', /run\.pid contains no process id/],
    ['-1', /run\.pid contains no process id/],
    [
      `${stranger.pid}`,
      /^No signal was sent to process \d+ \(.*\): it is not hopwise serve but .*, so the file is stale\.\n$/,
    ],
    [`${fragile.pid}`, /^No signal was sent to process \d+ \(.*\): it does not handle SIGHUP/],
  ] as const)
    t.match(await reload(content), { code: 1, out: '', err: sentence }, content ?? 'no file')
  t.equal(stranger.out(), 'here\n')
  t.doesNotThrow(() => process.kill(fragile.pid, 0), 'it is still alive')
})

test('the process to signal is not known', async t => {
  t.match(await callHopwise(['reload']), { code: 2, err: /^hopwise: hopwise reload requires a configuration file/ })
  t.match(await callHopwise(['reload', '--config', configuration(t, ...GOOD)]), {
    code: 2,
    err: /^hopwise: .* has no pidFile, so the process to signal is not known: give --pid\.\n$/,
  })
  t.match(await callHopwise(['reload', '--pid', '0']), { code: 2, err: /^hopwise: --pid must be a whole number/ })
})
