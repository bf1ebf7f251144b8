import { test } from 'tap'
import type { ProxyError } from '../../lib/link/proxy-error.js'
import {
  type Address,
  type Lookup,
  lookupWith,
  type Resolved,
  Resolver,
  type ResolverOptions,
  readLiteral,
} from '../../lib/net/names/resolver.js'
import { FakeClock } from '../support/fake-clock.js'

const ONE: Address[] = [{ address: '192.0.2.1', family: 4 }]
const TWO: Address[] = [
  { address: '2001:db8::2', family: 6 },
  { address: '192.0.2.2', family: 4 },
]

/** A resolver that asks the test: each lookup waits until it is answered here. */
class Bench {
  readonly clock = new FakeClock()
  readonly asked: string[] = []
  readonly resolver: Resolver
  readonly answers: string[] = []
  readonly cancelled: string[] = []
  readonly #open: ((error: Error | null, addresses: Address[]) => void)[] = []

  /** @param cancels lookups can be cancelled, as with c-ares but not with the C library */
  constructor({ cancels = false, ...options }: ResolverOptions & { cancels?: boolean } = {}) {
    const lookup: Lookup = (name, done) => {
      this.asked.push(name)
      this.#open.push(done)
      return cancels ? () => this.cancelled.push(name) : undefined
    }
    this.resolver = new Resolver({ lookup, clock: this.clock, ...options })
  }

