import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { curl } from '../support/curl.js'
import { startHopwise } from '../support/hopwise.js'
import { needs } from '../support/needs.js'
import { type NginxOptions, startNginx } from '../support/nginx.js'
import { openHopwise } from '../support/open-hopwise.js'
import { tempFolder } from '../support/temp-folder.js'

// curl in front, nginx behind: neither end knows our code. The first hopwise in between is the real command, the others are
// what that command would serve, in this process.

const NEEDS = needs('nginx', 'curl')
const FILE = randomBytes(3_000_000)

test('R74, R75: curl keeps its connection through the proxy, and so does the proxy its own', NEEDS, async t => {
  const nginx = await startNginx(t, { files: { a: 'a' } })
  const hopwise = await startHopwise(t, ['reverse', nginx.url])
  const { code, out, err } = await curl(t, '-v', `${hopwise.url}/a`, `${hopwise.url}/a`, `${hopwise.url}/a`)
  t.same([code, out], [0, 'aaa'])
  t.equal(err.match(/Re-using existing connection/g)?.length, 2)
  t.equal(connectionsOf(nginx.requests()).size, 1)
  t.match(await hopwise.exchanged(3), [
    { client: { nth: 1 } },
    { client: { nth: 2 } },
    { client: { nth: 3 }, upstream: { nth: 3 } },
  ])
})

const SERVED_UNDER_BASE = `location /base/ { return 200 "$request_uri"; }
  location /base/in { return 200 "$request_uri $http_cookie"; }
  location /base/login { add_header Set-Cookie "s=1; Path=/base/" always; return 302 /base/in; }`

test(
  'a path of the upstream is put in front of that of each request, as with proxy_pass http://host/base/',
  NEEDS,
  async t => {
    const nginx = await startNginx(t, { files: { a: 'a' }, server: SERVED_UNDER_BASE })
    for (const base of ['/base', '/base/']) {
      const hopwise = await openHopwise(t, ['reverse', `${nginx.url}${base}`])
      t.match(await curl(t, `${hopwise.url}/a?q=1`, `${hopwise.url}/`), { code: 0, out: '/base/a?q=1/base/' })
      t.match(
        await curl(t, '-b', 'none', '-L', `${hopwise.url}/login`),
        { code: 0, out: '/base/in s=1' },
        'a redirect with a cookie',
      )
    }
  },
)

test('R94, R102: an upstream that closes each time costs the client nothing', NEEDS, async t => {
  const { nginx, hopwise } = await chain(t, { server: 'keepalive_timeout 0;' })
  const { code, out, err } = await curl(t, '-v', `${hopwise.url}/a`, `${hopwise.url}/a`)
  t.same([code, out], [0, 'aa'])
  t.match(err, 'Re-using existing connection')
  t.equal(connectionsOf(nginx.requests()).size, 2)
})

test('R92, R102: clients that close each time share one upstream connection', NEEDS, async t => {
  const { nginx, hopwise } = await chain(t)
  for (let i = 0; i < 3; i++)
    t.match(await curl(t, '-H', 'Connection: close', `${hopwise.url}/a`), { code: 0, out: 'a' })
  t.equal(connectionsOf(nginx.requests()).size, 1)
})

test(
  'R75, R101: HTTP/1.0 keep-alive is honoured toward the client, HTTP/1.1 is used toward the upstream',
  NEEDS,
  async t => {
    const { nginx, hopwise } = await chain(t)
    const { code, out, err } = await curl(
      t,
      '-v',
      '--http1.0',
      '-H',
      'Connection: keep-alive',
      `${hopwise.url}/a`,
      `${hopwise.url}/a`,
    )
    t.same([code, out], [0, 'aa'])
    t.match(err, 'Re-using existing connection')
    t.match(err, /< Connection: keep-alive\r?\n/i)
    t.match(err, /< Keep-Alive: timeout=\d+, max=\d+\r?\n/i)
    for (const request of nginx.requests())
      t.match(request, /^\d+ \d+ HTTP\/1\.1 "GET \/a HTTP\/1\.1"/, 'R10: our own version')
    t.match(await curl(t, '--http1.0', `${hopwise.url}/a`), { code: 0, out: 'a' }, 'and without asking it is closed')
  },
)

test('R132, R133, R142, R204: hop-by-hop fields end here, fields that we add arrive', NEEDS, async t => {
  const log =
    '[$http_x_secret] [$http_x_kept] [$http_via] [$http_x_forwarded_for] [$http_keep_alive] [$http_proxy_connection]'
  const { nginx, hopwise } = await chain(t, { log })
  const secret = ['-H', 'Connection: x-secret, X-Forwarded-For, Via', '-H', 'X-Secret: for this hop']
  const more = [
    '-H',
    'Keep-Alive: 5',
    '-H',
    'Proxy-Connection: keep-alive',
    '-H',
    'X-Kept: yes',
    '-H',
    'X-Forwarded-For: 10.9.8.7',
  ]
  t.equal((await curl(t, ...secret, ...more, `${hopwise.url}/a`)).code, 0)
  t.match(nginx.requests()[0], /\[-\] \[yes\] \[1\.1 \S+\] \[127\.0\.0\.1\] \[-\] \[-\]$/)
})

