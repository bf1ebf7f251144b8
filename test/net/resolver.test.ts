import { test } from 'tap'
import type { ProxyError } from '../../lib/link/proxy-error.js'
import { type Address, type Lookup, Resolver, type ResolverOptions, readLiteral } from '../../lib/net/resolver.js'
import { FakeClock } from '../support/fake-clock.js'

const ONE: Address[] = [{ address: '192.0.2.1', family: 4 }]
const TWO: Address[] = [
  { address: '2001:db8::2', family: 6 },
  { address: '192.0.2.2', family: 4 },
]

/** A resolver that asks us: each question waits until it is answered here. */
class Bench {
  readonly clock = new FakeClock()
  readonly asked: string[] = []
  readonly resolver: Resolver
  readonly answers: string[] = []
  readonly #open: ((error: Error | null, addresses: Address[]) => void)[] = []

  constructor(options: ResolverOptions = {}) {
    const lookup: Lookup = (name, done) => {
      this.asked.push(name)
      this.#open.push(done)
    }
    this.resolver = new Resolver({ lookup, clock: this.clock, ...options })
  }

  resolve(host: string): void {
    this.resolver.resolve(host, (error, addresses) => {
      this.answers.push(
        `${host} ${error === null ? addresses.map(({ address }) => address).join(' ') : describe(error)}`,
      )
    })
  }

  answer(addresses: Address[]): void {
    this.#open.shift()!(null, addresses)
  }

  fail(code: string): void {
    this.#open.shift()!(Object.assign(new Error(code), { code }), [])
  }
}

for (const [host, address] of Object.entries({
  '192.0.2.1': { address: '192.0.2.1', family: 4 },
  '[2001:db8::1]': { address: '2001:db8::1', family: 6 },
  '::1': { address: '::1', family: 6 },
  '[192.0.2.1]': null,
  '127.1': null,
  '2130706433': null,
  '0x7f.0.0.1': null,
  '127.0.0.01': null,
  example: null,
  '[]': null,
})) {
  test(`${host} is ${address === null ? 'no' : 'an'} address`, async t => {
    t.strictSame(readLiteral(host), address)
  })
}

test('an address is answered before resolve returns, and nobody is asked', async t => {
  const bench = new Bench()
  bench.resolve('192.0.2.1')
  bench.resolve('[::1]')
  t.strictSame(bench.answers, ['192.0.2.1 192.0.2.1', '[::1] ::1'])
  t.strictSame(bench.asked, [])
})

test('a name is asked for once, and remembered for five seconds in any case', async t => {
  const bench = new Bench()
  bench.resolve('Up.Example')
  t.strictSame(bench.answers, [])
  bench.answer(TWO)
  bench.clock.advance(4_999)
  bench.resolve('up.example')
  t.strictSame(bench.answers, ['Up.Example 2001:db8::2 192.0.2.2', 'up.example 2001:db8::2 192.0.2.2'])
  bench.clock.advance(1)
  bench.resolve('up.example')
  t.strictSame(bench.asked, ['up.example', 'up.example'])
  t.equal(bench.answers.length, 2)
})

test('everybody who asks meanwhile waits for the same answer', async t => {
  const bench = new Bench()
  for (const host of ['a', 'A', 'b']) bench.resolve(host)
  t.strictSame(bench.asked, ['a', 'b'])
  bench.answer(ONE)
  t.strictSame(bench.answers, ['a 192.0.2.1', 'A 192.0.2.1'])
  bench.fail('ENOTFOUND')
  t.match(bench.answers[2], /^b destination_not_found/)
})

test('whoever changes an answer changes nobody else’s', async t => {
  const bench = new Bench()
  bench.resolver.resolve('a', (_, addresses) => addresses.pop())
  bench.resolve('a')
  bench.answer([...ONE])
  bench.resolver.resolve('a', (_, addresses) => addresses.pop())
  bench.resolve('a')
  t.strictSame(bench.answers, ['a 192.0.2.1', 'a 192.0.2.1'])
})

for (const [code, error] of Object.entries({
  ENOTFOUND: 'destination_not_found 500 retry: h is not known',
  ENODATA: 'destination_not_found 500 retry: h is not known',
  EAI_AGAIN: 'dns_error 502 retry: h could not be resolved (EAI_AGAIN)',
  ESERVFAIL: 'dns_error 502 retry: h could not be resolved (ESERVFAIL)',
})) {
  test(`R202: ${code} is ${error}`, async t => {
    const bench = new Bench()
    bench.resolve('h')
    bench.fail(code)
    t.strictSame(bench.answers, [`h ${error}`])
  })
}

