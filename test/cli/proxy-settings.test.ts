import * as path from 'node:path'
import { test } from 'tap'
import { readCommandLine } from '../../lib/cli/command-line.js'
import { checked, forwardSettings, reverseSettings } from '../../lib/cli/proxy-settings.js'

function settings(words: string[], environment: Record<string, string> = {}) {
  const asked = readCommandLine(words, { environment, version: '0', columns: 80 })
  if (asked.kind !== 'run') throw new Error('it prints a text')
  return words[0] === 'reverse'
    ? reverseSettings(asked.given, { host: '127.0.0.1', port: 8080 })
    : forwardSettings(asked.given)
}

test('only what was given is passed to the library', t => {
  const nothing = { deadlines: {}, limits: {}, grammar: {} }
  t.strictSame(settings(['reverse', 'http://a']), { ...nothing, mode: 'reverse', upstream: 'http://a' })
  t.strictSame(settings(['reverse', 'http://a/base']), {
    ...nothing,
    mode: 'reverse',
    routes: [{ upstream: 'http://a', setPrefix: '/base', rewriteLocation: true, rewriteCookies: true }],
  })
  t.strictSame(settings(['forward']), { ...nothing, mode: 'forward' })
  t.end()
})

test('every option reaches the library under its own name', t => {
  const reverse = settings(
    (
      'reverse https://A:8443/ --host upstream --trust 10.0.0.0/8,::1 --name edge --via both --no-x-forwarded --forwarded ' +
      '--x-forwarded-port --x-real-ip ' +
      '--upgrade WebSocket --upgrade x --nominated-end-to-end reject --strict-upstream --interim none --half-closed answer ' +
      '--announce-keep-alive always --trace --tcp-keep-alive-ms 5 --upstream-insecure --client-idle-ms 1 ' +
      '--client-idle-http10-ms 2 --upstream-idle-max 3 --fields-max 4'
    ).split(' '),
  )
  t.strictSame(checked(reverse), {
    mode: 'reverse',
    upstream: 'https://a:8443',
    host: 'upstream',
    trust: ['10.0.0.0/8', '::1'],
    name: 'edge',
    via: 'both',
    xForwarded: false,
    xForwardedPort: true,
    xRealIp: true,
    forwarded: true,
    upgrades: ['websocket', 'x'],
    nominatedEndToEnd: 'reject',
    strictUpstream: true,
    interim: 'none',
    halfClosed: 'answer',
    announceKeepAlive: 'always',
    trace: true,
    tcpKeepAliveMs: 5,
    upstreamTls: { insecure: true },
    deadlines: { clientIdleMs: 1, clientIdleHttp10Ms: 2 },
    limits: { upstreamIdleMax: 3 },
    grammar: { fieldsMax: 4 },
  })
  const forward = settings(
    'forward --allow 127.0.0.0/8 --allow *.internal --connect-port 443,8443 --allow-port 25 --allow-port 6379 --auth me:a,b --forward-http10-keep-alive'.split(
      ' ',
    ),
  )
  t.match(checked(forward), {
    mode: 'forward',
    allow: ['127.0.0.0/8', '*.internal'],
    connectPorts: [443, 8443],
    allowPorts: [25, 6379],
    credentials: [{ user: 'me', password: 'a,b' }],
    forwardHttp10KeepAlive: true,
  })
  t.end()
})

test('files: credentials and certificates', t => {
  const dir = t.testdir({
    clients: '# who may\n\nme:a:b\r\nyou:c\n',
    none: '# nobody\n',
    bad: 'me:a\nhush\n',
    ca: 'no',
    folder: {},
  })
  const file = (name: string) => path.join(dir, name)
  t.match(settings(['forward', '--auth', 'x:y', '--auth-file', file('clients')]), {
    credentials: [
      { user: 'x', password: 'y' },
      { user: 'me', password: 'a:b' },
      { user: 'you', password: 'c' },
    ],
  })
  const refusals: [string[], RegExp][] = [
    [['forward', '--auth-file', file('none')], /none contains no user: write user:password on a line/],
    [['forward', '--auth-file', file('bad')], /^--auth-file .*bad, line 2 must be user:password/],
    [['forward', '--auth-file', file('nowhere')], /cannot be read: there is no such file/],
    [['forward', '--auth-file', file('folder')], /cannot be read: it is a directory/],
    [['forward', '--upstream-ca', file('ca')], /contains no PEM certificate/],
    [['forward', '--upstream-ca', file('ca'), '--upstream-insecure'], /contradict each other/],
    [['forward', '--upstream-connections-max', '0'], /--upstream-connections-max must be a whole number of at least 1/],
    [['forward', '--client-idle-ms', '5s'], /--client-idle-ms must be a whole number of milliseconds/],
    [['reverse'], /requires the URL of its upstream/],
    [['reverse', 'http://127.0.0.1:8080'], /is the listen address of hopwise itself/],
  ]
  for (const [words, message] of refusals)
    t.throws(() => settings(words), { name: 'UsageError', message }, words.join(' '))
  t.end()
})

test('hashes in a users file: ours are accepted, others are named, with their line', t => {
  const ours = `$scrypt$ln=15,r=8,p=1$${'a'.repeat(22)}$${'b'.repeat(43)}`
  const write = (text: string) => path.join(t.testdir({ users: text }), 'users')
  const read = settings(['forward', '--auth-file', write(`# who may\nalice:${ours}\n`)])
  t.same(
    [...(read.users ?? [])].map(([user, { ln }]) => [user, ln]),
    [['alice', 15]],
  )
  t.equal(read.credentials, undefined)
  const refusal = (text: string, ...more: string[]) => {
    try {
      settings(['forward', '--auth-file', write(text), ...more])
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }
  for (const [hash, kind] of [
    ['$apr1$x8FzS1Yq$Vq0m7gHcQp5y2k1n', 'a hash of htpasswd (apr1)'],
    ['$2y$05$abcdefghijklmnopqrstuv', 'a bcrypt hash'],
    ['{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', 'a SHA-1 hash'],
    ['{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', 'an LDAP hash'],
    ['$6$abc$def', 'a hash of crypt(3)'],
    ['$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA', 'an Argon2 hash'],
    ['$scrypt$ln=3,r=8,p=1$c2FsdA$aGFzaA', 'a hash that is too cheap'],
  ] as const) {
    const message = refusal(`a:b\nbob:${hash}\n`)
    t.match(message, /--auth-file .*, line \d: |line 2 contains /, kind)
    t.match(message, 'make ', kind)
    t.match(message, 'hopwise password', kind)
    t.notMatch(message, hash, 'the hash is not repeated')
    if (!hash.startsWith('$scrypt')) t.match(message, `line 2 contains ${kind}`)
  }
  t.match(refusal(`a:${ours}\nb:plain\n`), /, line 2: the text after the colon is not a hopwise hash: make one with/)
  t.match(refusal(`a:${ours}\n`, '--auth', 'b:c'), /has hashed passwords, but --auth has a plain one/)
  t.throws(() => settings(['forward', '--auth', `a:${ours}`]), {
    message: /--auth contains the hash of a password: put the/,
  })
  t.end()
})

test('an error that only the library finds is a refusal too', t => {
  t.throws(() => checked({ mode: 'reverse', upstream: 'http://a', name: 'a b' }), {
    name: 'UsageError',
    message: /name must be a token/,
  })
  t.throws(
    () =>
      checked({
        mode: 'reverse',
        upstream: 'http://a',
        get name(): string {
          throw new Error('ours')
        },
      }),
    { name: 'Error' },
  )
  t.end()
})
