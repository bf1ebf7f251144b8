import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { readAddress } from '../../lib/config/values.js'
import { DEADLINES } from '../../lib/link/deadlines.js'
import { LIMITS } from '../../lib/link/limits.js'
import { run } from '../support/child.js'
import { needs, pathOf } from '../support/needs.js'
import { tempFolder } from '../support/temp-folder.js'
import { read, readDuration } from './files.js'

const SERVICE = read('systemd/hopwise.service')
const SOCKET = read('systemd/hopwise.socket')

/** The last value of a setting. */
function setting(unit: string, name: string): string | undefined {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].at(-1)?.[1]
}

test('systemd verifies the units, and rates their exposure as low', {
  ...needs('systemd-analyze'),
}, async t => {
  const folder = tempFolder(t)
  // This also verifies that the program exists; hopwise may not be installed here, but Node is.
  writeFileSync(join(folder, 'hopwise.service'), SERVICE.replaceAll(/^(Exec\w+=)hopwise /gm, `$1${process.execPath} `))
  writeFileSync(join(folder, 'hopwise.socket'), SOCKET)
  const units = [join(folder, 'hopwise.service'), join(folder, 'hopwise.socket')]
  const analyze = pathOf('systemd-analyze')
  const verified = await run(t, analyze, ['verify', '--man=no', '--recursive-errors=no', ...units])
  const about = verified.err.split('\n').filter(line => line.includes(folder))
  t.same({ code: verified.code, about }, { code: 0, about: [] })
  // 0 is the safest, 10 is no protection; given in tenths.
  const audit = await run(t, analyze, ['security', '--offline=true', '--threshold=25', '--no-pager', units[0] ?? ''])
  t.equal(audit.code, 0, audit.out.split('\n').at(-2) ?? '')
})

test('the service: reports that it is ready, is drained, is restarted', async t => {
  t.match(setting(SERVICE, 'ExecStart'), 'hopwise serve --config /etc/hopwise/hopwise.yaml')
  // The result of systemctl reload is that of the reload, and arrives before systemd gives up on it.
  const [, reloadMs] =
    /^hopwise reload --config \/etc\/hopwise\/hopwise\.yaml --timeout-ms (\d+)$/.exec(
      setting(SERVICE, 'ExecReload') ?? '',
    ) ?? []
  t.ok(Number(reloadMs) < readDuration(`${setting(SERVICE, 'TimeoutStartSec')}s`))
  t.equal(setting(SERVICE, 'Type'), 'notify')
  t.equal(setting(SERVICE, 'NotifyAccess'), 'all', 'a child process sends the notification')
  t.equal(setting(SERVICE, 'KillMode'), 'mixed', 'one SIGTERM for each process')
  t.equal(setting(SERVICE, 'RestartPreventExitStatus'), '2')
  const stopMs = readDuration(`${setting(SERVICE, 'TimeoutStopSec')}s`)
  t.ok(stopMs > DEADLINES.announceMs + DEADLINES.drainMs)
  t.ok(Number(setting(SERVICE, 'LimitNOFILE')) > LIMITS.clientConnectionsMax + LIMITS.upstreamConnectionsMax)
  t.equal(setting(SERVICE, 'MemoryDenyWriteExecute'), undefined, 'Node could not run with it')
})

test('the socket: its name is the one that its comment uses in the configuration', async t => {
  const [, address = ''] = /^# +- address: (\S+)$/m.exec(SOCKET) ?? []
  t.same(readAddress(address), { kind: 'systemd', name: setting(SOCKET, 'FileDescriptorName') })
  t.equal(setting(SOCKET, 'Accept'), undefined, 'hopwise accepts, systemd only listens')
})
