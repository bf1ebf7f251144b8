import { test } from 'tap'
import { exchange } from '../support/conversation.js'
import { cpuMs } from '../support/cpu.js'
import type { RawClient } from '../support/raw-client.js'
import type { RawMessage } from '../support/raw-message.js'
import { gateway, head } from './conversation.js'
import { answers, fleet, type Grouped, routed, server } from './fleet.js'

// Attempts to get past a route, or out of a prefix, by spelling. The judges stand for real servers, and read paths differently.

type Step = (path: string) => string

const decoded =
  (what: RegExp): Step =>
  path =>
    path.replace(what, code => String.fromCharCode(Number.parseInt(code.slice(1), 16)))
const letters = decoded(/%(?:2e|61|64|6d|69|6e)/gi)
const slashes = decoded(/%2f/gi)
const backslashes = decoded(/%5c/gi)
const semicolons = decoded(/%3b/gi)
const folders: Step = path => path.replace(/\\/g, '/')
const parameters: Step = path => path.replace(/;[^/]*/g, '')
const merged: Step = path => path.replace(/\/{2,}/g, '/')
const cut: Step = path => path.replace(/%00.*$/s, '')
const resolved: Step = path => {
  const out: string[] = []
  for (const segment of path.split('/').slice(1)) {
    if (segment === '..') out.pop()
    else if (segment !== '.') out.push(segment)
  }
  return `/${out.join('/')}`
}

const READERS: readonly (readonly Step[])[] = [
  [letters],
  [letters, merged, resolved],
  [parameters, letters, resolved, merged],
  [parameters, letters, slashes, merged, resolved],
  [parameters, letters, backslashes, folders, slashes, merged, resolved],
  [letters, slashes, parameters, merged, resolved],
  [letters, slashes, backslashes, folders, parameters, merged, resolved],
  [letters, folders, parameters, merged, resolved],
  [letters, folders, merged, resolved],
  [letters, semicolons, parameters, resolved],
  [cut, letters, resolved],
]

// biome-ignore format: a list
const PIECES = [
  '/', '//', '/admin', 'admin', '%61dmin', '/open', '/exact', 'x', '.', '..', '/..', '%2e', '%2F', '%2f', '%5C', '\\', ';', ';a', '%3B', '%3b', '%25', '%00',
]

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 0x7fff_ffff))
let state = seed
const random = (below: number): number => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
  return (state >>> 8) % below
}
const somePath = (start: string): string =>
  start + Array.from({ length: 1 + random(6) }, () => PIECES[random(PIECES.length)]).join('')

/** Requests one path after the other; a refusal closes the connection, then the next one uses a new connection. */
function asker({ connect }: Pick<Grouped, 'connect'>): (path: string) => Promise<RawMessage> {
  let client: RawClient | null = null
  return async path => {
    client ??= await connect()
    const answer = await exchange(client, head(`GET ${path} HTTP/1.1`, 'Host: a'))
    if (answer.field('Connection') === 'close') {
      client.destroy()
      client = null
    }
    return answer
  }
}

const SECRET = /^\/(?:admin(?:\/|$)|open\/admin(?:\/|$)|open\/exact$)/

test(`no spelling leads a server to what another route protects (seed ${seed})`, async t => {
  const [open, guard] = await fleet(t, 'open', 'guard')
  const running = await routed(t, {
    routes: [
      { path: '/admin', upstream: guard!.url },
      { exact: '/open/exact', upstream: guard!.url },
      { path: '/open/admin', upstream: guard!.url },
      { upstream: open!.url },
    ],
  })
  const ask = asker(running)
  let passed = 0
  for (let nth = 0; nth < 1_500; nth++) {
    const path = somePath('/')
    const { status, content } = await ask(path)
    if (status !== 200 || String(content) !== 'open') continue
    passed++
    for (const [which, reader] of READERS.entries()) {
      const read = reader.reduce((text, step) => step(text), path)
      if (SECRET.test(read)) t.fail(`${path} passes, and reader ${which} reads ${read}`)
    }
  }
  t.ok(passed > 100, `${passed} were let through to be judged`)
})

