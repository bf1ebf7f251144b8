import { type Test, test } from 'tap'
import type { ProxyError } from '../../lib/link/proxy-error.js'
import type { AddressAnswer, DnsError, DnsQuestions, ServiceRecord } from '../../lib/net/names/dns-answers.js'
import { askDns } from '../../lib/net/names/machine-names.js'
import { NameWatch, type NameWatchOptions, type WatchedAddress } from '../../lib/net/names/name-watch.js'
import { Turns } from '../../lib/net/turns.js'
import { until } from '../support/conversation.js'
import { startDnsmasq } from '../support/dnsmasq.js'
import { FakeClock } from '../support/fake-clock.js'
import { needs } from '../support/needs.js'

type AddressDone = (error: DnsError | null, answer: AddressAnswer) => void
type ServiceDone = (error: DnsError | null, records: readonly ServiceRecord[]) => void

/** A DNS that answers when the test says so; `open` has the unanswered queries. */
class HeldDns {
  readonly open = new Map<string, AddressDone & ServiceDone>()
  rounds = 0
  cancelled = 0

  /** Separate queries for each round, all of them held here. */
  round(): DnsQuestions {
    this.rounds++
    return {
      addresses: (name, done) => this.addresses(name, done),
      services: (name, done) => this.services(name, done),
      cancel: () => this.cancel(),
    }
  }
  addresses(name: string, done: AddressDone): void {
    this.open.set(name, done as never)
  }
  services(name: string, done: ServiceDone): void {
    this.open.set(`srv ${name}`, done as never)
  }
  cancel(): void {
    this.cancelled++
  }

  take(what: string) {
    const done = this.open.get(what)
    if (done === undefined) throw new Error(`${what} was not asked, but ${[...this.open.keys()]}`)
    this.open.delete(what)
    return done
  }
  give(name: string, ttlMs: number | null, ...addresses: string[]): void {
    this.take(name)(null, { addresses: addresses.map(addressOf), ttlMs, unanswered: null } as never)
  }
  fail(what: string, code: string): void {
    const answer = { addresses: [], ttlMs: null, unanswered: null }
    this.take(what)(Object.assign(new Error(code), { code }), (what.startsWith('srv ') ? [] : answer) as never)
  }
}

const addressOf = (address: string) => ({ address, family: address.includes(':') ? 6 : 4 }) as const

function watched(options: Partial<NameWatchOptions> = {}) {
  const clock = new FakeClock()
  const dns = new HeldDns()
  const lists: string[][] = []
  const errors: ProxyError[] = []
  const faults: unknown[] = []
  const watch = new NameWatch({
    name: 'app.test',
    kind: 'address',
    port: 80,
    nameservers: null,
    minMs: 1_000,
    maxMs: 60_000,
    clock,
    random: () => 0.5,
    onChange: list => lists.push(list.map(inWords)),
    onError: error => errors.push(error),
    onFault: fault => faults.push(fault),
    questions: () => dns.round(),
    ...options,
  })
  return { clock, dns, lists, errors, faults, watch }
}

const inWords = ({ address, port, weight, backup }: WatchedAddress): string =>
  `${address} ${port}${weight === 1 ? '' : ` x${weight}`}${backup ? ' backup' : ''}`

/** This many ms pass before it queries again; it is not querying now. */
function quietFor({ clock, dns }: { clock: FakeClock; dns: HeldDns }, t: Test, ms: number): void {
  const { rounds } = dns
  clock.advance(ms - 1)
  t.equal(dns.rounds, rounds, `not before ${ms} ms`)
  clock.advance(1)
  t.equal(dns.rounds, rounds + 1, `after ${ms} ms`)
}

