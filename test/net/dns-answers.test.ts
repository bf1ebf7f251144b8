import { test } from 'tap'
import {
  type AddressAnswer,
  askDns,
  asTheMachine,
  type DnsError,
  type DnsQuestions,
  dnsError,
  type ServiceRecord,
} from '../../lib/net/dns-answers.js'
import { startDnsmasq } from '../support/dnsmasq.js'
import { needs } from '../support/needs.js'

type Found = { error: DnsError | null; answer: AddressAnswer }

const addressesOf = (questions: DnsQuestions, name: string) =>
  new Promise<Found>(done => questions.addresses(name, (error, answer) => done({ error, answer })))

const servicesOf = (questions: DnsQuestions, name: string) =>
  new Promise<{ error: DnsError | null; records: readonly ServiceRecord[] }>(done =>
    questions.services(name, (error, records) => done({ error, records })),
  )

const ttlOf = (questions: DnsQuestions, name: string, answer: AddressAnswer) =>
  new Promise<number | null>(done => questions.ttl(name, answer, done))

const hosts = { 'app.test': ['127.0.0.7', '::1'], 'four.test': ['127.0.0.4'], 'six.test': ['::1'] }

test('A and AAAA with their TTL, one of them alone, and neither', needs('dnsmasq'), async t => {
  const { nameserver } = await startDnsmasq(t, { ttl: 7, hosts })
  const questions = askDns([nameserver])
  const both = await addressesOf(questions, 'app.test')
  t.equal(both.error, null)
  t.equal(both.answer.ttlMs, 7_000)
  t.same(both.answer.addresses.map(({ address, family }) => `${family} ${address}`).sort(), ['4 127.0.0.7', '6 ::1'])
  t.equal(await ttlOf(questions, 'app.test', both.answer), 7_000)
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
  t.match(dnsError('none.test', none.error!), { type: 'destination_not_found', stage: 'resolve', retry: true })
})

test('SRV records; a service that is decidedly not there', needs('dnsmasq'), async t => {
  const services = ['_http._tcp.app.test,One.test,8001,10,5', '_no._tcp.app.test']
  const { nameserver } = await startDnsmasq(t, { services })
  const questions = askDns([nameserver])
  const { records } = await servicesOf(questions, '_http._tcp.app.test')
  t.same(records, [{ target: 'one.test', port: 8001, priority: 10, weight: 5 }])
  t.equal((await servicesOf(questions, '_no._tcp.app.test')).error?.code, 'ENODATA')
  t.equal((await servicesOf(questions, '_none._tcp.app.test')).error?.code, 'ENOTFOUND')
})

test('a name server that refuses, and one that is not there', needs('dnsmasq'), async t => {
  const dnsmasq = await startDnsmasq(t, {})
  const questions = askDns([dnsmasq.nameserver])
  const foreign = await addressesOf(questions, 'example.org')
  t.equal(foreign.error?.code, 'EREFUSED')
  t.match(dnsError('example.org', foreign.error!), {
    type: 'dns_error',
    message: 'example.org could not be resolved (EREFUSED)',
  })
  await dnsmasq.stop()
  t.match((await addressesOf(questions, 'app.test')).error?.code, /ECONNREFUSED|ETIMEOUT/)
})

test('cancelled: every question is answered with an error', needs('dnsmasq'), async t => {
  const { nameserver } = await startDnsmasq(t, { hosts })
  const questions = askDns([nameserver])
  const answers = Promise.all([addressesOf(questions, 'app.test'), servicesOf(questions, '_http._tcp.app.test')])
  questions.cancel()
  for (const { error } of await answers) t.equal(error?.code, 'ECANCELLED')
})

test(
  'as the machine: the hosts file counts, and a TTL only where DNS knows the same addresses',
  needs('dnsmasq'),
  async t => {
    const dnsmasq = await startDnsmasq(t, { ttl: 9, hosts: { localhost: ['127.0.0.1', '::1'] } })
    const questions = asTheMachine(askDns([dnsmasq.nameserver]))
    const { error, answer } = await addressesOf(questions, 'localhost')
    t.equal(error, null)
    t.ok(answer.addresses.some(({ address }) => address === '127.0.0.1' || address === '::1'))
    t.equal(answer.ttlMs, null)
    t.equal(await ttlOf(questions, 'localhost', answer), 9_000)
    const elsewhere = { ...answer, addresses: [{ address: '127.0.0.9', family: 4 }] } as const
    t.equal(await ttlOf(questions, 'localhost', elsewhere), null)
    t.equal(await ttlOf(questions, 'none.test', answer), null)
    t.equal((await servicesOf(questions, '_none._tcp.app.test')).error?.code, 'ENOTFOUND')
    questions.cancel()
  },
)

test('as the machine: what cannot be a name', async t => {
  const { error, answer } = await addressesOf(askDns(null), 'a..b')
  t.ok(error !== null)
  t.same(answer.addresses, [])
})

test('a name server must be an address', async t => {
  t.throws(() => askDns(['dns.example']), { code: 'ERR_INVALID_IP_ADDRESS' })
  askDns(['[::1]:5353']).cancel()
})

test('an error is a sentence', async t => {
  const error = (code?: string) =>
    dnsError('app.test', Object.assign(new Error('odd'), code === undefined ? {} : { code }))
  t.match(error('ETIMEOUT'), { type: 'dns_timeout', status: 504, message: 'app.test was not resolved in time' })
  t.match(error('ESERVFAIL'), { type: 'dns_error', message: 'app.test could not be resolved (ESERVFAIL)' })
  t.match(error(), { type: 'dns_error', message: 'app.test could not be resolved (odd)' })
  t.match(error('ENODATA'), { type: 'destination_not_found', message: 'app.test is not known' })
})
