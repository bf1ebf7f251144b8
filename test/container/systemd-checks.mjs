// Requirements of hopwise as a systemd service: config/systemd on a separate machine with a real systemd.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const HERE = 'http://127.0.0.1'
const CAP_NET_BIND_SERVICE = '0000000000000400'
const RESTARTS = 10
const CLIENTS = 4

export const SYSTEMD_CHECKS = [
  ['systemctl start returns when it serves; port 80, its own user, one capability', started],
  ['systemctl reload: a new file is applied, a wrong one is refused and the old one stays', reloaded],
  ['systemctl stop: running exchanges complete, and the service has succeeded', stopped],
  ['a wrong configuration is reported once, not retried', refused],
  ['hopwise.socket: connections that arrive while the service restarts are served', activated],
]

async function started({ machine, root }) {
  await until(async () => (await machine.exec(['systemctl', 'is-system-running', '--wait'])).out === 'running\n')
  await must(machine, ['systemd-run', '--quiet', 'hopwise', 'demo', '--listen', '127.0.0.1:3000'])
  await until(async () => (await machine.curl('-f', `${HERE}:3000/`)).code === 0)
  configure(root, { address: ':80' })
  await must(machine, ['systemctl', 'start', 'hopwise'])
  const { out } = await machine.curl('-f', `${HERE}/headers`)
  assert.match(out, /^Via: /m, 'it serves as soon as start has returned')
  const { MainPID, StatusText } = await show(machine, 'MainPID', 'StatusText')
  const status = await must(machine, ['cat', `/proc/${MainPID}/status`])
  const uid = /^Uid:\t(\d+)/m.exec(status)?.[1]
  assert.ok(Number(uid) >= 61_184, 'a dynamic user, which exists only while the service runs')
  assert.equal(/^CapEff:\t(.*)$/m.exec(status)?.[1], CAP_NET_BIND_SERVICE)
  assert.equal(/^Seccomp:\t(.*)$/m.exec(status)?.[1], '2')
  const [version] = (await must(machine, ['systemctl', '--version'])).split('\n')
  return `${version}: user ${uid}, status "${StatusText}"`
}

async function reloaded({ machine, root }) {
  const before = await show(machine, 'MainPID')
  configure(root, { address: ':80', field: 'first' })
  await must(machine, ['systemctl', 'reload', 'hopwise'])
  await until(async () => /^x-team: first/im.test((await machine.curl('-i', `${HERE}/`)).out))
  configure(root, { address: ':80', field: 'second', wrong: true })
  await assert.rejects(must(machine, ['systemctl', 'reload', 'hopwise']), 'it says so')
  await until(async () => /hopwise\.yaml:\d+:\d+: error/.test(await journal(machine)))
  assert.match((await machine.curl('-i', `${HERE}/`)).out, /^x-team: first/im)
  assert.deepEqual(await show(machine, 'MainPID'), before)
}

async function stopped({ machine }) {
  const slow = machine.curl('-f', `${HERE}/slow?ms=2000`)
  await pause(500)
  await must(machine, ['systemctl', 'stop', 'hopwise'])
  assert.deepEqual(await slow, { code: 0, out: 'This took 2000 ms.\n', err: '' })
  const { Result, ExecMainStatus, ActiveState } = await show(machine, 'Result', 'ExecMainStatus', 'ActiveState')
  assert.deepEqual(
    { Result, ExecMainStatus, ActiveState },
    { Result: 'success', ExecMainStatus: '0', ActiveState: 'inactive' },
  )
}

async function refused({ machine, root }) {
  configure(root, { address: ':80', wrong: true })
  const { code } = await machine.exec(['systemctl', 'start', 'hopwise'])
  assert.notEqual(code, 0)
  const { ExecMainStatus, NRestarts, ActiveState } = await show(machine, 'ExecMainStatus', 'NRestarts', 'ActiveState')
  assert.deepEqual(
    { ExecMainStatus, NRestarts, ActiveState },
    { ExecMainStatus: '2', NRestarts: '0', ActiveState: 'failed' },
  )
  await must(machine, ['systemctl', 'reset-failed', 'hopwise'])
}

async function activated({ machine, root }) {
  configure(root, { address: 'systemd:web' })
  await must(machine, ['systemctl', 'start', 'hopwise.socket'])
  assert.equal((await show(machine, 'ActiveState')).ActiveState, 'inactive')
  assert.equal((await machine.curl('-f', `${HERE}/`)).code, 0, 'the first connection starts the service')
  let over = false
  const outcomes = []
  const load = Array.from({ length: CLIENTS }, async () => {
    while (!over) outcomes.push(await machine.curl('-f', '-o', '/dev/null', `${HERE}/`))
  })
  try {
    for (let i = 0; i < RESTARTS; i++) {
      await pause(500)
      // Otherwise this many starts in such a short time would exceed systemd's limit.
      await must(machine, ['systemctl', 'reset-failed', 'hopwise'])
      await must(machine, ['systemctl', 'restart', 'hopwise'])
    }
  } finally {
    over = true
    await Promise.all(load)
  }
  assert.deepEqual(
    outcomes.filter(({ code }) => code !== 0),
    [],
  )
  assert.ok(outcomes.length > RESTARTS)
  return `${outcomes.length} new connections during ${RESTARTS} restarts, none lost`
}

/** The file that the service reads. */
function configure(root, { address, field, wrong }) {
  const fields = field ? `, responseFields: { set: { X-Team: ${field} } }` : ''
  const lines = [
    'listeners:',
    `  - ${wrong ? 'adress' : 'address'}: '${address}'`,
    `    routes: [{ upstream: 'http://127.0.0.1:3000'${fields} }]`,
    '',
  ]
  writeFileSync(join(root, 'etc/hopwise/hopwise.yaml'), lines.join('\n'))
}

async function must(machine, words) {
  const { code, out, err } = await machine.exec(words)
  assert.equal(code, 0, `${words.join(' ')}: ${out}${err}`)
  return out
}

async function show(machine, ...names) {
  const out = await must(machine, ['systemctl', 'show', 'hopwise', ...names.map(name => `--property=${name}`)])
  return Object.fromEntries(
    out
      .trimEnd()
      .split('\n')
      .map(line => line.split(/=(.*)/s)),
  )
}

/** The last output of the service. */
export function journal(machine) {
  return must(machine, ['journalctl', '--no-pager', '--output=cat', '--unit=hopwise', '--lines=30'])
}

async function until(holds) {
  for (let tries = 0; !(await holds()); tries++) {
    if (tries === 100) throw new Error('not within 10 s')
    await pause(100)
  }
}

function pause(ms) {
  return new Promise(done => setTimeout(done, ms))
}