test('the list is reported when it changes, complete and in a fixed order; queried again after the TTL', async t => {
  const it = watched()
  it.watch.start()
  t.same(it.watch.current, [])
  it.dns.give('app.test', 7_000, '::2', '10.0.0.2', '10.0.0.1', '10.0.0.2')
  t.same(it.lists, [['10.0.0.1 80', '10.0.0.2 80', '::2 80']])
  t.same(it.watch.current.map(inWords), it.lists[0])
  quietFor(it, t, 7_000)
  it.dns.give('app.test', 8_000, '10.0.0.1', '10.0.0.2', '::2')
  t.equal(it.lists.length, 1, 'no change, no call')
  quietFor(it, t, 8_000)
  it.dns.give('app.test', 8_000, '10.0.0.3')
  t.same(it.lists[1], ['10.0.0.3 80'], 'an address missing from the answer is removed at once')
  t.same([it.errors, it.faults], [[], []])
  it.watch.stop()
})

test('the TTL applies within the limits, with jitter', async t => {
  for (const [ttlMs, random, ms] of [
    [0, 0.5, 1_000],
    [3_600_000, 0.5, 60_000],
    [10_000, 0, 9_000],
    [10_000, 1, 11_000],
  ] as const) {
    const it = watched({ random: () => random })
    it.watch.start()
    it.dns.give('app.test', ttlMs, '10.0.0.1')
    quietFor(it, t, ms)
  }
})

test('an unknown TTL counts as five seconds', async t => {
  const it = watched()
  it.watch.start()
  it.dns.give('app.test', null, '10.0.0.1')
  t.same(it.lists, [['10.0.0.1 80']])
  quietFor(it, t, 5_000)
})

test('a refresh queries again, unless a round is in progress', async t => {
  const it = watched()
  it.watch.refresh()
  t.equal(it.dns.rounds, 0, 'not before the start')
  it.watch.start()
  it.watch.start()
  it.watch.refresh()
  t.equal(it.dns.rounds, 1)
  it.dns.give('app.test', 60_000, '10.0.0.1')
  it.watch.refresh()
  t.equal(it.dns.rounds, 2)
  it.watch.refresh()
  t.equal(it.dns.rounds, 2, 'a round is in progress')
  it.dns.give('app.test', 60_000, '10.0.0.2')
  it.watch.refresh()
  t.equal(it.dns.rounds, 3)
  t.equal(it.clock.timers, 1, 'the end of the round')
  it.dns.give('app.test', 60_000, '10.0.0.2')
  t.equal(it.clock.timers, 1)
  t.equal(it.lists.length, 2)
})

test('after failures the list stays, however long, and queries become rarer', async t => {
  const it = watched({ maxMs: 8_000 })
  it.watch.start()
  it.dns.give('app.test', 5_000, '10.0.0.1')
  quietFor(it, t, 5_000)
  for (const ms of [1_000, 2_000, 4_000, 8_000, 8_000, 8_000, 8_000]) {
    it.dns.fail('app.test', ms === 1_000 ? 'ETIMEOUT' : 'ESERVFAIL')
    quietFor(it, t, ms)
  }
  t.same(
    it.errors.slice(0, 2).map(({ type }) => type),
    ['dns_timeout', 'dns_error'],
  )
  t.same(it.watch.current.map(inWords), ['10.0.0.1 80'])
  it.dns.give('app.test', 5_000, '10.0.0.1')
  t.equal(it.lists.length, 1)
  quietFor(it, t, 5_000)
  it.dns.fail('app.test', 'ESERVFAIL')
  quietFor(it, t, 1_000)
})

