import { test } from 'tap'
import { nameAt, settingsOf } from '../../lib/proxy/options/options.js'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'

const reverse: ProxyOptions = { mode: 'reverse', upstream: 'http://127.0.0.1:3000' }
const forward: ProxyOptions = { mode: 'forward' }

// What is wrong, and what the message about it must say.
const wrong: [what: string, options: object, sentence: RegExp][] = [
  ['no mode', {}, /mode must be 'reverse' or 'forward'/],
  ['another mode', { mode: 'sideways' }, /not "sideways"/],
  ['a typo', { ...reverse, upstrem: 'x' }, /no option upstrem: did you mean upstream\?/],
  ['no upstream', { mode: 'reverse' }, /needs an upstream: use for example http:/],
  ['an upstream for a forward proxy', { ...forward, upstream: 'http://a' }, /destinations that its clients ask for/],
  ['no scheme', { ...reverse, upstream: '127.0.0.1:3000' }, /not an http:\/\/ or https:\/\/ URL/],
  ['another scheme', { ...reverse, upstream: 'ftp://a' }, /not an http:\/\/ or https:\/\/ URL/],
  ['a path', { ...reverse, upstream: 'http://a/b' }, /has a path \(\/b\)/],
  ['a user', { ...reverse, upstream: 'http://u:p@a' }, /has a user name or password/],
  ['port 0', { ...reverse, upstream: 'http://a:0' }, /port 0/],
  ['no valid port', { ...reverse, upstream: 'http://a:99999' }, /no valid host and port/],
  ['a name that is not a token', { ...reverse, name: 'a b' }, /must be a token/],
  ['an invalid trusted network', { ...reverse, trust: ['10.0.0.0/99'] }, /10\.0\.0\.0\/99/],
  ['an invalid allowed destination', { ...forward, allow: ['10.0.0.0/99'] }, /10\.0\.0\.0\/99/],
  ['an invalid port', { ...forward, connectPorts: [70_000] }, /connectPorts: 70000 is not a port/],
  ['an invalid port to allow', { ...forward, allowPorts: [0] }, /allowPorts: 0 is not a port/],
  ['a user with a colon', { ...forward, credentials: [{ user: 'a:b', password: 'c' }] }, /contains a colon/],
  ['no certificate', { ...reverse, upstreamTls: { ca: 'x' } }, /contains no PEM certificate/],
  [
    'a limit that does not exist',
    { ...reverse, limits: { nothingMax: 1 } },
    /limits has no nothingMax; use one of client/,
  ],
  ['a negative deadline', { ...reverse, deadlines: { connectMs: -1 } }, /deadlines\.connectMs must be an integer/],
]

for (const [what, options, sentence] of wrong) {
  test(`refused: ${what}`, async t => {
    t.throws(() => settingsOf(options as ProxyOptions), { name: 'TypeError', message: sentence })
  })
}

const loneOrigin = (options: ProxyOptions) => settingsOf(options).groups[0]?.servers[0]?.origin

test('the defaults of both modes', async t => {
  const gateway = settingsOf(reverse)
  t.match(gateway, {
    xForwarded: true,
    viaRequest: true,
    viaResponse: false,
    trace: false,
  })
  t.match(gateway.routes, [{ upstream: 'http://127.0.0.1:3000', sendHost: 'preserve', prefixes: null }])
  t.match(loneOrigin(reverse), { key: 'http://127.0.0.1:3000', authority: '127.0.0.1:3000' })
  t.match(settingsOf(forward), {
    xForwarded: false,
    viaRequest: true,
    viaResponse: true,
    trace: true,
    routes: [],
  })
})

test('an upstream may be written with a slash, in capitals, with IPv6', async t => {
  t.equal(loneOrigin({ ...reverse, upstream: 'HTTP://Host:80/' })?.key, 'http://host:80')
  t.equal(loneOrigin({ ...reverse, upstream: 'https://[::1]' })?.authority, '[::1]')
})

test('a deployment without a name is named by host and port, never by the product', async t => {
  t.match(nameAt(8080), /^[A-Za-z0-9.-]+-8080$/)
  t.not(nameAt(0), 'hopwise')
})
