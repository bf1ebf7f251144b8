import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import type { Address } from '../../lib/net/address.js'
import { CLibrary } from '../../lib/net/names/c-library.js'
import type { DnsQuestions } from '../../lib/net/names/dns-answers.js'
import { askDns, Machine, type MachineOptions } from '../../lib/net/names/machine-names.js'
import { until } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import { type Answering, type NameServer, startNameServer } from '../support/name-server.js'
import { tempFolder } from '../support/temp-folder.js'

interface Files {
  hosts?: string
  conf?: string
  nameSwitch?: string
}

/** A separate machine, with one name server. */
async function machineWith(t: Test, answering: Answering, files: Files = {}, options: MachineOptions = {}) {
  const server = await startNameServer(t, answering)
  const folder = tempFolder(t)
  const path = (name: string) => join(folder, name)
  const write = ({ hosts, conf, nameSwitch }: Files): void => {
    if (hosts !== undefined) writeFileSync(path('hosts'), hosts)
    if (conf !== undefined) writeFileSync(path('resolv.conf'), conf)
    if (nameSwitch !== undefined) writeFileSync(path('nsswitch.conf'), nameSwitch)
  }
  write({ hosts: '', conf: 'nameserver 127.0.0.1', nameSwitch: 'hosts: files dns', ...files })
  const clock = new FakeClock()
  const machine = new Machine({
    ...{ hosts: path('hosts'), resolvConf: path('resolv.conf'), nameSwitch: path('nsswitch.conf') },
    ...{ port: server.port, clock },
    cLibrary: new CLibrary(() => t.fail('the C library was called')),
    ...options,
  })
  return { machine, server, clock, write }
}

const found = (questions: DnsQuestions, name: string) =>
  new Promise<string>(done =>
    questions.addresses(name, (error, { addresses }) =>
      done(error === null ? addresses.map(({ address }) => address).join(' ') : (error.code ?? error.message)),
    ),
  )

const known: Answering = name =>
  name === 'app.example' ? { addresses: ['192.0.2.1', '2001:db8::1'] } : { rcode: 'NXDOMAIN' }

const names = ({ asked }: NameServer): string[] => [...new Set(asked.map(question => question.split(' ')[0]!))]

test('DNS is queried for both families in parallel', async t => {
  const { machine, server } = await machineWith(t, known)
  const answer = await found(machine.ask(), 'App.Example')
  t.same(answer.split(' ').sort(), ['192.0.2.1', '2001:db8::1'])
  t.same([...new Set(server.asked)].sort(), ['app.example A', 'app.example AAAA'])
  t.equal(await found(machine.ask(), 'none.example'), 'ENOTFOUND')
})

test('the hosts file takes precedence over DNS, case-insensitively, and its changes take effect', async t => {
  const hosts = '10.0.0.1 app.example one # ours\n10.0.0.2 App.Example\n'
  const { machine, server, clock, write } = await machineWith(t, known, { hosts })
  t.equal(await found(machine.ask(), 'APP.example'), '10.0.0.1 10.0.0.2')
  t.equal(await found(machine.ask(), 'app.example.'), '10.0.0.1 10.0.0.2')
  t.same(server.asked, [])
  write({ hosts: '10.0.0.3 app.example' })
  clock.advance(1_000)
  t.equal(await found(machine.ask(), 'app.example'), '10.0.0.3')
})

test('localhost and names below it never leave this machine', async t => {
  const { machine, server } = await machineWith(t, () => ({ addresses: ['192.0.2.66'] }))
  for (const name of ['localhost', 'localhost.', 'app.localhost', 'A.B.LOCALHOST'])
    t.match(await found(machine.ask(), name), /^(::1 )?127\.0\.0\.1$/, name)
  t.same(server.asked, [])
})

test('a name that never exists is not queried', async t => {
  const { machine, server } = await machineWith(t, () => ({ addresses: ['192.0.2.66'] }), {
    hosts: '10.0.0.1 my.invalid',
  })
  t.equal(await found(machine.ask(), 'app.invalid'), 'ENOTFOUND')
  t.equal(await found(machine.ask(), 'my.invalid'), '10.0.0.1')
  t.same(server.asked, [])
})

test('Kubernetes: five dots and three search domains', async t => {
  const conf =
    'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 127.0.0.1\noptions ndots:5\n'
  const zone: Answering = name =>
    name === 'app.default.svc.cluster.local' || name === 'api.other.svc.cluster.local' || name === 'www.example.org'
      ? { addresses: ['192.0.2.1'] }
      : { rcode: 'NXDOMAIN' }
  const { machine, server } = await machineWith(t, zone, { conf })
  t.equal(await found(machine.ask(), 'app'), '192.0.2.1')
  t.same(names(server), ['app.default.svc.cluster.local'])
  t.equal(await found(machine.ask(), 'api.other'), '192.0.2.1')
  t.equal(await found(machine.ask(), 'www.example.org'), '192.0.2.1')
  t.same(names(server).slice(-4), [
    'www.example.org.default.svc.cluster.local',
    'www.example.org.svc.cluster.local',
    'www.example.org.cluster.local',
    'www.example.org',
  ])
  const before = names(server).length
  t.equal(await found(machine.ask(), 'none.example.org.'), 'ENOTFOUND')
  t.same(names(server).slice(before), ['none.example.org'], 'with a trailing dot: only as it is')
})