test('no such name: the list stays for 30 s, then it is empty; a name that comes back is found', async t => {
  const it = watched({ maxMs: 10_000 })
  it.watch.start()
  it.dns.give('app.test', 5_000, '10.0.0.1')
  quietFor(it, t, 5_000)
  for (const ms of [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
    it.dns.fail('app.test', 'ENOTFOUND')
    t.equal(it.lists.length, 1)
    quietFor(it, t, ms)
  }
  it.dns.fail('app.test', 'ENODATA')
  t.same(it.lists[1], [])
  t.same(it.watch.current, [])
  t.match(it.errors.at(-1), { type: 'destination_not_found' })
  quietFor(it, t, 10_000)
  it.dns.fail('app.test', 'ENOTFOUND')
  t.equal(it.lists.length, 2, 'reported once')
  quietFor(it, t, 10_000)
  it.dns.give('app.test', 5_000, '10.0.0.2')
  t.same(it.lists[2], ['10.0.0.2 80'])
  quietFor(it, t, 5_000)
  it.dns.fail('app.test', 'ENOTFOUND')
  t.equal(it.lists.length, 3, 'the 30 s start again')
})

test('a name that is unknown from the start: no list, only errors', async t => {
  const it = watched()
  it.watch.start()
  it.dns.fail('app.test', 'ENOTFOUND')
  it.clock.advance(1_000)
  it.dns.fail('app.test', 'ESERVFAIL')
  t.same(it.lists, [])
  t.equal(it.errors.length, 2)
})

test('one family is not answered: its known addresses stay', async t => {
  const it = watched()
  it.watch.start()
  it.dns.give('app.test', 5_000, '10.0.0.1', '::1')
  it.clock.advance(5_000)
  it.dns.take('app.test')(null, { addresses: [addressOf('10.0.0.2')], ttlMs: 5_000, unanswered: 6 } as never)
  t.same(it.lists[1], ['10.0.0.2 80', '::1 80'])
  it.clock.advance(5_000)
  it.dns.give('app.test', 5_000, '10.0.0.2')
  t.same(it.lists[2], ['10.0.0.2 80'])
})

test('stopped: no more queries or callbacks', async t => {
  const it = watched()
  it.watch.start()
  const late = it.dns.take('app.test')
  it.watch.stop()
  late(null, { addresses: [addressOf('10.0.0.1')], ttlMs: 1_000, unanswered: null } as never)
  t.same([it.lists, it.dns.cancelled, it.clock.timers], [[], 1, 0])
  it.watch.start()
  it.dns.give('app.test', 1_000, '10.0.0.1')
  it.watch.stop()
  t.equal(it.clock.timers, 0)
  it.watch.refresh()
  t.equal(it.dns.rounds, 2)
})

test('stopped from within a callback', async t => {
  for (const answer of ['give', 'fail'] as const) {
    const it = watched({ onChange: () => it.watch.stop(), onError: () => it.watch.stop() })
    it.watch.start()
    if (answer === 'give') it.dns.give('app.test', 1_000, '10.0.0.1')
    else it.dns.fail('app.test', 'ESERVFAIL')
    t.equal(it.clock.timers, 0)
  }
})

test('an exception in a callback is reported, and the watch continues', async t => {
  const it = watched({
    onChange: () => {
      throw new Error('a fault')
    },
  })
  it.watch.start()
  it.dns.give('app.test', 1_000, '10.0.0.1')
  t.match(it.faults, [{ message: 'a fault' }])
  quietFor(it, t, 1_000)
})

test('an IP address needs no query', async t => {
  for (const name of ['10.0.0.1', '::1', '[::1]']) {
    const it = watched({ name })
    t.same(it.watch.current, [{ ...addressOf(name.replace(/[[\]]/g, '')), port: 80, weight: 1, backup: false }])
    it.watch.start()
    it.watch.refresh()
    it.watch.stop()
    t.same([it.dns.rounds, it.lists], [0, []])
  }
})

const record = (target: string, port: number, priority: number, weight: number): ServiceRecord => ({
  ...{ target, port, priority, weight },
})

test('SRV: the lowest priority serves, the others are backups; weights; targets with several addresses', async t => {
  const it = watched({ kind: 'srv', name: '_http._tcp.app.test' })
  const asked = 'srv _http._tcp.app.test'
  it.watch.start()
  it.dns.take(asked)(null, [
    record('two.test', 8002, 20, 7),
    record('one.test', 8001, 10, 5),
    record('one.test', 8009, 10, 0),
    record('two.test', 8001, 10, 1),
  ] as never)
  it.dns.give('one.test', 60_000, '10.0.0.2', '10.0.0.1')
  t.same(it.lists, [])
  it.dns.give('two.test', 60_000, '10.0.0.3')
  const list = ['10.0.0.1 8001 x5', '10.0.0.1 8009', '10.0.0.2 8001 x5', '10.0.0.2 8009', '10.0.0.3 8001']
  t.same(it.lists, [[...list, '10.0.0.3 8002 x7 backup']])
  quietFor(it, t, 5_000) // the TTL of the SRV records is unknown
  it.dns.take(asked)(null, [record('one.test', 8001, 10, 5), record('two.test', 8002, 20, 7)] as never)
  it.dns.fail('one.test', 'ENOTFOUND')
  it.dns.give('two.test', 2_000, '10.0.0.3')
  t.same(it.lists[1], ['10.0.0.3 8002 x7'], 'without a server of the lowest priority the next one serves')
  t.same(it.errors, [])
  quietFor(it, t, 2_000)
})

test('SRV: an address and port listed twice counts once, with the better priority', async t => {
  const it = watched({ kind: 'srv', name: 'srv.test' })
  it.watch.start()
  it.dns.take('srv srv.test')(null, [record('a.test', 80, 2, 9), record('b.test', 80, 1, 3)] as never)
  for (const name of ['a.test', 'b.test']) it.dns.give(name, 1_000, '10.0.0.1')
  t.same(it.lists, [['10.0.0.1 80 x3']])
})

test('SRV: a target whose lookup fails keeps its known addresses; without records all are kept', async t => {
  const it = watched({ kind: 'srv', name: 'srv.test' })
  const records = [record('a.test', 80, 1, 1), record('b.test', 80, 1, 1)]
  it.watch.start()
  it.dns.take('srv srv.test')(null, records as never)
  it.dns.give('a.test', 2_000, '10.0.0.1')
  it.dns.give('b.test', 3_000, '10.0.0.2')
  quietFor(it, t, 2_000)
  it.dns.take('srv srv.test')(null, records as never)
  it.dns.fail('a.test', 'ESERVFAIL')
  it.dns.give('b.test', 3_000, '10.0.0.3')
  t.same(it.lists[1], ['10.0.0.1 80', '10.0.0.3 80'])
  t.match(it.errors, [{ type: 'dns_error' }])
  quietFor(it, t, 1_000)
  it.dns.fail('srv srv.test', 'ENOTFOUND')
  t.equal(it.lists.length, 2)
  quietFor(it, t, 2_000)
  it.dns.take('srv srv.test')(null, records as never)
  for (const name of ['a.test', 'b.test']) it.dns.fail(name, 'ENOTFOUND')
  t.equal(it.lists.length, 2)
  t.match(it.errors.at(-1), { type: 'destination_not_found', message: 'no address found for srv.test' })
})

test('an unanswered query has failed after five seconds, and is retried', async t => {
  const it = watched()
  it.watch.start()
  const late = it.dns.take('app.test')
  it.clock.advance(4_999)
  t.same([it.errors.length, it.dns.cancelled], [0, 0])
  it.clock.advance(1)
  t.match(it.errors, [{ type: 'dns_timeout' }])
  t.equal(it.dns.cancelled, 1)
  late(null, { addresses: [addressOf('10.0.0.9')], ttlMs: 1_000, unanswered: null } as never)
  t.same(it.lists, [], 'too late')
  quietFor(it, t, 1_000)
  it.dns.give('app.test', 5_000, '10.0.0.1')
  t.same(it.lists, [['10.0.0.1 80']])
})

test('SRV: one unanswered target of several does not affect the others', async t => {
  const it = watched({ kind: 'srv', name: 'srv.test' })
  it.watch.start()
  it.dns.take('srv srv.test')(null, [record('one.test', 80, 1, 1), record('two.test', 80, 1, 1)] as never)
  it.dns.give('one.test', 5_000, '10.0.0.1')
  it.clock.advance(5_000)
  t.same(it.lists, [['10.0.0.1 80']])
  t.match(it.errors, [{ type: 'dns_timeout' }])
})

test('taking turns: the next watch queries when one has its answer, has failed, or has stopped', async t => {
  const turns = new Turns(1)
  const all = ['a', 'b', 'c', 'd'].map(name => watched({ name: `${name}.test`, turns }))
  for (const { watch } of all) watch.start()
  const asking = () => all.map(({ dns }) => dns.open.size).join('')
  t.equal(asking(), '1000')
  all[0]!.dns.give('a.test', 5_000, '10.0.0.1')
  t.equal(asking(), '0100')
  all[1]!.dns.fail('b.test', 'ESERVFAIL')
  t.equal(asking(), '0010')
  all[3]!.watch.stop()
  all[2]!.watch.stop()
  t.equal(asking(), '0010', 'a stopped watch does not query')
  all[0]!.watch.refresh()
  t.equal(asking(), '1010')
})

test('SRV: at most 256 targets are looked up', async t => {
  const it = watched({ kind: 'srv', name: 'srv.test' })
  it.watch.start()
  const many = Array.from({ length: 300 }, (_, nth) => record(`t${String(nth).padStart(3, '0')}.test`, 80, 1, 1))
  it.dns.take('srv srv.test')(null, many as never)
  t.equal(it.dns.open.size, 256)
})

// With a real name server ----------------------------------------------------------------------------------------------

test(
  'dnsmasq: a changed record is found when its TTL has passed, and a removed address is gone',
  needs('dnsmasq'),
  async t => {
    const dnsmasq = await startDnsmasq(t, { ttl: 7, hosts: { 'app.test': ['127.0.0.1', '127.0.0.2'] } })
    let rounds = 0
    const questions = () => {
      rounds++
      return askDns([dnsmasq.nameserver])
    }
    const it = watched({ questions })
    const answered = (list: string[]) =>
      until(list.join(), () => String(it.watch.current.map(inWords)) === String(list))
    it.watch.start()
    await answered(['127.0.0.1 80', '127.0.0.2 80'])
    for (const hosts of [['127.0.0.3'], ['127.0.0.3', '::1']]) {
      await dnsmasq.hosts({ 'app.test': hosts })
      await until('its turn', () => it.clock.timers === 1)
      const before = rounds
      it.clock.advance(6_999)
      t.equal(rounds, before)
      it.clock.advance(1)
      t.equal(rounds, before + 1)
      await answered(hosts.map(address => `${address} 80`))
    }
    await dnsmasq.stop()
    it.clock.advance(7_000)
    await until('an error', () => it.errors.length === 1)
    t.same(it.watch.current.map(inWords), ['127.0.0.3 80', '::1 80'])
    it.watch.stop()
  },
)

test('dnsmasq: SRV with priorities, by its own address', needs('dnsmasq'), async t => {
  const name = '_http._tcp.app.test'
  const dnsmasq = await startDnsmasq(t, {
    services: [`${name},one.test,8001,10,5`, `${name},two.test,8002,10,1`, `${name},three.test,8003,20,1`],
    hosts: { 'one.test': ['127.0.0.1'], 'two.test': ['127.0.0.2', '::1'], 'three.test': ['127.0.0.3'] },
  })
  const it = watched({ name, kind: 'srv', questions: () => askDns([dnsmasq.nameserver]) })
  it.watch.start()
  await until('the list', () => it.lists.length > 0)
  t.same(it.lists, [['127.0.0.1 8001 x5', '127.0.0.2 8002', '::1 8002', '127.0.0.3 8003 backup']])
  it.watch.stop()
})

test('by default names are resolved as the machine does', async t => {
  const it = watched({ name: 'localhost' })
  const { questions: _, ...options } = { ...(it.watch as unknown as { options: NameWatchOptions }).options }
  // It stops before it asks a name server for the TTL: no traffic except to loopback.
  const watch: NameWatch = new NameWatch({ ...options, onChange: () => watch.stop() })
  watch.start()
  await until('an address of localhost', () => watch.current.length > 0)
  t.ok(watch.current.every(({ address }) => address === '127.0.0.1' || address === '::1'))
})
