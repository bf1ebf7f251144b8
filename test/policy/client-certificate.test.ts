import { test } from 'tap'
import { certificateLines, distinguishedName } from '../../lib/policy/client-certificate.js'
import { explainRequest } from '../../lib/policy/ledger.js'
import { rewriteRequest } from '../../lib/policy/rewrite-request.js'
import { crlf, QUIET, request } from './heads.js'

// Left: a name from Node. test/net/secure-accept.test.ts shows that the result equals openssl's in the form of RFC 2253.
const NAMES: [told: string, name: string][] = [
  ['', ''],
  ['CN=a', 'CN=a'],
  ['C=DE\nO=Tests\nCN=alice', 'CN=alice,O=Tests,C=DE'],
  ['O=a\\0D\\0AX-Admin: 1\nCN=b', 'CN=b,O=a\\0D\\0AX-Admin: 1'],
  ['O=T\nCN=al + UID=7\\+x', 'UID=7\\+x+CN=al,O=T'],
  ['CN=a\\  + UID=b', 'UID=b+CN=a\\ '],
  ['CN=Jürg', 'CN=J\\C3\\BCrg'],
  ['CN=\u65e5\u202e', 'CN=\\E6\\97\\A5\\E2\\80\\AE'],
  ['CN=\u{1f600}\x7f', 'CN=\\F0\\9F\\98\\80\\7F'],
]
for (const [told, name] of NAMES)
  test(`a name: ${JSON.stringify(told)}`, async t => {
    t.equal(distinguishedName(told), name)
    t.match(distinguishedName(told), /^[ -~]*$/)
  })

const SHOWN = {
  about: { subject: 'CN=alice,O=Tests', issuer: 'CN=Clients', serial: '0AFF', fingerprint: 'ab'.repeat(32) },
  der: 'MIIB/+==',
}
const ALL = ['subject', 'issuer', 'serial', 'fingerprint', 'certificate'] as const
const OURS = [
  'X-Client-Cert-Subject: CN=alice,O=Tests',
  'X-Client-Cert-Issuer: CN=Clients',
  'X-Client-Cert-Serial: 0AFF',
  `X-Client-Cert-Fingerprint: ${'ab'.repeat(32)}`,
  'Client-Cert: :MIIB/+==:',
]
const MORE = { forwardedPort: false, forwardedPrefix: false, realIp: false, certificate: ALL, isTrusted: () => false }
const LIES = [
  'X-Client-Cert-Subject: CN=root',
  'x_client_cert_subject: CN=root',
  'Client-Cert: :AA==:',
  'SSL-Client-Verify: SUCCESS',
]
const sent = (context: object, ...fields: string[]): string => {
  const { head, options } = request('GET / HTTP/1.1', 'Host: a.example', ...fields)
  return rewriteRequest(head, options, { ...QUIET, ...context }).text()
}
const head = (...fields: string[]): string => crlf('GET / HTTP/1.1', 'Host: a.example', ...fields)

test('the lines, and only those that were configured', async t => {
  t.equal(certificateLines(SHOWN, ALL), `${OURS.join('\r\n')}\r\n`)
  t.equal(certificateLines(SHOWN, ['serial']), `${OURS[2]}\r\n`)
  t.equal(certificateLines(SHOWN, []), '')
})

test('certificate fields from a stranger are dropped, with the option and without', async t => {
  const naming = ['Connection: X-Client-Cert-Subject, Client-Cert', ...LIES]
  t.equal(sent({ more: MORE, certificate: SHOWN }, ...naming), head(...OURS))
  t.equal(sent({ more: MORE, certificate: null }, ...LIES), head(), 'a client without a certificate')
  t.equal(sent({}, ...LIES), head(), 'without the option')
})

test('a trusted peer speaks for its clients; its own certificate is not sent', async t => {
  const trusted = { more: MORE, certificate: SHOWN, trustedPeer: true }
  t.equal(
    sent(trusted, 'X-Client-Cert-Subject: CN=theirs', ...LIES.slice(1, 2)),
    head('X-Client-Cert-Subject: CN=theirs'),
  )
  t.equal(sent(trusted), head())
})

test('each is a row of the ledger', async t => {
  const { head: asked, options } = request('GET / HTTP/1.1', 'Host: a.example', ...LIES)
  const rows = explainRequest(asked, options, { ...QUIET, more: MORE, certificate: SHOWN }).slice(1)
  t.same(
    rows.map(({ verdict, reason, section }) => `${verdict}: ${reason} (${section})`),
    [
      'drop: not accepted from an untrusted peer (RFC 7239 8.1)',
      'drop: not accepted from an untrusted peer (RFC 7239 8.1)',
      'drop: not accepted from an untrusted peer (RFC 7239 8.1)',
      'drop: not accepted from an untrusted peer (RFC 7239 8.1)',
      'add: the subject of the client certificate (RFC 4514 2)',
      'add: the issuer of the client certificate (RFC 4514 2)',
      'add: the serial number of the client certificate (RFC 5280 4.1.2.2)',
      'add: the fingerprint of the client certificate (RFC 5280 4.1)',
      'add: the certificate of the client (RFC 9440 2.2)',
    ],
  )
})
