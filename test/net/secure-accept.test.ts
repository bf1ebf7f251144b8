import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'tap'
import { type ClientTlsSettings, SecureAccept, TICKET_KEY_BYTES } from '../../lib/net/client/secure-accept.js'
import { answeredIn, get, listeningPool, readAnswer } from '../support/answering-pool.js'
import { type MadeCertificate, makeAuthority } from '../support/certificates.js'
import { run } from '../support/child.js'
import { rawClient, until } from '../support/conversation.js'
import { needs, pathOf } from '../support/needs.js'
import { sClient, secured, tlsClient, using } from '../support/secured-pool.js'
import { tempFolder } from '../support/temp-folder.js'

const OPENSSL = needs('openssl')

test('SNI chooses the certificate; the first one is the default', OPENSSL, async t => {
  const { port, authority } = await secured(t)
  const rows = [
    ['a.example', 'a'],
    ['b.example', 'b'],
    ['x.b.example', 'b'],
    ['x.y.b.example', 'a'],
    ['elsewhere.example', 'a'],
  ] as const
  for (const [name, expected] of rows) {
    const { out } = await sClient(t, port, authority, '-servername', name)
    t.match(out, new RegExp(`subject=O = Tests, CN = ${expected}\\n`), name)
    t.match(answeredIn(out), { scheme: 'https', address: '127.0.0.1', tls: { servername: name, certificate: null } })
  }
  const { out, code } = await sClient(t, port, authority, '-noservername', '-alpn', 'h2,http/1.1')
  t.match(out, /CN = a\n/)
  t.match(out, 'ALPN protocol: http/1.1')
  t.match(out, 'Verify return code: 0 (ok)')
  t.equal(code, 0, 'close_notify')
  t.match(answeredIn(out).tls, { protocol: 'TLSv1.3', cipher: /^TLS_/, servername: '' })
})

test(
  'versions and ciphers: TLS 1.2 with forward secrecy and AEAD, or TLS 1.3; nothing older or weaker',
  OPENSSL,
  async t => {
    const { port, authority, pool, handler } = await secured(t)
    const tls12 = await sClient(t, port, authority, '-tls1_2')
    t.match(answeredIn(tls12.out).tls, { protocol: 'TLSv1.2', cipher: /^ECDHE-ECDSA-(AES...-GCM|CHACHA20)/ })
    const refused = [
      ['-tls1_1', '-cipher', 'DEFAULT:@SECLEVEL=0'],
      ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA'],
      ['-alpn', 'h2'],
    ]
    for (const args of refused) {
      const { code, err } = await sClient(t, port, authority, ...args)
      t.not(code, 0)
      t.match(err, /alert (protocol version|handshake failure|no application protocol)/, args.join(' '))
    }
    await until('all are gone', () => pool.open === 0)
    t.equal(pool.closes.get('client-tls'), 3)
    t.match(
      handler.heard.filter(line => line.includes('client-tls')),
      [/: unsupported protocol/, /: no shared cipher/, /: no application protocol/],
    )
  },
)

test('minVersion and a list of ciphers', OPENSSL, async t => {
  const { port, authority, pool, a } = await secured(t, { minVersion: 'TLSv1.3' })
  t.match((await sClient(t, port, authority, '-tls1_2')).err, /alert protocol version/)
  pool.reconfigure({ tls: using([a], { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }) })
  t.match(answeredIn((await sClient(t, port, authority, '-tls1_2')).out).tls, {
    cipher: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  })
  t.match(answeredIn((await sClient(t, port, authority)).out).tls, { protocol: 'TLSv1.3' })
  pool.reconfigure({ tls: using([a], { ciphers: 'TLS_CHACHA20_POLY1305_SHA256', minVersion: 'TLSv1.3' }) })
  t.match(answeredIn((await sClient(t, port, authority)).out).tls, { cipher: 'TLS_CHACHA20_POLY1305_SHA256' })
})

