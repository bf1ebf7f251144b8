import { test } from 'tap'
import { ServerNames } from '../../lib/net/client/server-names.js'
import type { AddressAnswer, DnsQuestions, ServiceRecord } from '../../lib/net/names/dns-answers.js'
import { NameWatch } from '../../lib/net/names/name-watch.js'
import { FakeClock } from '../support/fake-clock.js'

// Malicious answers of name servers, and malicious names sent by clients.

const addressesFrom = (first: number, count: number): AddressAnswer => ({
  addresses: Array.from({ length: count }, (_, nth) => ({
    address: `10.${first}.${nth >> 8}.${nth & 0xff}`,
    family: 4 as const,
  })),
  ttlMs: 0,
  unanswered: null,
})

function watched(kind: 'address' | 'srv', questions: Partial<DnsQuestions>) {
  const clock = new FakeClock()
  let asked = 0
  const watch = new NameWatch({
    name: 'app.test',
    kind,
    port: 80,
    nameservers: null,
    minMs: 1_000,
    maxMs: 60_000,
    clock,
    random: () => 0.5,
    questions: () => {
      asked++
      return {
        addresses: (_name, done) => done(null, addressesFrom(0, 1)),
        services: (_name, done) => done(null, []),
        cancel: () => {},
        ...questions,
      }
    },
    onChange: () => {},
    onError: () => {},
    onFault: fault => {
      throw fault
    },
  })
  watch.start()
  return { watch, clock, asked: () => asked }
}

test('an answer with thousands of addresses makes a limited number of servers, always the same ones', async t => {
  let turned = false
  const { watch, clock } = watched('address', {
    addresses: (_name, done) => {
      const answer = addressesFrom(0, 4_000)
      done(null, turned ? { ...answer, addresses: answer.addresses.toReversed() } : answer)
    },
  })
  const first = watch.current
  t.ok(first.length > 100 && first.length <= 256, `${first.length}`)
  turned = true
  clock.advance(5_000)
  t.same(watch.current, first)
})

test('SRV: thousands of targets with thousands of addresses each', async t => {
  const records: ServiceRecord[] = Array.from({ length: 3_000 }, (_, nth) => ({
    target: `t${nth}.test`,
    port: 1 + nth,
    priority: 1,
    weight: 65_535,
  }))
  let asked = 0
  const { watch } = watched('srv', {
    services: (_name, done) => done(null, records),
    addresses: (_name, done) => done(null, addressesFrom(asked++ % 200, 500)),
  })
  t.ok(asked <= 256, `${asked} questions`)
  t.ok(watch.current.length <= 256, `${watch.current.length} places`)
})

test('a TTL of 0 does not cause endless queries', async t => {
  const { clock, asked } = watched('address', {})
  clock.advance(10_000)
  t.ok(asked() <= 12, `${asked()} in ten seconds`)
})

test('any server name in TLS finds a certificate or none, and has no other effect', async t => {
  const names = new ServerNames<string>()
  names.add(['app.example', '*.app.example'], 'app')
  for (const name of [
    '__proto__',
    'constructor',
    '',
    '.',
    '..',
    '*',
    '*.app.example'.slice(1),
    'a'.repeat(60_000),
    '.'.repeat(60_000),
  ])
    t.equal(names.find(name), undefined, name.slice(0, 20))
  for (const name of ['a.app.example', 'APP.example.', '*.app.example']) t.equal(names.find(name), 'app', name)
  for (const name of ['a.b.app.example', 'xapp.example', 'app.example.evil']) t.equal(names.find(name), undefined, name)
})
