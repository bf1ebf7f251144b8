import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Test, test } from 'tap'
import { ADVICE_CODES, type Advice, type AdviceCode } from '../../lib/admin/adviser.js'
import { filesAllowed } from '../../lib/daemon/file-limit.js'
import { ask, request } from '../support/conversation.js'
import { scriptedOrigin } from '../support/scripted-origin.js'
import { type ServingHere, serveHere } from '../support/serving-here.js'

// Every advice is triggered by a file that is read, checked, planned and served, and by requests where it depends on
// observations; so each of them can appear, and `/status` shows it as users see it.

interface Scene {
  /** A whole file. */
  yaml: string
  /** The key, as `hopwise check` writes it. */
  key: string
  sentence: RegExp
  change: string | RegExp
  environment?: Readonly<Record<string, string>>
  beside?: Readonly<Record<string, string>>
  /** Requests, until it has been observed often enough. */
  story?(here: ServingHere, t: Test): Promise<unknown>
}

const ADMIN = 'admin: { address: 127.0.0.1:0 }'
const WEB = 'listeners: [{ name: web, address: 127.0.0.1:0, routes: [{ upstream: app }] }]'
const FORWARD = (more: string) => `${ADMIN}\nlisteners: [{ name: out, address: '0.0.0.0:0', mode: forward${more} }]`
const group = (settings: string, server = 'http://127.0.0.1:9') =>
  `${ADMIN}\n${WEB}\nupstreams: { app: { servers: ['${server}']${settings} } }`
const USER = `alice:$scrypt$ln=15,r=8,p=1$${'a'.repeat(22)}$${'b'.repeat(43)}\n`

const oneAfterTheOther = (count: number) => async (here: ServingHere, t: Test) => {
  for (let i = 0; i < count; i++) await ask(t, here.port(), request('GET', '/'))
}
const together = (count: number) => (here: ServingHere, t: Test) =>
  Promise.all(Array.from({ length: count }, () => ask(t, here.port(), request('GET', '/'))))

