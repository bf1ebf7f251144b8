import { test } from 'tap'
import { originOf } from '../../lib/link/origin.js'
import { cookieBack } from '../../lib/policy/cookie-back.js'
import { FieldEdits, type FieldEditsOptions } from '../../lib/policy/field-edits.js'
import { KeptFields } from '../../lib/policy/kept-fields.js'
import { explainRequest } from '../../lib/policy/ledger.js'
import { loosely, scanPath, spelled } from '../../lib/policy/path.js'
import { isStripped, pathPrefixes, rewritePath } from '../../lib/policy/path-prefixes.js'
import { referenceBack } from '../../lib/policy/reference-back.js'
import type { RequestContext } from '../../lib/policy/request-context.js'
import { rewriteRequest } from '../../lib/policy/rewrite-request.js'
import { Routes } from '../../lib/policy/routes.js'
import { hostToSend } from '../../lib/policy/send-host.js'
import { wayBack } from '../../lib/policy/way-back.js'
import { ProtocolError } from '../../lib/wire/protocol-error.js'
import { GATEWAY, request } from '../policy/heads.js'
import { part, read, rowsOf } from './references.js'

const bare = (cell: string): string => cell.replaceAll('`', '')
const table = (name: string): string[][] => rowsOf(part(read('docs/truth-tables.md'), name)).map(row => row.map(bare))

/** The result of a call, or the status of its error, such as `400`. */
function orStatus(call: () => string): string {
  try {
    return call()
  } catch (error) {
    if (error instanceof ProtocolError) return `${error.status}`
    throw error
  }
}

const headFor = (target: string, host = 'app.example') =>
  request(`${target === '*' ? 'OPTIONS' : 'GET'} ${target} HTTP/1.1`, `Host: ${host}`).head

test('which route matches a path', async t => {
  const routes = new Routes([
    { match: { path: '/api' }, value: '/api' },
    { match: { exact: '/health' }, value: '/health' },
    { match: { path: '/docs/' }, value: '/docs/' },
    { match: {}, value: 'without' },
  ])
  const rows = table('paths')
  t.ok(rows.length > 30)
  for (const [received = '', byTheBook, loose, route] of rows) {
    const end = scanPath(received)
    const path = received.slice(0, end < 0 ? ~end : end)
    t.equal(spelled(path), byTheBook, `${received} by the book`)
    t.equal(loosely(spelled(path)), loose, `${received} loosely`)
    t.ok(end < 0 || path === loose, `${received}: a plain path reads the same both ways`)
    t.equal(
      orStatus(() => routes.match(headFor(received)) ?? 'none'),
      route,
      received,
    )
  }
})

test('who may say who the client is', async t => {
  const rows = table('guard')
  t.ok(rows.length > 20)
  for (const [field = '', stranger, trusted, keepable] of rows) {
    const fate = (context: Partial<RequestContext>): string => {
      const { head, options } = request('GET / HTTP/1.1', 'Host: a.example', `${field}: theirs`)
      const row = explainRequest(head, options, { ...GATEWAY, ...context }).find(({ value }) => value === 'theirs')
      const words = { keep: 'kept', drop: 'dropped', replace: context.trustedPeer ? 'appended to' : 'replaced' }
      return words[row?.verdict as keyof typeof words] ?? `${row?.verdict}`
    }
    t.equal(fate({}), stranger, `${field} of a stranger`)
    t.equal(fate({ trustedPeer: true }), trusted, `${field} of a trusted peer`)
    if (keepable === 'no') {
      t.throws(() => new KeptFields([field]), TypeError, `${field} in keepFields`)
      continue
    }
    const keepFields = new KeptFields(['X-Original-Other', field.toUpperCase()])
    for (const trustedPeer of [false, true])
      t.equal(fate({ keepFields, trustedPeer }), 'kept', `${field} in keepFields`)
  }
})

test('the fields about the client that options add', async t => {
  const more = { forwardedPort: false, forwardedPrefix: false, realIp: false, certificate: [], isTrusted: () => false }
  const contexts: Record<string, Partial<RequestContext>> = {
    xForwardedPort: { more: { ...more, forwardedPort: true } },
    xForwardedPrefix: { more: { ...more, forwardedPrefix: true }, prefix: '/known' },
    xRealIp: { more: { ...more, realIp: true } },
  }
  const about = { subject: 'CN=a', issuer: 'CN=b', serial: '01', fingerprint: 'ab' }
  const certificate = { about, der: 'AA==' }
  for (const field of ['subject', 'issuer', 'serial', 'fingerprint', 'certificate'] as const)
    contexts[field] = { more: { ...more, certificate: [field] }, certificate }
  const known: Record<string, string> = {
    xForwardedPort: '80',
    xForwardedPrefix: '/known',
    xRealIp: '192.0.2.1',
    ...about,
    certificate: ':AA==:',
  }
  const rows = table('told')
  t.same(
    rows.map(([option]) => option),
    Object.keys(contexts),
  )
  for (const [option = '', field = '', stranger, trusted, unsaid] of rows) {
    const fate = (trustedPeer: boolean, value?: string): string => {
      const said = value === undefined ? [] : [`${field}: ${value}`]
      const { head, options } = request('GET / HTTP/1.1', 'Host: a.example', ...said)
      const context = { ...GATEWAY, ...contexts[option], trustedPeer }
      const out = rewriteRequest(head, options, context).text().split('\r\n')
      const values = out.filter(line => line.startsWith(`${field}: `)).map(line => line.slice(field.length + 2))
      const words = {
        '/x': 'kept',
        [`${known[option]}`]: value === undefined ? 'known' : 'replaced',
        '/x/known': 'continued',
      }
      if (values.length === 0) return 'nothing'
      return values.length === 1 ? (words[values[0]!] ?? `${values}`) : `${values.length} lines`
    }
    t.equal(fate(false, '/x'), stranger, `${field} of a stranger`)
    t.equal(fate(true, '/x'), trusted, `${field} of a trusted peer`)
    t.equal(fate(true), unsaid, `${field} for a trusted peer`)
    t.equal(fate(false), 'known')
  }
})