test(`no spelling leads a server out of the prefix that a route sets (seed ${seed})`, async t => {
  const tenant = await server(t, 'tenant')
  const running = await routed(t, { routes: [{ stripPrefix: '/app', setPrefix: '/tenant', upstream: tenant.url }] })
  const ask = asker(running)
  for (let nth = 0; nth < 1_000; nth++) {
    const path = somePath(random(2) === 0 ? '/' : '/app')
    const { status } = await ask(path)
    if (status !== 200) continue
    const sent = tenant.asked.at(-1)!.startLine.split(' ')[1]!
    for (const [which, reader] of READERS.entries()) {
      const read = reader.reduce((text, step) => step(text), sent)
      if (!/^\/tenant(?:\/|$)/.test(read)) t.fail(`${path} becomes ${sent}, and reader ${which} reads ${read}`)
    }
  }
  t.ok(tenant.asked.length > 100)
})

for (const path of [
  '/x;%2Fy/api',
  '/;\\x/api',
  '/;.%5Cx/api',
  '/x%3b%2Fy/api',
  '/open;%2F',
  '/x%00/../api',
  '/api/..%3b/x',
])
  test(`${path} is refused where the path decides, and forwarded where it does not`, async t => {
    const [a] = await fleet(t, 'a')
    const judging = await routed(t, { routes: [{ path: '/api', upstream: a!.url }, { upstream: a!.url }] })
    const client = await judging.connect()
    t.equal(await answers(client, 1, head(`GET ${path} HTTP/1.1`, 'Host: a')), '(400)')
    t.equal(a!.asked.length, 0)
    const plain = await routed(t, { routes: [{ upstream: a!.url }] })
    t.equal(await answers(await plain.connect(), 1, head(`GET ${path} HTTP/1.1`, 'Host: a')), 'a')
    t.equal(a!.asked[0]?.startLine, `GET ${path} HTTP/1.1`)
  })

test('the longest path of the worst bytes is judged within milliseconds', async t => {
  const [a] = await fleet(t, 'a')
  const running = await routed(t, {
    routes: [
      { path: '/api', stripPrefix: '/api', upstream: a!.url },
      { setPrefix: '/x', upstream: a!.url },
    ],
  })
  const ask = asker(running)
  for (const piece of [';', '%3B', '/.', '//', ';a', '%2', '/;', '\\', '%2F', '..', ';%', '%00'.slice(0, 2)]) {
    const path = `/${piece.repeat(Math.floor(16_000 / piece.length))}`
    const took = await cpuMs(async () => {
      const { status } = await ask(path)
      t.ok([200, 400].includes(status), `${piece}: ${status}`)
    })
    t.ok(took < 1_000, `${piece}: ${Math.round(took)} ms`)
  }
})

test('Host, target and Via: which of them decides the route, and a loop ends before any route is tried', async t => {
  const [a, b] = await fleet(t, 'a', 'b')
  const { connect } = await routed(t, {
    routes: [{ host: 'admin.example', upstream: a!.url }, { upstream: b!.url }],
  })
  const client = await connect()
  const rows: [text: string, who: string][] = [
    [head('GET http://admin.example/ HTTP/1.1', 'Host: public.example'), 'a'],
    [head('GET / HTTP/1.1', 'Host: ADMIN.EXAMPLE.:80'), 'a'],
    [head('GET / HTTP/1.1', 'Host: public.example', 'X-Forwarded-Host: admin.example'), 'b'],
    [head('GET http://public.example/ HTTP/1.1', 'Host: admin.example'), 'b'],
    [head('GET / HTTP/1.1', 'Host: admin.example', 'Via: 1.1 edge'), '(502)'],
    [head('OPTIONS * HTTP/1.1', 'Host: admin.example', 'Max-Forwards: 0'), '(200)'],
  ]
  for (const [text, who] of rows.slice(0, 5))
    t.equal(await answers(client, 1, text), who, text.slice(0, text.indexOf('\r\n')))
  const options = await exchange(client, rows[5]![0])
  t.equal(options.status, 200)
  t.ok(options.field('Allow'), 'answered here, not by an upstream')
  t.equal(a!.asked.length, 2)
  // The upstream gets the host that decided.
  t.equal(a!.asked[0]?.field('Host'), 'admin.example')
  for (const text of [
    head('GET / HTTP/1.1', 'Host: a', 'Host: admin.example'),
    head('GET / HTTP/1.1', 'Host: admin.example@x'),
  ]) {
    const broken = await (await gateway(t)).connect()
    t.equal((await exchange(broken, text)).status, 400)
  }
})
