import { test } from 'tap'
import { settingsOf } from '../../lib/proxy/options/options.js'
import { exchange, request } from '../support/conversation.js'
import type { RawMessage } from '../support/raw-message.js'
import { fleet, routed } from './fleet.js'

// X-Forwarded-Port, X-Forwarded-Prefix and X-Real-IP: if configured, they say what we know, whatever the client sends in them.

const TOLD = { xForwardedPort: true, xForwardedPrefix: true, xRealIp: true }
const FIELDS = ['X-Forwarded-Port', 'X-Forwarded-Prefix', 'X-Real-IP']
const said = (asked: RawMessage | undefined) => FIELDS.map(name => asked?.field(name))

test('an untrusted peer: what we know, for each route, on one connection', async t => {
  const [a] = await fleet(t, 'a')
  const upstream = a!.url
  const { connect } = await routed(t, {
    ...TOLD,
    routes: [{ path: '/api', stripPrefix: '/api', setPrefix: '/v1', upstream }, { upstream }],
  })
  const client = await connect()
  const lies = ['X-Forwarded-Port: 1', 'x_forwarded_port: 2', 'X-Real_IP: 3', 'X-Real-IP: 4', 'X_Forwarded_Prefix: /5']
  for (const path of ['/api/x', '/%61pi', '/x', '/api/y'])
    await exchange(client, request('GET', path, ...lies, 'Connection: X-Real-IP'))
  t.same(a!.asked.map(said), [
    ['80', '/api', '127.0.0.1'],
    ['80', '/api', '127.0.0.1'],
    ['80', undefined, '127.0.0.1'],
    ['80', '/api', '127.0.0.1'],
  ])
  t.notMatch(a!.asked.map(({ head }) => head).join(), /_forwarded|real_ip/i)
})

test('a trusted peer: what it says, and its prefix is continued', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await routed(t, {
    ...TOLD,
    trust: ['127.0.0.1', '10.0.0.0/8'],
    routes: [{ stripPrefix: '/api', upstream: a!.url }],
  })
  const client = await connect()
  const theirs = ['X-Forwarded-Port: 8443', 'X-Forwarded-Prefix: /outer', 'X-Real-IP: 192.0.2.1']
  await exchange(client, request('GET', '/api/x', ...theirs))
  await exchange(client, request('GET', '/x', ...theirs))
  await exchange(
    client,
    request('GET', '/x', 'X-Forwarded-Proto: https', 'X-Forwarded-For: 6.6.6.6, 192.0.2.9, 10.1.1.1'),
  )
  t.same(a!.asked.map(said), [
    ['8443', '/outer/api', '192.0.2.1'],
    ['8443', '/outer', '192.0.2.1'],
    ['443', undefined, '192.0.2.9'],
  ])
})

test('off: none of these fields is sent', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await routed(t, { xForwarded: true, routes: [{ stripPrefix: '/api', upstream: a!.url }] })
  await exchange(await connect(), request('GET', '/api/x', 'X-Real-IP: 4', 'X-Forwarded-Prefix: /x'))
  t.same(said(a!.asked[0]), [undefined, undefined, undefined])
})

test('contradictory options are refused, by name', async t => {
  const upstream = 'http://127.0.0.1:1'
  for (const [name, option] of [
    ['X-Real-IP', 'xRealIp'],
    ['x_real_ip', 'xRealIp'],
    ['X-Forwarded-Port', 'xForwardedPort'],
    ['X-Forwarded-Prefix', 'xForwardedPrefix'],
  ] as const) {
    const message = `keepFields: ${name} cannot be kept because other options make hopwise set it itself`
    t.throws(() => settingsOf({ mode: 'reverse', upstream, keepFields: [name], [option]: true }), { message })
    t.doesNotThrow(() => settingsOf({ mode: 'reverse', upstream, keepFields: [name] }))
  }
  t.throws(() => settingsOf({ mode: 'forward', xForwardedPrefix: true }), /xForwardedPrefix is for mode "reverse"/)
  t.match(settingsOf({ mode: 'forward', xRealIp: true }).clientFields, { realIp: true, forwardedPort: false })
  t.equal(settingsOf({ mode: 'reverse', upstream }).clientFields, null)
})
