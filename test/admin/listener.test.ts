import { join } from 'node:path'
import { test } from 'tap'
import { createAdmin } from '../../lib/admin/listener.js'
import type { Totals } from '../../lib/admin/source.js'
import { FakeClock } from '../support/fake-clock.js'
import { tempFolder } from '../support/temp-folder.js'
import { rawTalk } from './raw-talk.js'
import { Scene } from './scene.js'
import { askOf, openStream, withAdmin } from './with-admin.js'

test('healthz reports that the process is alive, readyz whether it accepts requests', async t => {
  const { ask, scene } = await withAdmin(t)
  t.match(await ask('/healthz'), { status: 200, text: 'alive\n' })
  t.match(await ask('/readyz'), { status: 200, text: 'ready\n' })
  scene.isReady = false
  t.match(await ask('/healthz'), { status: 200 })
  t.match(await ask('/readyz'), { status: 503, text: 'It is draining.\n' })
})

test('status is JSON of a documented shape, with what the adviser found', async t => {
  const { ask, scene } = await withAdmin(t, { clock: new FakeClock() })
  scene.pass(30_000)
  scene.advised = [
    {
      code: 'admin-open',
      severity: 'note',
      sentence: 'It is open.',
      key: 'admin.address',
      path: ['admin', 'address'],
      change: 'close it',
    },
  ]
  const { status, headers, text } = await ask('/status')
  t.equal(status, 200)
  t.equal(headers['content-type'], 'application/json; charset=utf-8')
  const said = JSON.parse(text)
  t.match(said, {
    name: 'edge-1',
    version: '1.2.3',
    ready: true,
    reason: '',
    startedAt: /^20\d\d-.*Z$/,
    workers: { wanted: 2, running: 2, restarts: 1 },
    client: { requests: scene.stats().client.requests },
    phases: { total: { count: Number, sumS: Number, p50S: Number, p99S: Number } },
    groups: [{ name: 'app' }, { name: 'shop' }],
    advice: [{ code: 'admin-open', key: 'admin.address' }],
  })
  t.ok(said.reuseRatio > 0 && said.reuseRatio < 1)
  t.ok(said.uptimeS > 0)
})

test('the page and everything that it loads is served, uncached, for this origin only', async t => {
  const { ask } = await withAdmin(t)
  const page = await ask('/')
  t.match(page, { status: 200, headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' } })
  const loaded = [...page.text.matchAll(/(?:src|href)="(\/[\w.-]+)"/g)].map(([, path = '']) => path)
  t.ok(loaded.length >= 8)
  for (const path of loaded) t.match(await ask(path), { status: 200 }, path)
  t.equal((await ask('/main.js')).headers['content-type'], 'text/javascript; charset=utf-8')
  t.equal((await ask('/icon.svg')).headers['content-type'], 'image/svg+xml')
})

test('every answer has the fields that protect a browser, errors included', async t => {
  const { ask } = await withAdmin(t)
  for (const path of ['/', '/status', '/metrics', '/healthz', '/nothing', '/ledger/y1']) {
    const { headers } = await ask(path)
    t.match(headers['content-security-policy'], /^default-src 'none'; .*frame-ancestors 'none'/, path)
    t.notMatch(headers['content-security-policy'], /unsafe|https?:|\*/)
    t.match(headers, {
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    })
    t.equal(headers['access-control-allow-origin'], undefined)
  }
})

test('HEAD has the fields of GET and no content', async t => {
  const { ask } = await withAdmin(t)
  for (const path of ['/', '/status', '/metrics', '/healthz', '/events', '/nothing']) {
    const { text, headers } = await ask(path, { method: 'HEAD' })
    t.equal(text, '', path)
    t.ok(headers['content-type'])
  }
})

test('an unknown path or a method that is not allowed is refused with a sentence', async t => {
  const { ask } = await withAdmin(t)
  t.match(await ask('/nothing'), { status: 404, text: /^Not found\. The paths are \/, \/healthz/ })
  t.match(await ask('/../package.json'), { status: 404 })
  t.match(await ask('/..%2fpackage.json'), { status: 404 })
  t.match(await ask('/listener.js'), { status: 404 })
  t.match(await ask('/status?pretty=1'), { status: 200 }, 'a query changes nothing')
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])
    t.match(await ask('/status', { method }), {
      status: 405,
      headers: { allow: 'GET, HEAD' },
      text: /only GET and HEAD/,
    })
  const withContent = await ask('/status', { headers: { 'Content-Length': 5 } }, 'hello')
  t.match(withContent, { status: 413, text: 'Requests with content are not accepted here.\n' })
  const expecting = await ask('/status', { headers: { 'Content-Length': 5, Expect: '100-continue' } }, 'hello')
  t.match(expecting, { status: 413 })
})

