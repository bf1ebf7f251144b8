import { test } from 'tap'
import {
  type AddressAnswer,
  askServers,
  type DnsError,
  type DnsQuestions,
  dnsError,
  type ServiceRecord,
} from '../../lib/net/names/dns-answers.js'
import { until } from '../support/conversation.js'
import { startDnsmasq } from '../support/dnsmasq.js'
import { FakeClock } from '../support/fake-clock.js'
import { startNameServer } from '../support/name-server.js'
import { needs } from '../support/needs.js'
import { freePort } from '../support/ports.js'

type Found = { error: DnsError | null; answer: AddressAnswer }

const addressesOf = (questions: DnsQuestions, name: string) =>
  new Promise<Found>(done => questions.addresses(name, (error, answer) => done({ error, answer })))

const servicesOf = (questions: DnsQuestions, name: string) =>
  new Promise<{ error: DnsError | null; records: readonly ServiceRecord[] }>(done =>
    questions.services(name, (error, records) => done({ error, records })),
  )

const inWords = ({ error, answer }: Found): string =>
  error === null ? answer.addresses.map(({ address }) => address).join(' ') : (error.code ?? error.message)

const hosts = { 'app.test': ['127.0.0.7', '::1'], 'four.test': ['127.0.0.4'], 'six.test': ['::1'] }

test('A and AAAA with their TTL, only one of them, and neither', needs('dnsmasq'), async t => {
  const { nameserver } = await startDnsmasq(t, { ttl: 7, hosts })
  const questions = askServers([nameserver])
  const both = await addressesOf(questions, 'app.test')
  t.equal(both.error, null)
  t.equal(both.answer.ttlMs, 7_000)
  t.same(both.answer.addresses.map(({ address, family }) => `${family} ${address}`).sort(), ['4 127.0.0.7', '6 ::1'])
  for (const [name, address, family] of [
    ['four.test', '127.0.0.4', 4],
    ['six.test', '::1', 6],
  ] as const) {
    const { error, answer } = await addressesOf(questions, name)
    t.same([error, answer.addresses, answer.unanswered], [null, [{ address, family }], null])
  }
  const none = await addressesOf(questions, 'none.test')
  t.equal(none.error?.code, 'ENOTFOUND')
  t.same(none.answer.addresses, [])
  t.match(dnsError('none.test', none.error!), { type: 'destination_not_found', stage: 'resolve' })
})

test('SRV records, and a service that is explicitly absent', needs('dnsmasq'), async t => {
  const services = ['_http._tcp.app.test,One.test,8001,10,5', '_no._tcp.app.test']
  const { nameserver } = await startDnsmasq(t, { services })
  const questions = askServers([nameserver])
  const { records } = await servicesOf(questions, '_http._tcp.app.test')
  t.same(records, [{ target: 'one.test', port: 8001, priority: 10, weight: 5 }])
  t.equal((await servicesOf(questions, '_no._tcp.app.test')).error?.code, 'ENODATA')
  t.equal((await servicesOf(questions, '_none._tcp.app.test')).error?.code, 'ENOTFOUND')
})

test('a name server that refuses, and one that is absent', needs('dnsmasq'), async t => {
  const dnsmasq = await startDnsmasq(t, {})
  const questions = askServers([dnsmasq.nameserver])
  const foreign = await addressesOf(questions, 'example.org')
  t.equal(foreign.error?.code, 'EREFUSED')
  t.match(dnsError('example.org', foreign.error!), {
    type: 'dns_error',
    message: 'example.org could not be resolved (EREFUSED)',
  })
  await dnsmasq.stop()
  t.match((await addressesOf(questions, 'app.test')).error?.code, /ECONNREFUSED|ETIMEOUT/)
})

test('cancelled: all its queries get an error, and no others', async t => {
  const server = await startNameServer(t, name => (name === 'app.test' ? { addresses: ['127.0.0.7'] } : null))
  const questions = askServers([server.nameserver])
  const other = addressesOf(askServers([server.nameserver]), 'app.test')
  const answers = Promise.all([addressesOf(questions, 'silent.test'), servicesOf(questions, '_http._tcp.silent.test')])
  questions.cancel()
  for (const { error } of await answers) t.equal(error?.code, 'ECANCELLED')
  t.equal(inWords(await other), '127.0.0.7')
  t.equal(
    inWords(await addressesOf(askServers([server.nameserver]), 'app.test')),
    '127.0.0.7',
    'and the next one succeeds',
  )
})