test('the path that is sent', async t => {
  const rows = table('prefixes')
  t.ok(rows.length > 20)
  for (const [stripPrefix = '', setPrefix = '', received = '', sent] of rows) {
    const prefixes = pathPrefixes({ stripPrefix, setPrefix })
    const path = orStatus(() => (prefixes === null ? received : rewritePath(received, prefixes)))
    t.equal(path, sent, `${received} without ${stripPrefix}, with ${setPrefix}`)
  }
})

const UPSTREAM = originOf('http', 'up.example', 3000)

/** The way back for a request for `asked`, a URL, as the proxy would compute it. */
function wayOf(stripPrefix: string, setPrefix: string, sendHost: string, asked: string) {
  const { protocol, host, pathname } = new URL(asked)
  const prefixes = pathPrefixes({ stripPrefix, setPrefix })
  const sent = prefixes === null ? pathname : rewritePath(pathname, prefixes)
  return wayBack(
    { locations: true, cookies: true },
    {
      outer: prefixes !== null && isStripped(pathname, prefixes) ? stripPrefix : '',
      inner: setPrefix,
      asked: pathname,
      sent,
      upstream: {
        scheme: UPSTREAM.scheme,
        authorities: [hostToSend(sendHost, host, UPSTREAM.authority), UPSTREAM.authority],
      },
      client: { scheme: protocol.slice(0, -1), authority: host },
    },
  )
}

test('where a Location leads the client', async t => {
  const rows = table('locations')
  t.ok(rows.length > 50)
  for (const [strip = '', set = '', sendHost = '', asked = '', received = '', expected] of rows) {
    const way = wayOf(strip, set, sendHost, asked)
    t.equal(
      referenceBack(received, way) ?? 'stays',
      expected,
      `${received} for ${asked}, without ${strip}, with ${set}`,
    )
  }
})

test('where a client sends a cookie', async t => {
  const rows = table('cookies')
  t.ok(rows.length > 30)
  for (const [strip = '', set = '', received = '', expected] of rows) {
    const way = wayOf(strip, set, 'upstream', `https://app.example${strip}/`)
    t.equal(cookieBack(received, way) ?? 'stays', expected, `${received} without ${strip}, with ${set}`)
  }
})

test('whether a host matches', async t => {
  const rows = table('hosts')
  t.ok(rows.length > 10)
  for (const [host = '', authority, fits] of rows) {
    const routes = new Routes([{ match: { host: [host] }, value: 'yes' }])
    t.equal(routes.match(headFor('/', authority)) ?? 'no', fits, `${host} / ${authority}`)
  }
})

test('what happens to a field that the route edits', async t => {
  const rows = table('edits')
  t.equal(rows.length, 5)
  const edits: Record<string, (name: string) => FieldEditsOptions> = {
    'sets it': name => ({ set: { [name]: 'ours' } }),
    'removes it': name => ({ remove: [name] }),
    'leaves it': () => ({ remove: ['X-Other'] }),
  }
  for (const ofHop of ['yes', 'no'])
    for (const named of ['yes', 'no'])
      for (const [route, optionsFor] of Object.entries(edits)) {
        const name = ofHop === 'yes' ? 'X-Forwarded-Host' : 'X-A'
        const { head, options } = request(
          'GET / HTTP/1.1',
          'Host: a.example',
          `${name}: theirs`,
          ...(named === 'yes' ? [`Connection: ${name}`] : []),
        )
        const context = { ...GATEWAY, edits: new FieldEdits('request', optionsFor(name)) }
        const is = [ofHop, named, route]
        const row = rows.find(cells => is.every((cell, i) => cells[i] === '·' || cells[i] === cell))
        const [received] = explainRequest(head, options, context).filter(({ value }) => value === 'theirs')
        t.equal(received?.reason, row?.[3], is.join(', '))
        const text = rewriteRequest(head, options, context).text()
        t.equal(text.includes(`${name}: ours\r\n`), route === 'sets it', 'ours survives, whatever the client names')
        t.equal(text.includes(`${name}: theirs\r\n`), row?.[3] === 'end to end')
      }
})
