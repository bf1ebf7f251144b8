import fc from 'fast-check'
import { test } from 'tap'
import { canonicalHost, HostIndex, hostPattern } from '../../lib/policy/route-hosts.js'

test('hosts as they are compared', async t => {
  const rows: [authority: string, host: string][] = [
    ['', ''],
    ['A.Example', 'a.example'],
    ['a.example.', 'a.example'],
    ['a.example.:80', 'a.example'],
    ['a.example:', 'a.example'],
    ['192.0.2.1:80', '192.0.2.1'],
    ['[::1]', '[::1]'],
    ['[2001:DB8:0::0:A]:443', '[2001:db8::a]'],
    ['[::ffff:192.0.2.1]', '[::ffff:c000:201]'],
    ['[no]', '[no]'],
  ]
  for (const [authority, host] of rows) t.equal(canonicalHost(authority), host, authority)
})

test('hosts that users write', async t => {
  const rows: [host: string, pattern: string | RegExp][] = [
    ['App.Example.', 'app.example'],
    ['*.Example', '*.example'],
    ['::1', '[::1]'],
    ['[0::1]', '[::1]'],
    ['192.0.2.1', '192.0.2.1'],
    ['localhost', 'localhost'],
    ['', /is neither a host name nor an address$/],
    ['*', /omit host/],
    ['*.', /is neither a host name nor an address/],
    ['*..example', /is neither a host name nor an address/],
    ['.example', /is not a host name/],
    ['*.[::1]', /is neither a host name nor an address/],
    ['*.::1', /is neither a host name nor an address/],
    ['a.*.example', /only as the first label/],
    ['a*.example', /only as the first label/],
    ['*.*.example', /only as the first label/],
    ['http://a.example', /the host alone/],
    ['b\u00fccher.example', /in ASCII/],
    ['a.example:80', /remove the port/],
    ['[::1]:80', /remove the port/],
    ['a b', /in ASCII/],
    ['a/b', /is neither a host name nor an address/],
  ]
  for (const [host, pattern] of rows) {
    if (typeof pattern === 'string') t.equal(hostPattern(host), pattern, host)
    else t.throws(() => hostPattern(host), { name: 'TypeError', message: pattern }, host)
  }
})

const row = (value: number, ...hosts: string[]) => ({ value, hosts: hosts.length === 0 ? null : hosts })
const values = (rows: readonly { value: number }[]) => rows.map(({ value }) => value)

test('the rows for a host, in their order', async t => {
  const index = new HostIndex([
    row(1, '*.example'),
    row(2, 'a.example', 'b.example'),
    row(3),
    row(4, '*.a.example'),
    row(5, 'a.example'),
  ])
  t.same(values(index.find('a.example')), [1, 2, 3, 5])
  t.same(values(index.find('A.example:80')), [1, 2, 3, 5])
  t.same(values(index.find('c.example')), [1, 3])
  t.same(values(index.find('x.y.a.example')), [1, 3, 4])
  t.same(values(index.find('example')), [3])
  t.same(values(index.find('.example')), [3], 'a label may not be empty')
  t.same(values(index.find('')), [3])
  t.same(values(new HostIndex([row(1), row(2)]).find('a')), [1, 2])
  t.same(values(new HostIndex([row(1, 'a'), row(2)]).find('b')), [2])
  t.same(values(new HostIndex([row(1, '*.a')]).find('b.c')), [])
})

test('the index finds what a check of every row would', async t => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
  const name = fc.array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 4 }).map(labels => labels.join('.'))
  const pattern = fc.oneof(
    name,
    name.map(host => `*.${host}`),
  )
  const hosts = fc.oneof(fc.constant(null), fc.array(pattern, { minLength: 1, maxLength: 3 }))
  const fits = (one: string, host: string) =>
    one.startsWith('*.') ? host.length > one.length - 1 && host.endsWith(one.slice(1)) : one === host
  fc.assert(
    fc.property(fc.array(hosts, { maxLength: 8 }), name, (list, host) => {
      const rows = list.map((patterns, value) => ({ value, hosts: patterns }))
      const plain = rows.filter(one => one.hosts === null || one.hosts.some(other => fits(other, host)))
      t.same(values(new HostIndex(rows).find(host)), values(plain))
    }),
    { seed, numRuns: 1000 },
  )
  t.comment(`seed ${seed}`)
})