test('after a failure in one search domain the next is tried; a timeout ends the search', async t => {
  const conf = 'search lame.example empty.example good.example\nnameserver 127.0.0.1\n'
  const zone: Answering = name => {
    if (name.endsWith('lame.example')) return { rcode: 'SERVFAIL' }
    if (name === 'app.good.example') return { addresses: ['192.0.2.1'] }
    return name === 'poor.empty.example' ? {} : { rcode: 'NXDOMAIN' }
  }
  const { machine } = await machineWith(t, zone, { conf })
  t.equal(await found(machine.ask(), 'app'), '192.0.2.1')
  t.equal(await found(machine.ask(), 'none'), 'ESERVFAIL', 'the name may exist')
  const poor = await machineWith(t, zone, { conf: conf.replace('lame.example', '') })
  t.equal(await found(poor.machine.ask(), 'poor'), 'ENODATA', 'the name exists')
  const silent = await machineWith(t, () => null, { conf })
  const questions = silent.machine.ask()
  const answer = found(questions, 'app')
  await until('it was asked', () => silent.server.asked.length >= 2, 600_000)
  questions.cancel()
  t.equal(await answer, 'ECANCELLED')
  t.same(names(silent.server), ['app.lame.example'])
})

test('changed name servers in resolv.conf are used without a restart', async t => {
  const { machine, server, clock, write } = await machineWith(t, known)
  t.match(await found(machine.ask(), 'app.example'), /192\.0\.2\.1/)
  const other = await startNameServer(t, () => ({ addresses: ['192.0.2.9'] }), { host: '127.0.0.2', port: server.port })
  write({ conf: 'nameserver 127.0.0.2\n' })
  clock.advance(1_000)
  t.equal(await found(machine.ask(), 'app.example'), '192.0.2.9')
  t.same(names(other), ['app.example'])
})

test('SRV queries go to the same servers', async t => {
  const { machine, server } = await machineWith(t, () => ({ rcode: 'NXDOMAIN' }))
  const code = await new Promise(done => machine.ask().services('_http._tcp.app.example', error => done(error?.code)))
  t.equal(code, 'ENOTFOUND')
  t.same([...new Set(server.asked)], ['_http._tcp.app.example SRV'])
})

// Names that only the C library knows ---------------------------------------------------------------------------------

const MDNS = { nameSwitch: 'hosts: files mdns4_minimal [NOTFOUND=return] dns' }
const PRINTER: readonly Address[] = [{ address: '192.0.2.77', family: 4 }]

test('if nsswitch.conf lists more than the hosts file and DNS, names unknown to these go to the C library', async t => {
  const asked: string[] = []
  const cLibrary = new CLibrary((name, done) => {
    asked.push(name)
    setImmediate(done, name === 'printer.local' ? PRINTER : [])
  })
  const { machine } = await machineWith(t, known, MDNS, { cLibrary })
  t.equal(await found(machine.ask(), 'printer.local'), '192.0.2.77')
  t.match(await found(machine.ask(), 'app.example'), /192\.0\.2\.1/)
  t.equal(await found(machine.ask(), 'none.local'), 'ENOTFOUND')
  t.same(asked, ['printer.local', 'none.local'], 'not for a name that DNS has')
})

test('a failed lookup does not go to the C library, which would wait as well', async t => {
  const { machine } = await machineWith(t, () => ({ rcode: 'SERVFAIL' }), MDNS)
  t.equal(await found(machine.ask(), 'printer.local'), 'ESERVFAIL')
})

test('a name counts as unknown if the C library does not return within two seconds', async t => {
  let asked = 0
  const cLibrary = new CLibrary(() => asked++)
  const { machine, clock } = await machineWith(t, known, MDNS, { cLibrary })
  const answer = found(machine.ask(), 'printer.local')
  await until('it is being asked', () => asked === 1 && clock.timers === 1, 600_000)
  clock.advance(1_999)
  t.equal(clock.timers, 1)
  clock.advance(1)
  t.equal(await answer, 'ENOTFOUND')
  const second = machine.ask()
  second.addresses('other.local', () => t.fail('it was cancelled'))
  await until('it waits for the first', () => clock.timers === 1, 600_000)
  second.cancel()
  t.equal(clock.timers, 0)
  t.equal(asked, 1, 'one at a time')
})

test('this machine: its hosts file, and name servers that are addresses', async t => {
  t.match(await found(askDns(null), 'localhost'), /127\.0\.0\.1/)
  t.throws(() => askDns(['dns.example']), { code: 'ERR_INVALID_IP_ADDRESS' })
})