test('a query that one server refuses or fails goes to the next, as in the C library', async t => {
  for (const rcode of ['REFUSED', 'SERVFAIL', 'NOTIMP', 'FORMERR'] as const) {
    const lame = await startNameServer(t, () => ({ rcode }))
    const good = await startNameServer(t, name => (name === 'app.test' ? { addresses: ['127.0.0.7'] } : { rcode }), {
      host: '127.0.0.2',
    })
    const questions = askServers([lame.nameserver, good.nameserver])
    t.equal(inWords(await addressesOf(questions, 'app.test')), '127.0.0.7', rcode)
    t.equal(inWords(await addressesOf(questions, 'none.test')), `E${rcode}`, 'the error of the last server')
    t.match((await servicesOf(questions, '_http._tcp.none.test')).error?.code, `E${rcode}`)
  }
  const unknown = await startNameServer(t, () => ({ rcode: 'NXDOMAIN' }))
  const never = await startNameServer(t, () => ({ addresses: ['127.0.0.7'] }), { host: '127.0.0.2' })
  t.equal(inWords(await addressesOf(askServers([unknown.nameserver, never.nameserver]), 'app.test')), 'ENOTFOUND')
  t.same(never.asked, [], '"no such name" is an answer')
})

test('an absent or unresponsive server: the next one is queried', async t => {
  const closed = `127.0.0.3:${await freePort()}`
  const silent = await startNameServer(t, () => null, { host: '127.0.0.4' })
  const good = await startNameServer(t, () => ({ addresses: ['127.0.0.7'] }))
  for (const first of [closed, silent.nameserver])
    t.equal(inWords(await addressesOf(askServers([first, good.nameserver]), 'app.test')), '127.0.0.7')
})

test('an answer too long for UDP is fetched over TCP', async t => {
  const many = Array.from({ length: 100 }, (_, nth) => `127.0.1.${nth}`)
  const server = await startNameServer(t, () => ({ addresses: many, truncated: true }))
  const { error, answer } = await addressesOf(askServers([server.nameserver]), 'app.test')
  t.equal(error, null)
  t.equal(answer.addresses.length, 100)
  t.ok(server.asked.includes('app.test A tcp'))
})

test('a server that does not answer for one family costs 1.5 s, not the name', async t => {
  const clock = new FakeClock()
  for (const [silent, address, unanswered] of [
    ['AAAA', '127.0.0.7', 6],
    ['A', '::1', 4],
  ] as const) {
    const server = await startNameServer(t, (_name, type) =>
      type === silent ? null : { addresses: ['127.0.0.7', '::1'] },
    )
    const questions = askServers([server.nameserver], clock)
    const found = addressesOf(questions, 'app.test')
    await until('one family has answered', () => clock.timers === 1, 600_000)
    clock.advance(1_499)
    t.equal(clock.timers, 1)
    clock.advance(1)
    const { error, answer } = await found
    t.same([error, answer.addresses.map(one => one.address), answer.unanswered], [null, [address], unanswered])
    questions.cancel()
  }
})

test('a family without addresses, or whose query fails, is not awaited', async t => {
  const clock = new FakeClock()
  for (const [rcode, unanswered] of [
    ['NOERROR', null],
    ['SERVFAIL', 6],
  ] as const) {
    const server = await startNameServer(t, (_name, type) =>
      type === 'A' ? { addresses: ['127.0.0.7'] } : { rcode, addresses: [] },
    )
    const { error, answer } = await addressesOf(askServers([server.nameserver], clock), 'app.test')
    t.same([error, answer.addresses.length, answer.unanswered], [null, 1, unanswered])
  }
  t.equal(clock.timers, 0)
})

test('an invalid name is not found', async t => {
  const server = await startNameServer(t, () => null)
  for (const name of ['a..b', 'a'.repeat(64), 'a b.test'])
    t.equal(inWords(await addressesOf(askServers([server.nameserver]), name)), 'ENOTFOUND', name)
  t.same(server.asked, [])
})

test('a name server must be an address', async t => {
  t.throws(() => askServers(['dns.example']), { code: 'ERR_INVALID_IP_ADDRESS' })
  askServers(['[::1]:5353']).cancel()
})

test('errors are sentences', async t => {
  const error = (code?: string) =>
    dnsError('app.test', Object.assign(new Error('odd'), code === undefined ? {} : { code }))
  t.match(error('ETIMEOUT'), { type: 'dns_timeout', status: 504, message: 'app.test was not resolved in time' })
  t.match(error('ESERVFAIL'), { type: 'dns_error', message: 'app.test could not be resolved (ESERVFAIL)' })
  t.match(error(), { type: 'dns_error', message: 'app.test could not be resolved (odd)' })
  t.match(error('ENODATA'), { type: 'destination_not_found', message: 'no address found for app.test' })
})
