import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type * as net from 'node:net'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { ask } from '../support/ask.js'
import { cleanEnv } from '../support/child.js'
import { until } from '../support/conversation.js'
import { curl } from '../support/curl.js'
import { type DaemonOptions, startDaemon } from '../support/daemon.js'
import { startUpstreams } from '../support/load.js'
import { needs, pathOf } from '../support/needs.js'
import { tempFolder } from '../support/temp-folder.js'

// Where the real command listens besides ports: Unix sockets, and inherited sockets.

for (const workers of [1, 2]) {
  test(`Unix sockets on both sides, workers: ${workers}`, needs('curl'), async t => {
    const folder = tempFolder(t)
    const [front, back] = [join(folder, 'front.sock'), join(folder, 'back.sock')]
    await startUpstreams(t, [{ path: back }])
    const yaml = `
workers: ${workers}
listeners: [{ address: 'unix:${front}', routes: [{ upstream: app }] }]
upstreams: { app: { servers: ['unix:${back}'] } }
`
    const daemon = await startDaemon(t, yaml)
    const words = ['--unix-socket', front, 'http://app.test/x', 'http://app.test/x']
    const twice = await curl(t, ...words)
    t.equal(twice.code, 0, twice.err)
    t.match(twice.out, /^x 0\n\.*\nx 0\n/)
    await until('both are in the log', () => daemon.lines().filter(({ msg }) => msg === 'exchange').length === 2)
    t.match(daemon.lines().filter(({ msg }) => msg === 'exchange')[1], { client: { nth: 2 }, upstream: { nth: 2 } })
    t.match(await daemon.reload(yaml.replace('listeners', 'deadlines: { connectMs: 4000 }\nlisteners')), {
      msg: /1 listener,/,
    })
    t.match(await curl(t, ...words), { code: 0 })
    await daemon.end()
    t.notOk(existsSync(front), 'the socket file is removed at its end')

    // A killed daemon leaves its socket file: the next one replaces it.
    const killed = await startDaemon(t, yaml)
    killed.signal('SIGKILL')
    await killed.ended
    t.ok(existsSync(front))
    const next = await startDaemon(t, yaml)
    t.match(await curl(t, ...words), { code: 0 })
    await next.end()
  })
}

/** As systemd does: opens the socket, writes down its port, and becomes hopwise by exec, so the process id stays. */
const LAUNCHER = `
import os, socket, sys
listener = socket.socket()
listener.bind(('127.0.0.1', 0))
listener.listen(128)
with open(sys.argv[1], 'w') as file: file.write(str(listener.getsockname()[1]))
if listener.fileno() != 3: os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.execve(sys.argv[2], sys.argv[2:], dict(os.environ, LISTEN_FDS='1', LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES='web'))
`

/** Started that way, with a program in place of systemd-notify that writes down its arguments. */
async function activated(t: Test, yaml: string) {
  const folder = tempFolder(t)
  const [launcher, portFile, told] = [join(folder, 'launcher.py'), join(folder, 'port'), join(folder, 'told')]
  writeFileSync(launcher, LAUNCHER)
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/systemd-notify'), `#!/bin/sh\necho "$@" >> ${told}\n`)
  chmodSync(join(folder, 'bin/systemd-notify'), 0o755)
  const options: DaemonOptions = {
    launcher: [pathOf('python3'), launcher, portFile, process.execPath],
    env: { NOTIFY_SOCKET: join(folder, 'notify'), PATH: `${join(folder, 'bin')}:${cleanEnv().PATH}` },
  }
  const early = (async () => {
    await until('the port is known', () => existsSync(portFile) && readFileSync(portFile, 'utf8') !== '')
    return ask(Number(readFileSync(portFile, 'utf8')), '/early')
  })()
  const daemon = await startDaemon(t, yaml, options)
  const heard = () => (existsSync(told) ? readFileSync(told, 'utf8').split('\n').slice(0, -1) : [])
  return { daemon, early, heard, port: Number(readFileSync(portFile, 'utf8')) }
}

for (const [workers, address] of [
  [1, 'fd:3'],
  [2, 'systemd:web'],
] as const) {
  test(`an inherited socket, ${address}, workers: ${workers}`, needs('python3'), async t => {
    const { ports } = await startUpstreams(t, [0])
    const yaml = `
workers: ${workers}
listeners: [{ address: '${address}', name: web, routes: [{ upstream: 'http://127.0.0.1:${ports[0]}' }] }]
`
    const { daemon, early, heard, port } = await activated(t, yaml)
    t.equal(daemon.port(), port)
    t.match(await early, /^HTTP\/1.1 200 /, 'a client that connected before the start has waited')
    t.match(await ask(port), /^HTTP\/1.1 200 /)
    await until('systemd knows', () => heard().length > 0)
    t.match(heard(), [/^READY=1 STATUS=/])
    await daemon.reload(`${yaml}deadlines: { connectMs: 4000 }\n`)
    t.match(await ask(port), /^HTTP\/1.1 200 /)
    await until('systemd knows', () => heard().length > 2)
    t.match(heard(), [/^READY=1/, /^RELOADING=1 MONOTONIC_USEC=\d+/, /^READY=1/])
    await daemon.end()
    t.match(heard()[3], /^STOPPING=1/)
    await t.rejects(ask(port), { code: 'ECONNREFUSED' })
  })
}

test('every address of the machine, both families, on one port', async t => {
  const { ports } = await startUpstreams(t, [0])
  const routes = `routes: [{ upstream: 'http://127.0.0.1:${ports[0]}' }]`
  for (const address of [':0', '[::]:0']) {
    const daemon = await startDaemon(t, `listeners: [{ address: '${address}', ${routes} }]\n`)
    for (const host of ['127.0.0.1', '::1'])
      t.match(
        await ask({ port: daemon.port(), host } as net.NetConnectOpts),
        /^HTTP\/1.1 200 /,
        `${address} by ${host}`,
      )
    await daemon.end()
  }
})
