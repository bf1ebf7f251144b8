import { test } from 'tap'
import { FieldEdits } from '../../lib/policy/field-edits.js'
import { explainRequest } from '../../lib/policy/ledger.js'
import type { ClientFields, RequestContext } from '../../lib/policy/request-context.js'
import { AboutClient } from '../../lib/policy/request-context.js'
import { rewriteRequest } from '../../lib/policy/rewrite-request.js'
import { QUIET, request } from './heads.js'
import { FORWARD, GET, HOST, TRUSTED, testRows } from './request-rows.js'

const NONE: ClientFields = {
  forwardedPort: false,
  forwardedPrefix: false,
  realIp: false,
  certificate: [],
  isTrusted: address => address.startsWith('10.') || address === '::1',
}
const PORT = { more: { ...NONE, forwardedPort: true } }
const PREFIX = { more: { ...NONE, forwardedPrefix: true }, prefix: '/api' }
const REAL_IP = { more: { ...NONE, realIp: true } }
const ALL = { more: { ...NONE, forwardedPort: true, forwardedPrefix: true, realIp: true }, prefix: '/api' }

testRows(
  [
    'all of them, after the strip: naming them takes nothing away',
    [GET, HOST, 'X-Forwarded-Port: 1', 'X_Forwarded_Port: 2', 'X-Real-IP: 3', 'X-Real_IP: 4', 'X-Forwarded-Prefix: /5'],
    ALL,
    [GET, HOST, 'X-Forwarded-Port: 80', 'X-Forwarded-Prefix: /api', 'X-Real-IP: 192.0.2.1'],
  ],
  [
    'named by Connection, they are ours all the same',
    [GET, HOST, 'X-Real-IP: 3', 'Connection: X-Real-IP, X-Forwarded-Port, X-Forwarded-Prefix'],
    ALL,
    [GET, HOST, 'X-Forwarded-Port: 80', 'X-Forwarded-Prefix: /api', 'X-Real-IP: 192.0.2.1'],
  ],
  ['the port of https', [GET, HOST], { ...PORT, scheme: 'https' }, [GET, HOST, 'X-Forwarded-Port: 443']],
  [
    'the port asked',
    [GET, 'Host: a.example:8443'],
    { ...PORT, authority: 'a.example:8443', scheme: 'https' },
    [GET, 'Host: a.example:8443', 'X-Forwarded-Port: 8443'],
  ],
  [
    'a colon without a port',
    [GET, 'Host: a.example:'],
    { ...PORT, authority: 'a.example:' },
    [GET, 'Host: a.example:', 'X-Forwarded-Port: 80'],
  ],
  ['no host, no port', ['GET / HTTP/1.0'], PORT, [GET, 'Host: a.example']],
  [
    'the port that a trusted peer says stays, and is not said twice',
    [GET, HOST, 'X-Forwarded-Port: 8443'],
    { ...PORT, ...TRUSTED },
    [GET, HOST, 'X-Forwarded-Port: 8443'],
  ],
  [
    'the port by what a trusted peer says of scheme and host',
    [GET, HOST, 'X-Forwarded-Proto: HTTPS, http'],
    { ...PORT, ...TRUSTED },
    [GET, HOST, 'X-Forwarded-Proto: HTTPS, http', 'X-Forwarded-Port: 443'],
  ],
  [
    'the same with a port in the host',
    [GET, HOST, 'X-Forwarded-Host: b.example:81, c.example', 'X-Forwarded-Proto: https'],
    { ...PORT, ...TRUSTED },
    [GET, HOST, 'X-Forwarded-Host: b.example:81, c.example', 'X-Forwarded-Proto: https', 'X-Forwarded-Port: 81'],
  ],
  [
    'empty values of a trusted peer say nothing',
    [GET, HOST, 'X-Forwarded-Host:', 'X-Forwarded-Proto: ,'],
    { ...PORT, ...TRUSTED },
    [GET, HOST, 'X-Forwarded-Host:', 'X-Forwarded-Proto: ,', 'X-Forwarded-Port: 80'],
  ],
  [
    'a host of a trusted peer that is none',
    [GET, HOST, 'X-Forwarded-Host: a b'],
    { ...PORT, ...TRUSTED },
    [GET, HOST, 'X-Forwarded-Host: a b'],
  ],
  [
    'nothing was taken off: no prefix, and none of a stranger',
    [GET, HOST, 'X-Forwarded-Prefix: /evil'],
    { ...PREFIX, prefix: '' },
    [GET, HOST],
  ],
  [
    'nothing was taken off: what a trusted peer says stays',
    [GET, HOST, 'X-Forwarded-Prefix: /a'],
    { ...PREFIX, ...TRUSTED, prefix: '' },
    [GET, HOST, 'X-Forwarded-Prefix: /a'],
  ],
  [
    'prefixes of trusted peers and ours are one path',
    [GET, HOST, 'X-Forwarded-Prefix: /a/, /b', 'Accept: */*', 'x-forwarded-prefix: /'],
    { ...PREFIX, ...TRUSTED },
    [GET, HOST, 'Accept: */*', 'X-Forwarded-Prefix: /a/b/api'],
  ],
  ['a client without an address', [GET, HOST, 'X-Real-IP: 1'], { ...REAL_IP, clientAddress: '' }, [GET, HOST]],
  [
    'an address of IPv6',
    [GET, HOST],
    { ...REAL_IP, clientAddress: '2001:db8::1' },
    [GET, HOST, 'X-Real-IP: 2001:db8::1'],
  ],
  [
    'a forward proxy that is told to',
    [GET, HOST, 'X-Real-IP: 1', 'X_Real_IP: 2', 'X-Client-IP: 3', 'X-Forwarded-Port: 4'],
    { ...FORWARD, ...REAL_IP },
    [GET, HOST, 'X-Client-IP: 3', 'X-Forwarded-Port: 4', 'X-Real-IP: 192.0.2.1'],
  ],
  [
    'a forward proxy that says the port takes look-alikes as well',
    [GET, HOST, 'X_Real_IP: 2', 'X-Forwarded-Port: 4'],
    { ...FORWARD, ...PORT },
    [GET, HOST, 'X-Forwarded-Port: 80'],
  ],
)

