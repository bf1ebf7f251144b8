import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { createNotify } from '../../lib/daemon/systemd-notify.js'
import { type Child, startChild } from '../support/child.js'
import { needs, pathOf } from '../support/needs.js'
import { WAIT_MS } from '../support/raw-client.js'
import { tempFolder } from '../support/temp-folder.js'

/** systemd's side: a datagram socket whose messages are printed, each as a line of JSON. */
const LISTENER = `
import json, os, socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print('"bound"', flush=True)
while True:
    message, descriptors, _, _ = socket.recv_fds(listener, 65536, 8)
    for descriptor in descriptors: os.close(descriptor)
    print(json.dumps(message.decode().split('\\n')), flush=True)
`

async function listen(t: Test): Promise<{ path: string; child: Child }> {
  const path = join(tempFolder(t), 'notify')
  const child = startChild(t, pathOf('python3'), ['-c', LISTENER, path])
  await child.line(line => line === '"bound"')
  return { path, child }
}

/** A program in place of systemd-notify. */
function standIn(t: Test, script: string): string {
  const folder = tempFolder(t)
  writeFileSync(join(folder, 'systemd-notify'), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, 'systemd-notify'), 0o755)
  return folder
}

const PATH = '/usr/bin:/bin'

test('systemd gets the messages in the order of the calls', needs('systemd-notify', 'python3'), async t => {
  const { path, child } = await listen(t)
  const warnings: string[] = []
  const notify = createNotify({
    environment: { NOTIFY_SOCKET: path, PATH },
    warn: it => warnings.push(it),
    limitMs: WAIT_MS,
  })
  const before = process.hrtime.bigint() / 1_000n
  const told = [notify('ready', 'listening on\n:8080'), notify('reloading'), notify('ready'), notify('stopping')]
  await Promise.all(told)
  await child.line(line => line.includes('STOPPING=1'))
  const heard = child
    .out()
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
    .filter(Array.isArray)
  const phases = heard.filter(([first]) => first !== 'BARRIER=1')
  t.match(phases, [
    ['READY=1', 'STATUS=listening on :8080'],
    ['RELOADING=1', /^MONOTONIC_USEC=\d+$/, 'STATUS=reading the configuration'],
    ['READY=1', 'STATUS=serving'],
    ['STOPPING=1', 'STATUS=draining: running exchanges may finish'],
  ])
  const at = BigInt(phases[1]?.[1].split('=')[1])
  t.ok(at >= before && at <= process.hrtime.bigint() / 1_000n, 'microseconds of the clock that systemd reads')
  t.same(warnings, [])
})

test('without NOTIFY_SOCKET nothing is started', async t => {
  const notify = createNotify({ environment: { PATH: standIn(t, 'exit 1') }, warn: it => t.fail(it) })
  await notify('ready')
})

test('a notification that cannot be sent is a warning, and no more', async t => {
  const warned = async (PATH: string, limit: { limitMs?: number } = { limitMs: WAIT_MS }) => {
    const warnings: string[] = []
    const environment = { NOTIFY_SOCKET: join(tempFolder(t), 'nobody'), PATH }
    await createNotify({ environment, warn: it => warnings.push(it), ...limit })('ready')
    return warnings
  }
  t.match(await warned(tempFolder(t)), [/^cannot notify systemd of "ready": the program systemd-notify was not found/])
  t.match(await warned(standIn(t, 'echo not today >&2; exit 1')), [/not today/])
  t.match(await warned(standIn(t, 'exec /bin/sleep 20'), {}), [/did not exit within 2000 ms/])
})

test('nothing of our environment reaches the program', async t => {
  const folder = standIn(t, `env > "$NOTIFY_SOCKET"`)
  const heard = join(tempFolder(t), 'heard')
  const environment = { NOTIFY_SOCKET: heard, PATH: `${folder}:${PATH}`, SECRET: 'a' }
  await createNotify({ environment, warn: it => t.fail(it), limitMs: WAIT_MS })('ready')
  t.notMatch(readFileSync(heard, 'utf8'), 'SECRET')
})
