import { test } from 'tap'
import { candidatesOf, readResolvConf } from '../../lib/net/names/resolv-conf.js'

test('servers, search domains and options', async t => {
  const text =
    '# made by hand\nnameserver 10.0.0.1\nnameserver ::1 ; spare\nsearch Corp.example. lab.example\noptions ndots:2 timeout:1 attempts:4 rotate edns0\n'
  t.same(readResolvConf(text), {
    nameservers: ['10.0.0.1', '::1'],
    search: ['corp.example', 'lab.example'],
    ndots: 2,
    timeoutMs: 1_000,
    attempts: 4,
  })
})

test('an empty file, odd entries, and values over every limit', async t => {
  const nothing = { nameservers: [], search: [], ndots: 1, timeoutMs: null, attempts: null }
  t.same(readResolvConf(''), nothing)
  t.same(readResolvConf('nameserver\noptions ndots: timeout:x ndots:-1 attempts:1e3\nsortlist 10.0.0.0\r\n'), nothing)
  t.match(readResolvConf('options ndots:99 timeout:999 attempts:999'), { ndots: 15, timeoutMs: 30_000, attempts: 5 })
  t.match(readResolvConf('options ndots:0 timeout:0 attempts:0'), { ndots: 0, timeoutMs: 1_000, attempts: 1 })
  const many = Array.from({ length: 100 }, (_, nth) => `d${nth}.example`)
  t.equal(readResolvConf(`search ${many.join(' ')}`).search.length, 16)
})

test('the last one of domain and search counts', async t => {
  t.same(readResolvConf('search a.example b.example\ndomain c.example').search, ['c.example'])
  t.same(readResolvConf('domain c.example\nsearch a.example b.example').search, ['a.example', 'b.example'])
})

const conf = (search: string[], ndots = 1) => ({ ...readResolvConf(''), search, ndots })

test('the names that are tried, and their order (resolv.conf(5))', async t => {
  const search = ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local']
  const within = (name: string) => search.map(domain => `${name}.${domain}`)
  for (const [name, ndots, expected] of [
    ['app', 1, [...within('app'), 'app']],
    ['app.other', 1, ['app.other', ...within('app.other')]],
    // Kubernetes.
    ['app.other', 5, [...within('app.other'), 'app.other']],
    ['www.a.b.example.org', 5, [...within('www.a.b.example.org'), 'www.a.b.example.org']],
    ['www.a.b.c.example.org', 5, ['www.a.b.c.example.org', ...within('www.a.b.c.example.org')]],
    ['app', 0, ['app', ...within('app')]],
    ['www.example.org.', 5, ['www.example.org']],
    ['app.', 1, ['app']],
  ] as const)
    t.same(candidatesOf(name, conf(search, ndots)), expected, `${name} ndots:${ndots}`)
})

test('without search domains; with the root as one; with duplicates', async t => {
  t.same(candidatesOf('app', conf([])), ['app'])
  t.same(candidatesOf('app', conf(['', 'a.example', 'a.example'])), ['app', 'app.a.example'])
})

test('a name that is too long or empty is not tried', async t => {
  t.same(candidatesOf('', conf(['a.example'])), [])
  t.same(candidatesOf('.', conf(['a.example'])), [])
  t.same(candidatesOf('a'.repeat(254), conf(['a.example'])), [])
  const long = `${'a.'.repeat(122)}example`
  t.same(candidatesOf(long, conf(['a.example'])), [long])
})
