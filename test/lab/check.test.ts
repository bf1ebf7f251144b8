import { writeFileSync } from 'node:fs'
import * as http from 'node:http'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import type { CheckResult } from '../../lib/lab/check/check.js'
import { resultLines, summaryLines } from '../../lib/lab/check/report.js'
import { CHECKS, runChecks } from '../../lib/lab/check/run-checks.js'
import { stockHttpProxy } from '../../lib/lab/stock.js'
import { createDumb } from '../../lib/peers/dumb.js'
import { createProxy } from '../../lib/proxy/proxy.js'
import { needs } from '../support/needs.js'
import { startNginx } from '../support/nginx.js'
import { freePort } from '../support/ports.js'
import { tempFolder } from '../support/temp-folder.js'
import { IdealClock } from './ideal-clock.js'

/** The ids of the failed checks. */
function wrongOnes(results: readonly CheckResult[]): string[] {
  return results.filter(({ right }) => !right).map(({ id }) => id)
}

async function checked(t: Test, open: (upstream: string) => Promise<number>): Promise<string[]> {
  const originPort = await freePort()
  const port = await open(`http://127.0.0.1:${originPort}`)
  const results = await runChecks({ proxy: { host: '127.0.0.1', port }, originPort, clock: new IdealClock() })
  t.equal(results.length, CHECKS.length)
  for (const { id, right, found } of results) t.comment(`${right ? 'right' : 'wrong'}: ${id} ${found?.en ?? ''}`)
  return wrongOnes(results)
}

test('hopwise passes all checks as a gateway', async t => {
  const wrong = await checked(t, async upstream => {
    const proxy = createProxy({ mode: 'reverse', upstream })
    t.teardown(() => proxy.destroy())
    return (await proxy.listen({ host: '127.0.0.1', port: 0 })).port
  })
  t.strictSame(wrong, [])
})

test('hopwise passes all checks as a forward proxy that may keep HTTP/1.0', async t => {
  const proxy = createProxy({ mode: 'forward', allow: ['127.0.0.0/8'], forwardHttp10KeepAlive: true })
  t.teardown(() => proxy.destroy())
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 })
  const results = await runChecks({ proxy: { host: '127.0.0.1', port }, as: 'forward', clock: new IdealClock() })
  t.strictSame(wrongOnes(results), [])
})

test('the dumb proxy strips nothing, and hangs', async t => {
  const wrong = await checked(t, async upstream => {
    const dumb = createDumb({ upstream })
    t.teardown(() => dumb.destroy())
    return (await dumb.listen({ host: '127.0.0.1', port: 0 })).port
  })
  const stripping = CHECKS.filter(({ level }) => level === 'connection' || level === 'named').map(({ id }) => id)
  t.strictSame(wrong.slice(0, stripping.length), stripping)
  for (const id of ['chunked-to-http10', 'no-hang', 'client-stays', 'upstream-stays']) t.ok(wrong.includes(id), id)
  for (const id of ['forward', 'length-request', 'until-close']) t.notOk(wrong.includes(id), id)
})

test('stock http-proxy forwards named fields, and what happens on one side happens on the other', async t => {
  const wrong = await checked(t, async upstream => {
    const proxy = stockHttpProxy().createProxyServer({ target: upstream })
    proxy.on('error', (_error, _request, response) => void ('writeHead' in response && response.writeHead(502).end()))
    const server = http.createServer((request, response) => proxy.web(request, response))
    t.teardown(() => server.close().closeAllConnections())
    await new Promise<void>(done => void server.listen(0, '127.0.0.1', done))
    return (server.address() as { port: number }).port
  })
  for (const id of [
    'named-request',
    'named-response',
    'proxy-connection',
    'truncated',
    'client-stays',
    'upstream-stays',
  ])
    t.ok(wrong.includes(id), id)
  for (const id of ['chunked-request', 'chunked-to-http10', 'no-hang', 'post-once']) t.notOk(wrong.includes(id), id)
})

test('nginx with a pool does its own framing and pooling, but forwards named fields', needs('nginx'), async t => {
  const originPort = await freePort()
  const location = `location / { proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection ""; }`
  const nginx = await startNginx(t, {
    server: location,
    http: `upstream behind { server 127.0.0.1:${originPort}; keepalive 4; }`,
  })
  const results = await runChecks({ proxy: { host: '127.0.0.1', port: nginx.port }, originPort })
  const wrong = wrongOnes(results)
  for (const { level, id } of results) if (level === 'framing' || level === 'pool') t.notOk(wrong.includes(id), id)
  t.ok(wrong.includes('named-request'), 'nginx does not remove what Connection names')
})

/** A learner's first proxy: it knows sockets, but nothing about hops. */
const FIRST_TRY = `
import os, socket, threading
host, port = os.environ['ORIGIN'].split(':')
def serve(client):
    data = b''
    while b'\\r\\n\\r\\n' not in data:
        more = client.recv(65536)
        if not more: return client.close()
        data += more
    origin = socket.create_connection((host, int(port)))
    origin.sendall(data.replace(b'\\r\\n\\r\\n', b'\\r\\nConnection: close\\r\\n\\r\\n', 1))
    while True:
        more = origin.recv(65536)
        if not more: break
        client.sendall(more)
    client.close(); origin.close()
server = socket.create_server(('127.0.0.1', int(os.environ['PORT'])))
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
`

test("a learner's first proxy in another language is started, checked, and ended", needs('python3'), async t => {
  const file = join(tempFolder(t), 'proxy.py')
  writeFileSync(file, FIRST_TRY)
  const results = await runChecks({ start: `exec python3 '${file}'` })
  const wrong = wrongOnes(results)
  t.notOk(wrong.includes('forward'))
  t.notOk(wrong.includes('no-hang'), 'it closes after each response')
  for (const id of ['named-request', 'client-stays', 'upstream-stays']) t.ok(wrong.includes(id), id)
  const lines = results.flatMap((result, i) => resultLines(result, result.level !== results[i - 1]?.level, 'en'))
  t.match(
    lines.join('\n'),
    /✗ A field that Connection names is not forwarded[\s\S]*seen: the origin received the field X-Secret[\s\S]*\| X-Secret: for this hop[\s\S]*do: {3}First read the options/,
  )
  t.match(summaryLines(results, 'ko').join('\n'), /22개 가운데 \d+개가 맞다/)
})

test('a proxy that cannot be reached or started is reported in a sentence', async t => {
  const port = await freePort()
  await t.rejects(runChecks({ proxy: { host: '127.0.0.1', port } }), {
    name: 'NoProxy',
    message: /Nothing answers at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/,
  })
  await t.rejects(runChecks({ start: 'echo no such thing >&2; exit 3' }), {
    name: 'NoProxy',
    message: /exit code 3[\s\S]*no such thing/,
  })
})

test('evidence from the wire does not reach the terminal unescaped', async t => {
  const lines = resultLines(
    {
      id: 'x',
      level: 'named',
      title: { en: 't', ko: 't' },
      section: 's',
      right: false,
      found: { en: 'f', ko: 'f' },
      fix: { en: 'x', ko: 'x' },
      evidence: 'A: \x1b[2J\x9b1m\r\nB: 2\r\n\r\n',
    },
    true,
    'en',
  )
  t.notMatch(lines.join('\n'), /[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
  t.match(lines.join('\n'), /A: \\x1b\[2J\\x9b1m/)
})

test('all texts exist in both languages', async t => {
  for (const { title, fix } of CHECKS)
    for (const text of [title, fix]) t.ok(text.en.length > 0 && /[가-힣]/.test(text.ko), text.en)
})
