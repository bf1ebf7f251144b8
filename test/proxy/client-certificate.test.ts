import * as tls from 'node:tls'
import { type Test, test } from 'tap'
import { accessLine } from '../../lib/daemon/logs/access-line.js'
import { atOnce } from '../../lib/policy/steps.js'
import { settingsSteps } from '../../lib/proxy/options/options.js'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { makeAuthority } from '../support/certificates.js'
import { exchange, rawClient, request } from '../support/conversation.js'
import { needs } from '../support/needs.js'
import { fleet, routed } from './fleet.js'

// What upstreams and the log learn about the certificate of a client.

type Fields = NonNullable<NonNullable<NonNullable<ProxyOptions['tls']>['clientCertificates']>['fields']>
const ALL: Fields = ['subject', 'issuer', 'serial', 'fingerprint', 'certificate']
const LIES = [
  'X-Client-Cert-Subject: CN=root',
  'X_Client_Cert_Subject: CN=root',
  'Client-Cert: :AA==:',
  'X-SSL-Client-Verify: SUCCESS',
]

/** A gateway that asks for certificates, and clients with and without one. */
async function asking(t: Test, fields: Fields | undefined, options: Partial<ProxyOptions> = {}) {
  const [origin] = await fleet(t, 'a')
  const authority = await makeAuthority(t)
  const { cert, key } = await authority.issue('app', 'DNS:app.example')
  const mine = await authority.issueTo('/O=Jürg, Co/CN=al\r\nX-Admin: 1')
  const running = await routed(t, {
    routes: [{ upstream: origin!.url }],
    tls: {
      certificates: [{ cert, key }],
      clientCertificates: { ca: authority.cert, required: false, ...(fields === undefined ? {} : { fields }) },
    },
    ...options,
  })
  const connect = async (how: tls.ConnectionOptions) => {
    const socket = tls.connect({
      port: running.port,
      host: '127.0.0.1',
      servername: 'app.example',
      ca: authority.cert,
      ...how,
    })
    socket.on('error', () => {})
    await new Promise<void>((done, failed) => socket.once('secureConnect', done).once('error', failed))
    return Object.assign(await rawClient(t, { port: 0, socket }), { socket })
  }
  return { ...running, origin: origin!, connect, mine: { cert: mine.cert, key: mine.key } }
}

const told = (origin: Awaited<ReturnType<typeof fleet>>[number]) =>
  origin.asked.map(({ fields }) => fields.filter(([name]) => /cert|ssl/i.test(name)).map(([, value]) => value))

test('in fields if configured, and in the record and the log', needs('openssl'), async t => {
  const { origin, connect, mine, exchanged } = await asking(t, ALL)
  const client = await connect(mine)
  for (const path of ['/1', '/2', '/3'])
    await exchange(client, request('GET', path, ...LIES, 'Connection: X-Client-Cert-Subject'))
  await exchange(await connect({}), request('GET', '/4', ...LIES))
  const expected = [
    'CN=al\\0D\\0AX-Admin: 1,O=J\\C3\\BCrg\\, Co',
    'CN=Test authority',
    /^[0-9A-F]{38,40}$/,
    /^[0-9a-f]{64}$/,
    `:${mine.cert.replace(/-----.*-----|\n/g, '')}:`,
  ]
  const [first, ...others] = told(origin)
  t.match(first, expected)
  t.same(others, [first, first, []], 'a client without one: nothing, whatever it sends')
  const [one, , , four] = await exchanged(4)
  const [subject, issuer, serial, fingerprint] = first!
  t.same(one?.clientCertificate, { subject, issuer, serial, fingerprint })
  t.notOk(four && 'clientCertificate' in four)
  t.same(JSON.parse(accessLine(one!, 'T')).clientCertificate, { subject, issuer, serial, fingerprint })
  t.notMatch(accessLine(four!, 'T'), 'clientCertificate')
})

test('a resumed session gives the same', needs('openssl'), async t => {
  const { origin, connect, mine } = await asking(t, ['subject', 'fingerprint'])
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    origin.asked.length = 0
    const first = await connect({ ...mine, maxVersion })
    const session = new Promise<Buffer>(done => first.socket.once('session', done))
    await exchange(first, request('GET', '/1'))
    // In TLS 1.2 it came with the handshake.
    const second = await connect({
      maxVersion,
      session: maxVersion === 'TLSv1.2' ? first.socket.getSession()! : await session,
    })
    t.ok(second.socket.isSessionReused())
    await exchange(second, request('GET', '/2'))
    const [begun, resumed] = told(origin)
    t.match(begun, [/^CN=al/, /^[0-9a-f]{64}$/])
    t.same(resumed, begun)
  }
})

test('not configured: it is logged, and the upstream gets no such field, from anyone', needs('openssl'), async t => {
  const { origin, connect, mine, exchanged } = await asking(t, undefined)
  await exchange(await connect(mine), request('GET', '/', ...LIES))
  t.same(told(origin), [[]])
  t.match((await exchanged(1))[0]?.clientCertificate, { subject: /^CN=al/ })
})

test(
  'a trusted peer describes its clients, and its own certificate is not taken for theirs',
  needs('openssl'),
  async t => {
    const { origin, connect, mine } = await asking(t, ALL, { trust: ['127.0.0.1'] })
    const client = await connect(mine)
    await exchange(client, request('GET', '/', 'X-Client-Cert-Subject: CN=theirs'))
    await exchange(client, request('GET', '/'))
    t.same(told(origin), [['CN=theirs'], []])
  },
)

test('another configuration sends other fields, on open connections too', needs('openssl'), async t => {
  const { origin, connect, mine, proxy, clock } = await asking(t, ['subject'])
  const client = await connect(mine)
  await exchange(client, request('GET', '/1'))
  await exchange(client, request('GET', '/2'))
  const { cert, key } = await (await makeAuthority(t)).issue('app', 'DNS:app.example')
  const clientCertificates = { ca: cert, required: false, fields: ['serial'] as const }
  proxy.update({
    ...{ mode: 'reverse', name: 'edge', clock, via: 'off', xForwarded: false, routes: [{ upstream: origin.url }] },
    tls: { certificates: [{ cert, key }], clientCertificates },
  })
  await exchange(client, request('GET', '/3'))
  t.match(told(origin), [[/^CN=al/], [/^CN=al/], [/^[0-9A-F]+$/]])
})

test('impossible options are refused, by name', async t => {
  const tlsWith = (fields: unknown) => ({
    certificates: [{ cert: 'c', key: 'k' }],
    clientCertificates: { ca: '', required: true, fields: fields as Fields },
  })
  const reverse = { mode: 'reverse', upstream: 'http://127.0.0.1:1' } as const
  // TLS itself is not tried: these are not real certificates.
  const settings = (options: ProxyOptions) => atOnce(settingsSteps(options))
  t.throws(() => settings({ mode: 'forward', tls: tlsWith(['subject']) }), /fields is for mode "reverse"/)
  t.throws(() => settings({ ...reverse, tls: tlsWith(['dn']) }), /fields\[0\] must be subject or issuer or serial/)
  t.throws(
    () => settings({ ...reverse, tls: tlsWith(['certificate']), keepFields: ['Client_Cert'] }),
    /keepFields: Client_Cert cannot be kept/,
  )
  t.equal(settings({ mode: 'forward', tls: tlsWith([]) }).clientFields, null)
})
