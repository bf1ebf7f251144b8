import { test } from 'tap'
import { isInvalid, isLocalhost, readHosts } from '../../lib/net/names/hosts-file.js'

const inWords = (text: string): Record<string, string> =>
  Object.fromEntries([...readHosts(text)].map(([name, all]) => [name, all.map(({ address }) => address).join(' ')]))

test('an address and its names, in any case, with comments, tabs and CRLF; the order of the lines', async t => {
  const text = [
    '# nothing',
    '127.0.0.1\tlocalhost  Box.Example box # ours',
    '::1 localhost ip6-localhost',
    '  10.0.0.2   app.internal.',
    '10.0.0.1 app.internal APP.internal',
    '10.0.0.1 app.internal',
    '',
  ].join('\r\n')
  t.same(inWords(text), {
    localhost: '127.0.0.1 ::1',
    'box.example': '127.0.0.1',
    box: '127.0.0.1',
    'ip6-localhost': '::1',
    'app.internal': '10.0.0.2 10.0.0.1',
  })
})

test('a line that is not an address and names is ignored', async t => {
  t.same(
    inWords('app 10.0.0.1\n10.0.0.1\n10.1 short\n[::1] brackets\n0x7f.0.0.1 odd\n#10.0.0.1 gone\nfe80::1%eth0 link'),
    {
      link: 'fe80::1%eth0',
    },
  )
  t.equal(readHosts('').size, 0)
})

test('a blocklist of realistic length', async t => {
  const lines = Array.from({ length: 200_000 }, (_, nth) => `0.0.0.0 ad${nth}.example`)
  const hosts = readHosts(lines.join('\n'))
  t.equal(hosts.size, 200_000)
  t.same(hosts.get('ad199999.example'), [{ address: '0.0.0.0', family: 4 }])
})

test('RFC 6761 6.4: no name ends in invalid', async t => {
  for (const name of ['invalid', 'app.invalid', 'App.INVALID.']) t.equal(isInvalid(name), true, name)
  for (const name of ['xinvalid', 'invalid.example', '']) t.equal(isInvalid(name), false, name)
})

test('RFC 6761 6.3: localhost and every name below it', async t => {
  for (const name of ['localhost', 'LocalHost', 'localhost.', 'app.localhost', 'a.b.LOCALHOST.'])
    t.equal(isLocalhost(name), true, name)
  for (const name of ['', '.', 'xlocalhost', 'localhost.example', 'local', 'localhost..'])
    t.equal(isLocalhost(name), false, name)
})