const CONFIGURED: Partial<Record<AdviceCode, Scene>> = {
  'open-forward-proxy': {
    yaml: FORWARD(''),
    key: 'listeners[0].users',
    sentence: /^The forward proxy out accepts requests from anyone who can reach it/,
    change: /clients\.allow$/,
  },
  'trust-everybody': {
    yaml: `${ADMIN}\ntrust: ['0.0.0.0/0']\n${WEB}\nupstreams: { app: { servers: ['http://127.0.0.1:9'] } }`,
    key: 'listeners[0].trust',
    sentence: /^web trusts 0\.0\.0\.0\/0: /,
    change: /^list only the addresses/,
  },
  'password-in-clear': {
    yaml: FORWARD(', users: { file: users.txt }'),
    beside: { 'users.txt': USER },
    key: 'listeners[0].tls',
    sentence: /^Clients of out send their passwords in clear text/,
    change: /^give it a certificate/,
  },
  'client-idle-order': {
    yaml: `${group('')}\ntrust: [10.0.0.0/8]\ndeadlines: { clientIdleMs: 60000 }`,
    key: 'listeners[0].deadlines.clientIdleMs',
    sentence: /closes idle connections after 60 s/,
    change: /75000/,
  },
  'no-deadline': {
    yaml: `${group('')}\ndeadlines: { requestHeadMs: 0 }`,
    key: 'deadlines.requestHeadMs',
    sentence: /^hopwise waits without a limit \(requestHeadMs is 0\)/,
    change: 'set a limit',
  },
  'insecure-tls': {
    yaml: group(', tls: { insecure: true }', 'https://127.0.0.1:9'),
    key: 'upstreams.app.tls.insecure',
    sentence: /^The certificates of app are not verified/,
    change: /tls\.ca$/,
  },
  'requests-few': {
    yaml: group(', limits: { upstreamRequestsMax: 10 }'),
    key: 'upstreams.app.limits.upstreamRequestsMax',
    sentence: /^A connection to app carries at most 10 requests/,
    change: 'set it to 1000, or to 0 for no limit',
  },
  'retry-alone': {
    yaml: group(', retries: 3'),
    key: 'upstreams.app.retries',
    sentence: /^app has only one server, so its 3 retries have no other server to go to\.$/,
    change: 'add a server, or remove this setting',
  },
  'health-check-slow': {
    yaml: group(', healthCheck: { intervalMs: 60000 }'),
    key: 'upstreams.app.healthCheck.intervalMs',
    sentence: /may be sent requests for up to 182 s before health checks take it out of service/,
    change: 'set it to 9333 or less',
  },
  'files-few': {
    yaml: `${group('')}\nlimits: { clientConnectionsMax: 1000000000 }`,
    key: 'limits.clientConnectionsMax',
    sentence: /^This process may open \d+ files \(ulimit -n\), but 1000000000 client connections/,
    change: /^raise ulimit -n to 1000008256/,
  },
  'drain-longer-than-grace': {
    yaml: `${group('')}\ndeadlines: { drainMs: 100000 }`,
    environment: { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
    key: 'deadlines.drainMs',
    sentence: /^Draining may take 100 s, but the service manager kills this process 30 s after/,
    change: 'set it to 28000 or less, or raise the grace period',
  },
  'admin-open': {
    yaml: group('').replace(ADMIN, "admin: { address: '0.0.0.0:0' }"),
    key: 'admin.address',
    sentence: /^Other machines can reach the admin listener/,
    change: /^listen on 127\.0\.0\.1/,
  },
}

/** With a real origin; `ORIGIN` in the file stands for its URL. */
interface Watched extends Scene {
  origin(t: Test): Promise<number>
}

const HEAD_END = '\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

const SEEN: Partial<Record<AdviceCode, Watched>> = {
  'upstream-idle-order': {
    // Each answer is followed by an end that was not announced.
    origin: t =>
      portOf(t, async client => {
        await client.readUntil(HEAD_END)
        await client.send(OK)
        client.halfClose()
      }),
    yaml: group('', 'ORIGIN'),
    story: untilSaid('upstream-idle-order'),
    key: 'upstreams.app.deadlines.upstreamIdleMs',
    sentence:
      /^app has been seen to close idle connections within 1 s, and hopwise keeps them .*\(upstreamIdleMs: 4 s\)/,
    change: 'set it to less than that, or raise the idle limit of app',
  },
  'upstream-closes': {
    origin: t => httpPort(t, (_request, response) => response.writeHead(200, { Connection: 'close' }).end('ok')),
    yaml: group('', 'ORIGIN'),
    story: oneAfterTheOther(100),
    key: 'upstreams.app.servers',
    sentence: /^app closed the connection after 100 % of its responses/,
    change: 'nothing here: turn keep-alive on in app',
  },
  'connections-few': {
    origin: t => httpPort(t, (_request, response) => void setImmediate(() => response.end('ok'))),
    yaml: group(', limits: { upstreamConnectionsMax: 1, upstreamWaitingMax: 0 }', 'ORIGIN'),
    story: untilSaid('connections-few', together(8)),
    key: 'upstreams.app.limits.upstreamConnectionsMax',
    sentence: /^\d+ of \d+ requests waited for one of the 1 connections to app, and \d+ got none\.$/,
    change: /^raise it if app can serve more requests at once/,
  },
  'idle-few': {
    origin: t => httpPort(t, (_request, response) => void response.end('ok')),
    yaml: group(', limits: { upstreamIdleMax: 1 }', 'ORIGIN'),
    story: untilSaid('idle-few', together(50)),
    key: 'upstreams.app.limits.upstreamIdleMax',
    sentence: /^\d+ connections to app were closed because only 1 idle connections are kept/,
    change: 'raise it above the usual number of concurrent requests',
  },
  'upstream-uncompressed': {
    origin: t =>
      httpPort(t, (_request, response) => {
        response.writeHead(200, { 'Content-Type': 'text/css', 'Content-Length': 5_000 }).end('a'.repeat(5_000))
      }),
    yaml: group('', 'ORIGIN'),
    story: async (here, t) => {
      for (let i = 0; i < 27; i++) await ask(t, here.port(), request('GET', '/', 'Accept-Encoding: br, gzip'))
    },
    key: 'listeners[0].via',
    sentence: /^app sent long texts uncompressed to clients that accept gzip \(3 of the responses that were sampled\)/,
    change: /gzip_proxied any\); otherwise set it to off, and no Via is sent$/,
  },
  'races-lost': {
    origin: t =>
      portOf(t, async client => {
        await client.readUntil(HEAD_END)
        await client.send(OK)
        await client.readUntil(HEAD_END)
        client.destroy() // just as the request arrives
      }),
    yaml: group('', 'ORIGIN'),
    story: oneAfterTheOther(2),
    key: 'deadlines.upstreamIdleMs',
    sentence: /^1 of 1 requests on reused connections met a connection that the upstream had just closed/,
    change: 'lower it below the idle limit of the upstreams',
  },
}