test('R202: a name without any address is not found', async t => {
  const bench = new Bench()
  bench.resolve('h')
  bench.answer([])
  t.match(bench.answers, ['h destination_not_found 500 retry: h is not known'])
})

test('R202: a lookup that throws is an error like any other', async t => {
  const bench = new Bench({
    lookup: () => {
      throw new TypeError('no name')
    },
  })
  bench.resolve('h')
  t.strictSame(bench.answers, ['h dns_error 502 retry: h could not be resolved (unknown)'])
  t.equal(bench.clock.timers, 0)
})

test('a failure is remembered for one second', async t => {
  const bench = new Bench()
  bench.resolve('h')
  bench.fail('EAI_AGAIN')
  bench.clock.advance(999)
  bench.resolve('h')
  t.equal(bench.answers.length, 2)
  bench.clock.advance(1)
  bench.resolve('h')
  t.equal(bench.answers.length, 2)
  bench.answer(ONE)
  t.equal(bench.answers[2], 'h 192.0.2.1')
})

test('R202: no answer in time', async t => {
  const bench = new Bench({ resolveMs: 2_000 })
  bench.resolve('h')
  bench.clock.advance(1_999)
  bench.resolve('h')
  t.strictSame(bench.answers, [])
  bench.clock.advance(1)
  t.strictSame(bench.answers, Array(2).fill('h dns_timeout 504 retry: h was not resolved in time (resolveMs)'))
  t.equal(bench.clock.timers, 0)
})

test('an answer that comes too late is there for whoever asks next', async t => {
  const bench = new Bench({ resolveMs: 2_000 })
  bench.resolve('h')
  bench.clock.advance(2_000)
  bench.answer(ONE)
  t.equal(bench.answers.length, 1)
  bench.resolve('h')
  t.equal(bench.answers[1], 'h 192.0.2.1')
  t.strictSame(bench.asked, ['h'])
})

test('a failure that comes too late is nobody’s', async t => {
  const bench = new Bench({ resolveMs: 2_000, negativeTtlMs: 0 })
  bench.resolve('h')
  bench.clock.advance(2_000)
  bench.resolve('h')
  bench.fail('ENOTFOUND')
  t.equal(bench.answers.length, 1)
  bench.answer(ONE)
  t.equal(bench.answers[1], 'h 192.0.2.1')
})

test('without a limit on time and without memory', async t => {
  const bench = new Bench({ resolveMs: 0, ttlMs: 0 })
  bench.resolve('h')
  t.equal(bench.clock.timers, 0)
  bench.answer(ONE)
  bench.resolve('h')
  t.strictSame(bench.asked, ['h', 'h'])
})

test('the names unused for longest are forgotten first', async t => {
  const bench = new Bench({ namesMax: 2 })
  for (const host of ['a', 'b']) {
    bench.resolve(host)
    bench.answer(ONE)
  }
  bench.resolve('a')
  bench.resolve('c')
  bench.answer(ONE)
  bench.resolve('a')
  bench.resolve('b')
  t.strictSame(bench.asked, ['a', 'b', 'c', 'b'])
})

test('what is remembered can be forgotten, one name or all', async t => {
  const bench = new Bench()
  for (const host of ['a', 'b']) {
    bench.resolve(host)
    bench.answer(ONE)
  }
  bench.resolver.forget('A')
  for (const host of ['a', 'b']) bench.resolve(host)
  bench.answer(ONE)
  bench.resolver.forget()
  for (const host of ['a', 'b']) bench.resolve(host)
  t.strictSame(bench.asked, ['a', 'b', 'a', 'a', 'b'])
})

test('the resolver of the machine knows localhost', t => {
  new Resolver().resolve('localhost', (error, addresses) => {
    t.equal(error, null)
    t.ok(addresses.length > 0)
    for (const { address, family } of addresses) t.equal(address, family === 4 ? '127.0.0.1' : '::1')
    t.end()
  })
})

test('the resolver of the machine does not know what cannot be a name', t => {
  new Resolver().resolve('a'.repeat(300), (error, addresses) => {
    t.match(error?.type, /^(destination_not_found|dns_error)$/)
    t.strictSame(addresses, [])
    t.end()
  })
})

test('the resolver of the machine is not asked for an empty name, which would print a warning', t => {
  process.on('warning', warning => t.fail(warning.message))
  new Resolver().resolve('', error => t.equal(error?.type, 'destination_not_found'))
  setImmediate(() => t.end())
})

function describe(error: ProxyError): string {
  const { type, status, stage, side, retry, message, deadline } = error
  if (stage !== 'resolve' || side !== 'upstream') throw new Error(`${stage} ${side}`)
  return `${type} ${status}${retry ? ' retry' : ''}: ${message}${deadline === undefined ? '' : ` (${deadline})`}`
}