test('R178, R188: conditions and ranges are left to the origin', NEEDS, async t => {
  const { hopwise } = await chain(t, { files: { file: FILE } })
  const etag = /etag: (\S+)/i.exec((await curl(t, '-I', `${hopwise.url}/file`)).out)?.[1] ?? ''
  t.match(etag, /^"/)
  const same = await curl(t, '-i', '-H', `If-None-Match: ${etag}`, `${hopwise.url}/file`)
  t.match(same.out, /^HTTP\/1\.1 304 /)
  const part = await curl(t, '-i', '-r', '1000-1009', `${hopwise.url}/file`)
  t.match(part.out, /^HTTP\/1\.1 206 /)
  t.match(part.out, /Content-Range: bytes 1000-1009\/3000000/i)
  const folder = tempFolder(t)
  const resumed = join(folder, 'resumed')
  writeFileSync(resumed, FILE.subarray(0, 1_234_567))
  t.equal((await curl(t, '-C', '-', '-o', resumed, `${hopwise.url}/file`)).code, 0)
  t.equal(sum(readFileSync(resumed)), sum(FILE))
})

test('R161, R182: HEAD has its length and no content, and the connection stays open', NEEDS, async t => {
  const { hopwise } = await chain(t, { files: { file: FILE } })
  const { code, out, err } = await curl(t, '-v', '-I', `${hopwise.url}/file`, `${hopwise.url}/a`)
  t.equal(code, 0)
  t.match(out, /Content-Length: 3000000/i)
  t.match(err, 'Re-using existing connection')
})

for (const version of ['--http1.1', '--http1.0']) {
  test(`downloads arrive complete (${version})`, NEEDS, async t => {
    const { hopwise } = await chain(t, { files: { file: FILE } })
    const to = join(tempFolder(t), 'file')
    t.equal((await curl(t, version, '-o', to, `${hopwise.url}/file`)).code, 0)
    t.equal(sum(readFileSync(to)), sum(FILE))
  })
}

test('R35, R36: uploads arrive complete, by Content-Length and chunked', NEEDS, async t => {
  const { nginx, hopwise } = await chain(t, {
    server: 'dav_methods PUT;',
    log: '$content_length $http_transfer_encoding',
  })
  const from = join(tempFolder(t), 'file')
  writeFileSync(from, FILE)
  t.equal((await curl(t, '-T', from, `${hopwise.url}/by-length`)).code, 0)
  t.equal((await curl(t, '-T', from, '-H', 'Transfer-Encoding: chunked', `${hopwise.url}/by-chunks`)).code, 0)
  t.equal(sum(readFileSync(join(nginx.root, 'by-length'))), sum(FILE))
  t.equal(sum(readFileSync(join(nginx.root, 'by-chunks'))), sum(FILE))
  t.match(nginx.requests()[0], /201 3000000 -$/)
  t.match(nginx.requests()[1], /201 \d+ chunked$/)
})

test('R170, R185: 100-continue with a large content comes from the origin', NEEDS, async t => {
  const { hopwise } = await chain(t, { server: 'dav_methods PUT;' })
  const from = join(tempFolder(t), 'file')
  writeFileSync(from, FILE)
  const { code, err } = await curl(
    t,
    '-v',
    '-H',
    'Expect: 100-continue',
    '--expect100-timeout',
    '20',
    '-T',
    from,
    `${hopwise.url}/large`,
  )
  t.equal(code, 0)
  t.match(err, /< HTTP\/1\.1 100 Continue/i)
  t.match(err, /< HTTP\/1\.1 201 /)
  t.notMatch(err, 'Done waiting for 100-continue')
})

test('R89: a refusal before the content has gone reaches curl', NEEDS, async t => {
  const { hopwise } = await chain(t, { server: 'location /no { client_max_body_size 1k; dav_methods PUT; }' })
  const from = join(tempFolder(t), 'file')
  writeFileSync(from, FILE)
  const { out } = await curl(
    t,
    '-o',
    '/dev/null',
    '-w',
    '%{http_code}',
    '-H',
    'Expect:',
    '-T',
    from,
    `${hopwise.url}/no/file`,
  )
  t.equal(out, '413')
})

test('R194, R201, R202: a missing origin is a 502 that says so, in JSON for clients that prefer it', NEEDS, async t => {
  const hopwise = await openHopwise(t, ['reverse', 'http://127.0.0.1:1'])
  const plain = await curl(t, '-i', `${hopwise.url}/`)
  t.match(plain.out, /^HTTP\/1\.1 502 /)
  t.match(plain.out, /Proxy-Status: .*error=connection_refused/i)
  const json = await curl(t, '-H', 'Accept: application/json', `${hopwise.url}/`)
  t.match(JSON.parse(json.out), { status: 502 })
})

async function chain(t: Test, options: NginxOptions = {}) {
  const nginx = await startNginx(t, { ...options, files: { a: 'a', ...options.files } })
  return { nginx, hopwise: await openHopwise(t, ['reverse', nginx.url]) }
}

function connectionsOf(requests: string[]): Set<string> {
  return new Set(requests.map(request => request.split(' ')[0] ?? ''))
}

function sum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