for (const [code, scene] of Object.entries({ ...CONFIGURED, ...SEEN }))
  test(`advice ${code}: a file triggers it, and /status shows it`, skipped(code as AdviceCode), async t => {
    const { yaml, key, sentence, change, environment = {}, beside = {}, story } = scene
    for (const [name, value] of Object.entries(environment)) withVariable(t, name, value)
    const port = 'origin' in scene ? await (scene as Watched).origin(t) : 0
    const here = await serveHere(t, yaml.replace('ORIGIN', `http://127.0.0.1:${port}`), beside)
    if (story)
      t.notOk(
        (await adviceOf(here)).some(it => it.code === code),
        'not before it was observed',
      )
    await story?.(here, t)
    const found = (await adviceOf(here)).filter(it => it.code === code)
    t.match(found, [{ code, key, sentence, change }])
    t.equal(found.length, 1, 'once')
    if (found[0]?.severity !== 'warning' || story) return
    const lines = (await here.ended()).filter(line => line.code === code)
    t.match(lines, [
      { level: 'warn', key, msg: sentence.source.startsWith('^') ? new RegExp(sentence.source.slice(1)) : sentence },
    ])
  })

test('each advice of the list has a file that triggers it', async t => {
  t.same(Object.keys({ ...CONFIGURED, ...SEEN }).sort(), [...ADVICE_CODES].sort())
})

test('a good configuration, with requests, gets no advice', async t => {
  // Node's server closes after 5 s, which is as close to our 4 s as possible, and announces it.
  const port = await httpPort(t, (_request, response) => void response.end('ok'))
  const here = await serveHere(
    t,
    `${ADMIN}
limits: { clientConnectionsMax: 100, upstreamConnectionsTotalMax: 100 }
listeners:
  - { name: web, address: 127.0.0.1:0, routes: [{ upstream: app, path: /app }, { upstream: 'http://127.0.0.1:${port}' }] }
  - { name: out, address: 127.0.0.2:0, mode: forward }
upstreams: { app: { servers: ['http://127.0.0.1:${port}'], healthCheck: {} } }`,
  )
  const web = () => here.port('web')
  for (let i = 0; i < 110; i++) {
    t.match((await ask(t, web(), request('GET', '/app'))).status, 200)
    await ask(t, web(), request('GET', '/'))
  }
  const { advice, groups } = await here.status()
  t.equal(groups[0].members[0].announcedIdleMs, 5_000)
  t.same(advice, [])
  t.same(
    (await here.ended()).filter(({ level }) => level !== 'info'),
    [],
  )
})

// ----

async function adviceOf(here: ServingHere): Promise<readonly Advice[]> {
  return (await here.status()).advice
}

/** Repeats the requests until the advice appears: how many that takes on a machine is not what is tested. */
function untilSaid(code: AdviceCode, once: NonNullable<Scene['story']> = oneAfterTheOther(1)) {
  return async (here: ServingHere, t: Test) => {
    while (!(await adviceOf(here)).some(it => it.code === code)) await once(here, t)
  }
}

function skipped(code: AdviceCode): { skip?: string } {
  return code === 'files-few' && filesAllowed() === null ? { skip: 'no limit of open files on this system' } : {}
}

function withVariable(t: Test, name: string, value: string): void {
  const before = process.env[name]
  process.env[name] = value
  t.teardown(() => {
    if (before === undefined) delete process.env[name]
    else process.env[name] = before
  })
}

async function portOf(t: Test, script: Parameters<typeof scriptedOrigin>[1]): Promise<number> {
  return (await scriptedOrigin(t, script)).port
}

function httpPort(t: Test, answer: http.RequestListener): Promise<number> {
  const server = http.createServer(answer)
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return new Promise(done => server.listen(0, '127.0.0.1', () => done((server.address() as AddressInfo).port)))
}