test('a host name that is not configured gets 421: a hostile page may have pointed it here', async t => {
  const { ask, port } = await withAdmin(t, { hosts: ['Hopwise'] })
  for (const path of ['/', '/status', '/events', '/metrics'])
    t.match(
      await ask(path, { headers: { Host: `rebound.example:${port}` } }),
      { status: 421, text: /admin\.hosts/ },
      path,
    )
  t.match(await ask('/status', { headers: { Host: `hopwise:${port}` } }), { status: 200 })
  t.match(await ask('/status', { headers: { Host: 'localhost' } }), { status: 200 })
  t.match(await rawTalk(port, 'GET /healthz HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 OK\r\n/, 'HTTP/1.0 without a Host')
  t.match(await rawTalk(port, 'GET /healthz HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 /, 'HTTP/1.1 without a Host')
})

test('a ledger is shown without its secrets, and an unknown one is reported as unknown', async t => {
  const { ask } = await withAdmin(t)
  const { status, text } = await ask('/ledger/x7')
  t.equal(status, 200)
  t.match(JSON.parse(text), { exchange: 'x7', request: { rows: [{ field: 'Host', hop: false }] } })
  t.notMatch(text, /s3cr3t|31d4d96e407aad42|abc\.def/)
  t.match(await ask('/ledger/y7'), { status: 404, text: /^Exchange y7 is no longer known/ })
  t.match(await ask('/ledger/%3Cscript%3E'), { status: 404, text: /^Not found/ })
  t.match(await ask(`/ledger/${'x'.repeat(65)}`), { status: 404, text: /^Not found/ })
})

test('a source that fails is reported, and the listener keeps running', async t => {
  const warned: string[] = []
  const { ask, scene } = await withAdmin(t, { warn: message => warned.push(message) })
  scene.stats = () => {
    throw new Error('worker 2 is gone')
  }
  t.match(await ask('/status'), { status: 500, text: 'The data could not be collected: worker 2 is gone.\n' })
  t.match(await ask('/metrics'), { status: 500 })
  t.same(warned, ['the admin listener could not answer /status', 'the admin listener could not answer /metrics'])
  t.match(await ask('/healthz'), { status: 200 })
})

test('a source that hangs has a limit', async t => {
  const clock = new FakeClock()
  const source = new Scene()
  let asked = () => {}
  const waiting = new Promise<void>(done => {
    asked = done
  })
  source.stats = (() => {
    asked()
    return new Promise<Totals>(() => {})
  }) as unknown as Scene['stats']
  const { ask } = await withAdmin(t, { clock, source })
  const answer = ask('/metrics')
  await waiting
  clock.advance(5_000)
  t.match(await answer, { status: 500, text: /did not answer within 5000 ms/ })
  t.equal(clock.timers, 0)
})

test('an address in use is named, with the setting to change', async t => {
  const { port } = await withAdmin(t)
  const second = createAdmin({ source: new Scene() })
  await t.rejects(second.listen({ host: '127.0.0.1', port }), {
    message: `The admin listener cannot listen on 127.0.0.1:${port}: the address is already in use (EADDRINUSE). Change admin.address.`,
    cause: { code: 'EADDRINUSE' },
  })
  await t.rejects(second.listen({ path: '/nowhere/at/all.sock' }), {
    message: /cannot listen on \/nowhere\/at\/all\.sock: .*Change admin\.address/,
  })
})

test('it can listen on a Unix socket, too', async t => {
  const path = join(tempFolder(t), 'admin.sock')
  const admin = createAdmin({ source: new Scene() })
  t.teardown(() => admin.close())
  t.same(await admin.listen({ path }), { address: path, port: 0 })
  t.match(await askOf({ socketPath: path, path: '/healthz', headers: { Host: 'localhost' } }), { status: 200 })
})

test('close ends everything at once: streams, idle connections, the port', async t => {
  const { admin, port, ask } = await withAdmin(t)
  const stream = await openStream(t, port)
  await stream.events('look', 1)
  const idle = rawTalk(port, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await ask('/healthz')
  await admin.close()
  await Promise.all([stream.closed, idle])
  await t.rejects(ask('/healthz'), { code: 'ECONNREFUSED' })
})