  resolve(host: string, client = ''): (() => void) | null {
    const told: Resolved = (error, addresses) => {
      const what = error === null ? addresses.map(({ address }) => address).join(' ') : describe(error)
      this.answers.push(`${host} ${what}`)
    }
    return this.resolver.resolve(host, told, client)
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

test('an address is answered before resolve returns, without a lookup', async t => {
  const bench = new Bench()
  bench.resolve('192.0.2.1')
  bench.resolve('[::1]')
  t.strictSame(bench.answers, ['192.0.2.1 192.0.2.1', '[::1] ::1'])
  t.strictSame(bench.asked, [])
})

test('a name is looked up once, and cached for five seconds, case-insensitively', async t => {
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

test('all requests meanwhile wait for the same answer', async t => {
  const bench = new Bench()
  for (const host of ['a', 'A', 'b']) bench.resolve(host)
  t.strictSame(bench.asked, ['a', 'b'])
  bench.answer(ONE)
  t.strictSame(bench.answers, ['a 192.0.2.1', 'A 192.0.2.1'])
  bench.fail('ENOTFOUND')
  t.match(bench.answers[2], /^b destination_not_found/)
})

test('a caller that changes its answer changes no other', async t => {
  const bench = new Bench()
  bench.resolver.resolve('a', (_, addresses) => addresses.pop())
  bench.resolve('a')
  bench.answer([...ONE])
  bench.resolver.resolve('a', (_, addresses) => addresses.pop())
  bench.resolve('a')
  t.strictSame(bench.answers, ['a 192.0.2.1', 'a 192.0.2.1'])
})

for (const [code, error] of Object.entries({
  ENOTFOUND: 'destination_not_found 500: no address found for h',
  ENODATA: 'destination_not_found 500: no address found for h',
  EAI_AGAIN: 'dns_error 502: h could not be resolved (EAI_AGAIN)',
  ESERVFAIL: 'dns_error 502: h could not be resolved (ESERVFAIL)',
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
  t.match(bench.answers, ['h destination_not_found 500: no address found for h'])
})

test('R202: a lookup that throws is an error like any other', async t => {
  const bench = new Bench({
    lookup: () => {
      throw new TypeError('no name')
    },
  })
  bench.resolve('h')
  t.strictSame(bench.answers, ['h dns_error 502: h could not be resolved (unknown)'])
  t.equal(bench.clock.timers, 0)
})

test('a failure is cached for one second', async t => {
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
  t.strictSame(
    bench.answers,
    Array(2).fill('h dns_timeout 504: h was not resolved within 2000 ms (--resolve-ms) (resolveMs)'),
  )
  t.equal(bench.clock.timers, 0)
})

test('a late answer serves the next request', async t => {
  const bench = new Bench({ resolveMs: 2_000 })
  bench.resolve('h')
  bench.clock.advance(2_000)
  bench.answer(ONE)
  t.equal(bench.answers.length, 1)
  bench.resolve('h')
  t.equal(bench.answers[1], 'h 192.0.2.1')
  t.strictSame(bench.asked, ['h'])
})

test('a late failure is ignored', async t => {
  const bench = new Bench({ resolveMs: 2_000, negativeTtlMs: 0 })
  bench.resolve('h')
  bench.clock.advance(2_000)
  bench.resolve('h')
  bench.fail('ENOTFOUND')
  t.equal(bench.answers.length, 1)
  bench.answer(ONE)
  t.equal(bench.answers[1], 'h 192.0.2.1')
})

test('without a time limit and without a cache', async t => {
  const bench = new Bench({ resolveMs: 0, ttlMs: 0 })
  bench.resolve('h')
  t.equal(bench.clock.timers, 0)
  bench.answer(ONE)
  bench.resolve('h')
  t.strictSame(bench.asked, ['h', 'h'])
})

test('the least recently used names are forgotten first', async t => {
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

test('the cache can be cleared, for one name or all', async t => {
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

test('the resolver of the machine does not find an invalid name', t => {
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

// Ends and shares ------------------------------------------------------------------------------------------------------

test('a lookup ends when nothing waits for it any more, and not before', async t => {
  const bench = new Bench({ cancels: true })
  const [first, second] = [bench.resolve('h'), bench.resolve('H')]
  first?.()
  first?.()
  t.same([bench.cancelled, bench.resolver.stats().pending], [[], 1])
  second?.()
  t.same([bench.cancelled, bench.resolver.stats().pending, bench.clock.timers], [['h'], 0, 0])
  bench.answer(ONE)
  t.same(bench.answers, [], 'a cancelled lookup is not called back, and not cached')
  bench.resolve('h')
  t.same(bench.asked, ['h', 'h'])
})

test('a lookup that cannot be cancelled continues, and counts until it is answered', async t => {
  const bench = new Bench({ lookupsMax: 1 })
  bench.resolve('h')?.()
  t.equal(bench.resolver.stats().pending, 1)
  bench.resolve('other')
  t.match(bench.answers[0], /^other dns_error 503: .*1 lookups are already pending \(--lookups-max\)/)
  bench.answer(ONE)
  bench.resolve('h')
  t.equal(bench.answers[1], 'h 192.0.2.1')
  t.equal(bench.resolver.stats().pending, 0)
})

test('resolveMs cancels, and a late answer is then ignored', async t => {
  const bench = new Bench({ cancels: true, resolveMs: 2_000 })
  bench.resolve('h')
  bench.clock.advance(2_000)
  t.same([bench.cancelled, bench.resolver.stats().pending, bench.answers.length], [['h'], 0, 1])
  bench.answer(TWO)
  bench.clock.advance(1_000)
  bench.resolve('h')
  t.same(bench.asked, ['h', 'h'])
})

test('each client has a share of names, however often it requests one of them', async t => {
  const bench = new Bench({ cancels: true, lookupsPerAddressMax: 2 })
  const ends = ['a', 'b', 'a', 'b'].map(host => bench.resolve(host, '192.0.2.7'))
  t.same([bench.asked, bench.answers], [['a', 'b'], []])
  bench.resolve('c', '192.0.2.7')
  t.match(bench.answers.pop(), /^c dns_error 503: c was not looked up: 2 lookups .* \(--lookups-per-address-max\)/)
  bench.resolve('a', '192.0.2.8')
  bench.resolve('c', '192.0.2.8')
  bench.resolve('d', '192.0.2.8')
  t.match(bench.answers.pop(), /^d dns_error 503/, 'a name that others requested first counts as well')
  for (const host of ['e', 'f', 'g']) bench.resolve(host)
  t.same(bench.answers, [], 'lookups without a client have no share')
  ends[0]?.()
  bench.resolve('c', '192.0.2.7')
  t.match(bench.answers.pop(), /^c dns_error 503/, 'it still waits for that name once')
  ends[2]?.()
  bench.resolve('c', '192.0.2.7')
  t.same(bench.answers, [])
  t.match(bench.resolver.stats(), { pending: 6, asked: 6, refused: { lookupsMax: 0, lookupsPerAddressMax: 3 } })
})

test('an answer frees the share, also for a new request from within the callback', async t => {
  const bench = new Bench({ lookupsPerAddressMax: 1 })
  bench.resolver.resolve('a', () => bench.resolve('b', '192.0.2.7'), '192.0.2.7')
  bench.answer(ONE)
  t.same([bench.asked, bench.answers], [['a', 'b'], []])
  bench.fail('ENOTFOUND')
  bench.resolve('c', '192.0.2.7')
  t.same(bench.asked, ['a', 'b', 'c'])
})

test('a wait that is cancelled from within another callback is not called back', async t => {
  const bench = new Bench({ cancels: true })
  let leave: (() => void) | null = null
  bench.resolver.resolve('h', () => leave?.())
  leave = bench.resolve('h')
  bench.answer(ONE)
  t.same([bench.answers, bench.cancelled, bench.resolver.stats().pending], [[], [], 0])
})

test('new limits and a new lookup apply from now on', async t => {
  const bench = new Bench()
  bench.resolve('h')
  bench.answer(ONE)
  bench.resolver.configure({ resolveMs: 1_000, lookupsMax: 1 })
  bench.resolve('h')
  t.equal(bench.answers.length, 2, 'the same lookup: the cache stays')
  bench.resolver.configure({ resolveMs: 1_000, lookupsMax: 1 }, (_name, done) => done(null, [...TWO]))
  bench.resolve('h')
  t.equal(bench.answers[2], 'h 2001:db8::2 192.0.2.2')
})

test('a name server must be an address', async t => {
  t.throws(() => lookupWith(['dns.example']), { code: 'ERR_INVALID_IP_ADDRESS' })
})

function describe(error: ProxyError): string {
  const { type, status, stage, side, deadline } = error
  if (stage !== 'resolve' || side !== (status === 503 ? 'proxy' : 'upstream')) throw new Error(`${stage} ${side}`)
  return `${type} ${status}: ${error.told('command-line')}${deadline === undefined ? '' : ` (${deadline})`}`
}