test('client certificates: requested, verified if sent, required if configured', OPENSSL, async t => {
  const clients = await makeAuthority(t, 'Clients')
  const alice = await clients.issue('alice')
  const stranger = await (await makeAuthority(t, 'Others')).issue('mallory')
  const asks = { ca: clients.cert, required: false }
  const { port, authority, pool, handler, a } = await secured(t, { clientCertificates: asks })
  const as = ({ certFile, keyFile }: MadeCertificate) => ['-cert', certFile, '-key', keyFile]
  for (const version of ['-tls1_2', '-tls1_3']) {
    t.equal(answeredIn((await sClient(t, port, authority, version)).out).tls?.certificate, null)
    const { out } = await sClient(t, port, authority, version, ...as(alice))
    t.equal(answeredIn(out).tls?.certificate?.about.subject, 'CN=alice,O=Tests')
    t.notMatch(
      (await sClient(t, port, authority, version, ...as(stranger))).out,
      '"target"',
      'an invalid one is not accepted',
    )
  }
  pool.reconfigure({ tls: using([a], { clientCertificates: { ...asks, required: true } }) })
  for (const version of ['-tls1_2', '-tls1_3']) {
    t.match((await sClient(t, port, authority, version)).err, /alert (certificate required|handshake failure)/)
    const { out } = await sClient(t, port, authority, version, ...as(alice))
    t.equal(answeredIn(out).tls?.certificate?.about.subject, 'CN=alice,O=Tests')
    t.notMatch((await sClient(t, port, authority, version, ...as(stranger))).out, '"target"')
  }
  await until('all are gone', () => pool.open === 0)
  const whys = handler.heard
    .filter(line => line.includes('client-tls'))
    .map(line => line.replace(/^c\d+ client-tls: /, ''))
  const bad = "the client's certificate is not valid: UNABLE_TO_VERIFY_LEAF_SIGNATURE"
  const none = 'peer did not return a certificate'
  t.same(whys, [bad, bad, none, bad, none, bad])
})

/** Names that a CA may be made to sign. */
const SUBJECTS = [
  '/O=Jürg, "Co"; <x>/CN= lead#ing a=b ',
  '/O=a\r\nX-Admin: 1\r\n\r\n/CN=b\nc\td\u{7f}e',
  '/CN=#x/O=\u65e5\u672c\u202e',
  '/O=T/CN=al+UID=7 \\+ x',
  '/CN=back\\\\slash\\/and/C=DE/DC=example',
  `/O=${'x'.repeat(60)}/CN=${'é'.repeat(60)}`,
]

test('the fields of a certificate match those of openssl, as plain ASCII on one line', OPENSSL, async t => {
  const clients = await makeAuthority(t, 'Clients ü')
  const { port, authority } = await secured(t, { clientCertificates: { ca: clients.cert, required: true } })
  for (const subject of SUBJECTS) {
    const { cert, certFile, keyFile } = await clients.issueTo(subject)
    const x509 = ['x509', '-in', certFile, '-noout', '-nameopt', 'RFC2253', '-sha256']
    const said = await run(t, pathOf('openssl'), [...x509, '-subject', '-issuer', '-serial', '-fingerprint'])
    const answer = await sClient(t, port, authority, '-cert', certFile, '-key', keyFile)
    const { about, der } = answeredIn(answer.out).tls!.certificate!
    const fingerprint = about.fingerprint.toUpperCase().replace(/..(?=.)/g, '$&:')
    t.same(said.out.trimEnd().split('\n'), [
      `subject=${about.subject}`,
      `issuer=${about.issuer}`,
      `serial=${about.serial}`,
      `sha256 Fingerprint=${fingerprint}`,
    ])
    t.match(Object.values(about).join(), /^[ -~]+$/)
    t.equal(der, cert.replace(/-----.*-----|\n/g, ''))
  }
})

test('a resumed session has its original certificate, here and wherever its keys are used', OPENSSL, async t => {
  const clients = await makeAuthority(t, 'Clients')
  const alice = await clients.issue('alice')
  for (const required of [true, false]) {
    const clientCertificates = { ca: clients.cert, required }
    const { port, authority, pool, a } = await secured(t, { clientCertificates })
    const other = await listeningPool(t, {
      tls: using([a], { clientCertificates: { ...clientCertificates, fields: ['subject'] } }),
    })
    const ticketKeys = randomBytes(TICKET_KEY_BYTES)
    pool.useTicketKeys(ticketKeys)
    other.pool.useTicketKeys(ticketKeys)
    for (const version of ['-tls1_2', '-tls1_3']) {
      const session = join(tempFolder(t), 'session')
      const as = [version, '-servername', 'a.example', '-cert', alice.certFile, '-key', alice.keyFile]
      const begun = answeredIn((await sClient(t, port, authority, ...as, '-sess_out', session)).out).tls
      t.match(begun, { resumed: false, certificate: { about: { subject: 'CN=alice,O=Tests' } } })
      for (const at of [port, other.port]) {
        const { out } = await sClient(t, at, authority, version, '-servername', 'a.example', '-sess_in', session)
        const resumed = answeredIn(out).tls
        t.equal(resumed?.resumed, true, version)
        t.same(resumed?.certificate, begun?.certificate)
      }
    }
  }
})