const CHAINS: [said: string[], address: string][] = [
  [[], '10.0.0.9'],
  [['X-Real-IP: 192.0.2.7', 'X-Forwarded-For: 192.0.2.8'], ''],
  [['X-Forwarded-For: 192.0.2.8'], '192.0.2.8'],
  [['X-Forwarded-For: 198.51.100.66, 192.0.2.8'], '192.0.2.8'],
  [['X-Forwarded-For: 192.0.2.8, 10.0.0.2'], '192.0.2.8'],
  [['X-Forwarded-For: 192.0.2.8', 'X-Forwarded-For: 10.0.0.2, 10.0.0.3'], '192.0.2.8'],
  [['X-Forwarded-For: 10.0.0.1, 10.0.0.2'], '10.0.0.1'],
  [['X-Forwarded-For: 192.0.2.8:4711, 10.0.0.2'], '192.0.2.8'],
  [['X-Forwarded-For: [2001:db8::5]:4711, [::1]'], '2001:db8::5'],
  [['X-Forwarded-For: 2001:db8::5, ::1'], '2001:db8::5'],
  [['X-Forwarded-For: 192.0.2.8, unknown, 10.0.0.2'], '10.0.0.2'],
  [['X-Forwarded-For: unknown'], '10.0.0.9'],
  [['X-Forwarded-For: "192.0.2.8"'], '10.0.0.9'],
]
for (const [said, address] of CHAINS) {
  test(`X-Real-IP for a trusted peer that sends ${said.join(' and ') || 'nothing'}`, async t => {
    const { head, options } = request(GET, HOST, ...said)
    const context = { ...QUIET, ...REAL_IP, ...TRUSTED, clientAddress: '10.0.0.9' }
    const text = rewriteRequest(head, options, context).text()
    t.equal(/\r\nX-Real-IP: (.*)\r\n\r\n/.exec(text)?.[1] ?? '', address || '')
    t.equal(text.match(/x-real-ip/gi)?.length, 1)
  })
}

test('a chain of as many addresses as fit', async t => {
  const { head, options } = request(GET, HOST, `X-Forwarded-For: ${'10.0.0.1,'.repeat(200_000)}`)
  const text = rewriteRequest(head, options, { ...QUIET, ...REAL_IP, ...TRUSTED }).text()
  t.ok(text.endsWith('X-Real-IP: 10.0.0.1\r\n\r\n'))
})

test('what a route sets or removes takes precedence over ours', async t => {
  const edits = new FieldEdits('request', { set: { 'X-Real-IP': 'set' }, remove: ['X-Forwarded-Prefix'] })
  for (const trustedPeer of [false, true]) {
    const { head, options } = request(GET, HOST, 'X-Real-IP: theirs', 'X-Forwarded-Prefix: /theirs')
    const text = rewriteRequest(head, options, { ...QUIET, ...ALL, trustedPeer, edits }).text()
    t.match(text, /\r\nX-Forwarded-Port: 80\r\nX-Real-IP: set\r\n\r\n$/)
    t.equal(text.match(/real|prefix/gi)?.length, 1)
  }
})

test('the ledger has each, with its reason', async t => {
  const context: RequestContext = { ...QUIET, ...ALL }
  const fields = ['X-Forwarded-Port: 1', 'X-Forwarded-Prefix: /x', 'X-Real-IP: 2']
  const rowsFor = (how: Partial<RequestContext>) => {
    const { head, options } = request(GET, HOST, ...fields)
    return explainRequest(head, options, { ...context, ...how })
      .slice(1)
      .map(({ field, value, verdict, reason }) => `${verdict} ${field}: ${value} (${reason})`)
  }
  t.same(rowsFor({}), [
    'replace X-Forwarded-Port: 1 (not accepted from an untrusted peer)',
    'replace X-Forwarded-Prefix: /x (not accepted from an untrusted peer)',
    'replace X-Real-IP: 2 (not accepted from an untrusted peer)',
    'add X-Forwarded-Port: 80 (the port that the client requested)',
    'add X-Forwarded-Prefix: /api (the prefix stripped from the path)',
    'add X-Real-IP: 192.0.2.1 (the address of the client)',
  ])
  t.same(rowsFor(TRUSTED), [
    'keep X-Forwarded-Port: 1 (end to end)',
    'replace X-Forwarded-Prefix: /x (sent by a trusted peer; the prefix stripped here is appended)',
    'keep X-Real-IP: 2 (end to end)',
    'add X-Forwarded-Prefix: /x/api (the prefix stripped from the path)',
  ])
})

test('one connection, requests with a prefix and without: each gets its own lines', async t => {
  const about = new AboutClient()
  const sent = ['/a', '', '/a', '/b'].map(prefix => {
    const { head, options } = request(GET, HOST)
    return rewriteRequest(head, options, { ...QUIET, ...PREFIX, prefix, about }).text()
  })
  t.same(
    sent.map(text => /X-Forwarded-Prefix: (.*)\r\n/.exec(text)?.[1]),
    ['/a', undefined, '/a', '/b'],
  )
})
