import { test } from 'tap'
import { Resolver } from '../../lib/net/names/resolver.js'
import { FakeClock } from '../support/fake-clock.js'

// A client of a forward proxy chooses the names, and so the name servers that have to answer for them.

test("names whose servers do not answer do not pile up in the system's resolver, and it recovers", t => {
  const clock = new FakeClock()
  const asked: (() => void)[] = []
  const resolver = new Resolver({
    clock,
    resolveMs: 1_000,
    lookupsMax: 256,
    lookup: (_name, done) => asked.push(() => done(null, [{ address: '192.0.2.1', family: 4 }])),
  })
  const outcomes = new Map<string, number>()
  const resolve = (name: string) =>
    resolver.resolve(name, error => {
      const outcome = error?.type ?? 'known'
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    })
  for (let nth = 0; nth < 3_000; nth++) {
    resolve(`n${nth}.test`)
    if (nth % 100 === 99) clock.advance(1_000)
  }
  t.equal(asked.length, 256, 'pending lookups, including those that no request waits for any more')
  t.same(Object.fromEntries(outcomes), { dns_timeout: 256, dns_error: 3_000 - 256 }, 'every client got an answer')
  for (const answer of asked.splice(0)) answer()
  resolve('after.test')
  t.equal(asked.length, 1, 'looked up again')
  asked[0]!()
  t.equal(outcomes.get('known'), 1)
  t.end()
})