test(
  'sessions resume across connections, certificates and pools with shared keys, never under other client rules',
  OPENSSL,
  async t => {
    const ticketKeys = randomBytes(TICKET_KEY_BYTES)
    const { port, authority, pool, a, b } = await secured(t)
    const other = await listeningPool(t, { tls: using([a, b]) })
    const folder = tempFolder(t)
    const resumed = async (at: number, name: string, version = '-tls1_3') => {
      const { out } = await sClient(t, at, authority, version, '-servername', name, '-sess_in', join(folder, version))
      const { tls: told } = answeredIn(out)
      t.equal(/\nReused, /.test(out), told?.resumed, 'both agree')
      return told?.resumed
    }
    const begin = (at: number, name: string, version = '-tls1_3') =>
      sClient(t, at, authority, version, '-servername', name, '-sess_out', join(folder, version))
    for (const version of ['-tls1_2', '-tls1_3']) {
      await begin(port, 'b.example', version)
      t.equal(await resumed(port, 'b.example', version), true, version)
      t.equal(await resumed(other.port, 'b.example', version), false, 'another pool has its own keys')
    }
    pool.useTicketKeys(ticketKeys)
    t.equal(await resumed(port, 'b.example'), false, 'the keys have changed')
    other.pool.useTicketKeys(ticketKeys)
    await begin(port, 'b.example')
    t.equal(await resumed(other.port, 'b.example'), true)
    pool.reconfigure({ tls: using([a, b]) })
    t.equal(await resumed(port, 'b.example'), true, 'also after the certificates were read again')
    other.pool.reconfigure({ tls: using([a, b], { clientCertificates: { ca: authority.cert, required: true } }) })
    const { out, err } = await sClient(
      t,
      other.port,
      authority,
      '-servername',
      'b.example',
      '-sess_in',
      join(folder, '-tls1_3'),
    )
    t.notMatch(out, '"target"', 'a session from the open listener is not accepted by the other')
    t.match(err, /alert certificate required/)
  },
)

test('a certificate is replaced: new handshakes get it, open connections continue', OPENSSL, async t => {
  const { port, authority, pool } = await secured(t)
  const old = await tlsClient(t, port, { ca: authority.cert })
  await old.send(get('/1'))
  await readAnswer(old)
  const renewed = await authority.issue('renewed', 'DNS:a.example')
  pool.reconfigure({ tls: using([renewed]) })
  t.match((await sClient(t, port, authority, '-servername', 'a.example')).out, /CN = renewed\n/)
  t.match(pool.certificates, [{ names: ['a.example'], validToMs: Number }])
  await old.send(get('/2'))
  t.match(await readAnswer(old), { id: 'c1', target: '/2' })
  t.throws(
    () => pool.reconfigure({ tls: using([{ ...renewed, key: authority.key }]), guards: null }),
    /certificate 1 or its key/,
  )
  t.match((await sClient(t, port, authority)).out, /CN = renewed\n/, 'an invalid one changes nothing')
  pool.reconfigure({ tls: null })
  const plain = await rawClient(t, port)
  await plain.send(get('/3'))
  t.match(await readAnswer(plain), { scheme: 'http', tls: null })
  await old.send(get('/4'))
  t.match(await readAnswer(old), { scheme: 'https', target: '/4' })
})

test('unusable settings are errors that say what is wrong', OPENSSL, async t => {
  const authority = await makeAuthority(t)
  const a = await authority.issue('a', 'DNS:a.example')
  const make = (settings: ClientTlsSettings) => () => new SecureAccept(settings)
  t.throws(make(using([])), { name: 'TypeError', message: /tls: no certificate; give at least one/ })
  t.throws(make(using([a, { ...a, cert: 'x' }])), {
    name: 'TypeError',
    message: /certificate 2 is not a certificate in PEM format/,
  })
  t.throws(make(using([{ ...a, key: 'x' }])), { name: 'TypeError', message: /certificate 1 or its key cannot be used/ })
  t.throws(make(using([{ ...a, key: authority.key }])), /certificate 1 or its key cannot be used: key values mismatch/)
  t.throws(make(using([a], { ciphers: 'nonsense' })), /the cipher list "nonsense" cannot be used/)
  t.throws(
    make(using([a], { clientCertificates: { ca: 'x', required: true } })),
    /the authority of clientCertificates is no/,
  )
})
