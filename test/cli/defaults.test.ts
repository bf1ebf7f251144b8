import { test } from 'tap'
import { readCommandLine } from '../../lib/cli/command-line.js'
import { forwardSettings, reverseSettings } from '../../lib/cli/proxy-settings.js'
import { planOf } from '../../lib/config/plan.js'
import { readConfigurationText } from '../../lib/config/read.js'
import { atOnce } from '../../lib/policy/steps.js'
import { groupSpec } from '../../lib/proxy/options/group-options.js'
import { dialOf, settingsOf, settingsSteps } from '../../lib/proxy/options/options.js'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import type { Settings } from '../../lib/proxy/options/settings.js'

// One proxy, three doors (library, file, command line): a setting that is not given is the same through each of them.

const SERVER = 'http://127.0.0.1:3000'

function planned(text: string) {
  const { configuration, findings } = readConfigurationText(text, '/etc/hopwise.yaml', {
    environment: {},
    checkFiles: false,
  })
  if (configuration === undefined) throw new Error(JSON.stringify(findings))
  return planOf(configuration, { '/etc/c.pem': 'c', '/etc/k.pem': 'k', '/etc/ca.pem': 'ca' }, 'secret')
}

function ofFile(text: string): ProxyOptions {
  const { listeners, upstreams } = planned(text)
  const { mode, options } = listeners[0]!
  return mode === 'forward' ? { ...options, mode } : { ...options, mode: 'reverse', upstreams }
}

function ofLine(...words: string[]): ProxyOptions {
  const asked = readCommandLine(words, { environment: {}, version: '0', columns: 80 })
  if (asked.kind !== 'run') throw new Error('it prints a text')
  return words[0] === 'reverse' ? reverseSettings(asked.given, { port: 8080 }) : forwardSettings(asked.given)
}

/** Settings as plain data: an opaque object becomes the name of its class. */
function plain({ generation: _, name: __, ...settings }: Settings): unknown {
  return JSON.parse(
    JSON.stringify(settings, (key, value) => {
      if (value instanceof Set) return [...value].sort()
      if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
      const made = value?.constructor?.name ?? 'Object'
      return key !== 'clock' && ['Object', 'Array', 'String', 'Number', 'Boolean'].includes(made) ? value : made
    }),
  )
}

/** Without routes and groups, which differ between a proxy with one upstream and one with groups. */
const rest = (settings: Settings): unknown => plain({ ...settings, routes: [], groups: [] })

test('forward: file, command line and library have the same defaults', async t => {
  const library = plain(settingsOf({ mode: 'forward' }))
  t.same(plain(settingsOf(ofLine('forward'))), library)
  t.same(plain(settingsOf(ofFile('listeners: [{ address: 127.0.0.1:1, mode: forward }]'))), library)
})

test('reverse: file, command line and library have the same defaults', async t => {
  const library = settingsOf({
    mode: 'reverse',
    routes: [{ upstream: 'app' }],
    upstreams: { app: { servers: [SERVER] } },
  })
  const file = settingsOf(
    ofFile(`
listeners: [{ address: 127.0.0.1:1, routes: [{ upstream: app }] }]
upstreams: { app: { servers: ['${SERVER}'] } }
`),
  )
  t.same(plain(file), plain(library))
  t.same(rest(settingsOf(ofLine('reverse', SERVER))), rest(library))
  t.same(
    plain(settingsOf(ofLine('reverse', SERVER))),
    plain(settingsOf({ mode: 'reverse', upstream: SERVER })),
    'the same single upstream',
  )
})

test('a partial setting: what is left out is the same in the file and in the library', async t => {
  const guarded = (clients: string) =>
    settingsOf(
      ofFile(`
listeners: [{ address: 127.0.0.1:1, mode: forward, clients: ${clients} }]
`),
    )
  for (const [clients, options] of [
    ['{ requestsPerSecond: 7 }', { requestRate: { perSecond: 7 } }],
    ['{ requestsPerSecond: 7, requestsBurst: 9 }', { requestRate: { perSecond: 7, burst: 9 } }],
    ['{ connectionsPerSecond: 5 }', { clients: { connectionsPerSecond: 5 } }],
    ['{ failedLoginsPerMinute: 5 }', { clients: { failedLoginsPerMinute: 5 } }],
    ['{ failedLoginsPerMinute: 0 }', { clients: { failedLoginsPerMinute: 0 } }],
  ] as const) {
    const library = settingsOf({ mode: 'forward', ...options })
    const { requestRate, connectionRate, failedLoginRate } = guarded(clients)
    t.same(
      { requestRate, connectionRate, failedLoginRate },
      {
        requestRate: library.requestRate,
        connectionRate: library.connectionRate,
        failedLoginRate: library.failedLoginRate,
      },
      clients,
    )
  }
  t.match(settingsOf({ mode: 'forward', requestRate: { perSecond: 7 } }).requestRate, { burst: 7 })
  t.match(settingsOf({ mode: 'forward', requestRate: { perSecond: 0.2 } }).requestRate, { burst: 1 })

  const { limits, deadlines } = settingsOf({ mode: 'forward' })
  const defaults = { dial: dialOf({}), limits, deadlines }
  for (const [group, options] of [
    ['{}', {}],
    ['{ healthCheck: {} }', { healthCheck: {} }],
    ['{ healthCheck: { path: /up } }', { healthCheck: { path: '/up' } }],
    ['{ ejection: { failures: 5 } }', { ejection: { failures: 5 } }],
    ['{ ejection: { failures: 0 } }', { ejection: { failures: 0 } }],
    ['{ balance: hash, hash: {} }', { balance: 'hash', hash: {} }],
    ['{ balance: hash }', { balance: 'hash' }],
    ['{ resolve: { minMs: 5 } }', { resolve: { minMs: 5 } }],
  ] as const) {
    const { upstreams } = planned(`
listeners: [{ address: 127.0.0.1:1, routes: [{ upstream: app }] }]
upstreams: { app: { servers: [{ url: '${SERVER}' }], ${group.slice(1)} }
`)
    t.same(
      groupSpec('app', upstreams.app!, defaults),
      groupSpec('app', { servers: [SERVER], ...options }, defaults),
      group,
    )
  }

  // The certificates here are dummies, so TLS is not tried.
  const tlsOf = (options: ProxyOptions) => atOnce(settingsSteps(options)).tls
  const tls = tlsOf(
    ofFile(`
listeners:
  - address: 127.0.0.1:1
    mode: forward
    tls: { certificates: [{ cert: c.pem, key: k.pem }], clientCertificates: { ca: ca.pem } }
`),
  )
  t.same(
    tls,
    tlsOf({
      mode: 'forward',
      tls: { certificates: [{ cert: 'c', key: 'k' }], clientCertificates: { ca: 'ca' } },
    }),
  )
})
