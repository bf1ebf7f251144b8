import { X509Certificate } from 'node:crypto'
import { test } from 'tap'
import { namesOf, ServerNames } from '../../lib/net/client/server-names.js'
import { makeAuthority } from '../support/certificates.js'
import { needs } from '../support/needs.js'

test('exact names take precedence over wildcards, which match one label; the first entry for a name wins', async t => {
  const names = new ServerNames<string>()
  names.add(['a.example', '*.example'], 'first')
  names.add(['a.example', 'b.example', '*.b.example', '127.0.0.1'], 'second')
  const rows: [string, string | undefined][] = [
    ['a.example', 'first'],
    ['A.Example.', 'first'],
    ['b.example', 'second'],
    ['c.example', 'first'],
    ['a.b.example', 'second'],
    ['a.c.example', undefined],
    ['example', undefined],
    ['.example', undefined],
    ['*.example', 'first'],
    ['127.0.0.1', 'second'],
    ['', undefined],
  ]
  for (const [name, expected] of rows) t.equal(names.find(name), expected, name)
})

test('the names in a certificate: those of subjectAltName, never the CN', needs('openssl'), async t => {
  const authority = await makeAuthority(t)
  const names = async (...all: string[]) =>
    namesOf(new X509Certificate((await authority.issue('cn.example', ...all)).cert))
  t.same(await names('DNS:A.Example', 'DNS:*.b.example', 'IP:127.0.0.1', 'email:me@a.example', 'URI:http://x/'), [
    ...['a.example', '*.b.example', '127.0.0.1'],
  ])
  t.same(await names(), [])
})
