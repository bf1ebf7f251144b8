import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import * as https from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { curl } from '../support/curl.js'
import { startHopwise } from '../support/hopwise.js'
import { needs } from '../support/needs.js'
import { startNginx } from '../support/nginx.js'
import { openHopwise } from '../support/open-hopwise.js'
import { tempFolder } from '../support/temp-folder.js'
import { makeCertificate } from '../support/tls.js'

// curl as the client of a forward proxy; nginx and a TLS origin made here as the destinations.

const NEEDS = needs('nginx', 'curl')
const NEEDS_TLS = needs('curl', 'openssl')
const ALLOWED = ['--allow', '127.0.0.0/8']
const FILE = randomBytes(3_000_000)

test('R22, R141: absolute-form in, origin-form out, Via in both directions', NEEDS, async t => {
  const nginx = await startNginx(t, {
    files: { a: 'a' },
    log: '[$http_host] [$http_via] [$http_proxy_connection] [$http_x_forwarded_for]',
  })
  const hopwise = await startHopwise(t, ['forward', ...ALLOWED, '--name', 'test-hop'])
  const { code, out, err } = await curl(t, '-v', '-x', hopwise.url, `${nginx.url}/a`, `${nginx.url}/a`)
  t.same([code, out], [0, 'aa'])
  t.match(err, 'Re-using existing connection')
  t.match(err, /> Proxy-Connection: Keep-Alive/i, 'R212: curl still sends it')
  t.match(err, /< Via: 1\.1 test-hop\r?\n/i)
  for (const request of nginx.requests())
    t.match(request, /"GET \/a HTTP\/1\.1" 200 \[127\.0\.0\.1:\d+\] \[1\.1 test-hop\] \[-\] \[-\]$/)
  t.equal(new Set(nginx.requests().map(it => it.split(' ')[0])).size, 1)
})

test('R76, R212: a forward proxy never keeps HTTP/1.0 alive, whatever the client asks for', NEEDS, async t => {
  const nginx = await startNginx(t, { files: { a: 'a' } })
  const hopwise = await openHopwise(t, ['forward', ...ALLOWED])
  const { code, out, err } = await curl(
    t,
    '-v',
    '--http1.0',
    '-H',
    'Connection: keep-alive',
    '-x',
    hopwise.url,
    `${nginx.url}/a`,
    `${nginx.url}/a`,
  )
  t.same([code, out], [0, 'aa'])
  t.notMatch(err, 'Re-using existing connection')
  t.notMatch(err, /< (Connection|Proxy-Connection): keep-alive/i)
})

test('uploads and downloads through a forward proxy arrive complete', NEEDS, async t => {
  const nginx = await startNginx(t, { server: 'dav_methods PUT;' })
  const hopwise = await openHopwise(t, ['forward', ...ALLOWED])
  const from = join(tempFolder(t), 'from')
  const to = join(tempFolder(t), 'to')
  writeFileSync(from, FILE)
  for (const more of [[], ['-H', 'Transfer-Encoding: chunked'], ['-H', 'Expect: 100-continue'], ['--http1.0']]) {
    const url = `${nginx.url}/file-${more.length}`
    t.equal((await curl(t, '-x', hopwise.url, ...more, '-T', from, url)).code, 0, `upload ${more}`)
    t.equal((await curl(t, '-x', hopwise.url, ...more.filter(it => it === '--http1.0'), '-o', to, url)).code, 0)
    t.equal(sum(readFileSync(to)), sum(FILE))
  }
  const part = await curl(t, '-x', hopwise.url, '-r', '-10', '-o', to, '-w', '%{http_code}', `${nginx.url}/file-0`)
  t.equal(part.out, '206')
  t.same(readFileSync(to), FILE.subarray(-10))
})

test('R163, R166: CONNECT carries TLS end to end to an allowed port', NEEDS_TLS, async t => {
  const { port, certFile } = await tlsOrigin(t)
  const hopwise = await startHopwise(t, ['forward', ...ALLOWED, '--connect-port', String(port)])
  const { code, out, err } = await curl(
    t,
    '-v',
    '-x',
    hopwise.url,
    '--cacert',
    certFile,
    `https://127.0.0.1:${port}/one`,
    `https://127.0.0.1:${port}/two`,
  )
  t.same([code, out], [0, 'secure /one\nsecure /two\n'])
  t.match(err, /< HTTP\/1\.1 200 /)
  t.match(err, 'Re-using existing connection')
  t.match(await hopwise.exchanged(1), [{ method: 'CONNECT', outcome: 'tunnel' }])
  const large = join(tempFolder(t), 'large')
  writeFileSync(large, FILE)
  const echo = await curl(
    t,
    '-x',
    hopwise.url,
    '--cacert',
    certFile,
    '--data-binary',
    `@${large}`,
    '-w',
    '%{size_download}',
    '-o',
    `${large}.back`,
    `https://127.0.0.1:${port}/echo`,
  )
  t.equal(echo.out, String(FILE.length))
  t.equal(sum(readFileSync(`${large}.back`)), sum(FILE))
})

test('R166: other ports and private destinations are refused, and the answer names the option', NEEDS, async t => {
  const nginx = await startNginx(t, { files: { a: 'a' } })
  const shut = await openHopwise(t, ['forward'])
  const refused = await curl(t, '-i', '-x', shut.url, `${nginx.url}/a`)
  t.match(refused.out, /^HTTP\/1\.1 403 /)
  t.match(refused.out, /--allow/)
  t.match(refused.out, /error=(destination_ip_prohibited|http_request_denied)/)
  t.equal(nginx.requests().length, 0)
  const open = await openHopwise(t, ['forward', ...ALLOWED])
  const tunnel = await curl(t, '-v', '-x', open.url, `https://127.0.0.1:${nginx.port}/`)
  t.equal(tunnel.code, 56, 'curl: CONNECT tunnel failed')
  t.match(tunnel.err, /< HTTP\/1\.1 403 /)
})

test('R176, R177, R189: Basic credentials are required and not forwarded', NEEDS, async t => {
  const nginx = await startNginx(t, { files: { a: 'a' }, log: '[$http_proxy_authorization] [$http_authorization]' })
  const hopwise = await startHopwise(t, ['forward', ...ALLOWED, '--auth', 'ann:secret'])
  const asked = await curl(t, '-i', '-x', hopwise.url, `${nginx.url}/a`)
  t.match(asked.out, /^HTTP\/1\.1 407 /)
  t.match(asked.out, /Proxy-Authenticate: Basic realm=/i)
  t.match(
    await curl(
      t,
      '-x',
      hopwise.url,
      '--proxy-user',
      'ann:wrong',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      `${nginx.url}/a`,
    ),
    { out: '407' },
  )
  t.match(await curl(t, '-x', hopwise.url, '--proxy-user', 'ann:secret', '-u', 'end:to-end', `${nginx.url}/a`), {
    code: 0,
    out: 'a',
  })
  t.match(nginx.requests(), [/\[-\] \[Basic ZW5kOnRvLWVuZA==\]$/])
  t.notMatch(hopwise.out(), 'YW5uOnNlY3JldA', 'credentials are not logged')
})

test('R215: an https target is dialled over verified TLS', NEEDS_TLS, async t => {
  const { port, certFile } = await tlsOrigin(t)
  const trusting = await openHopwise(t, ['forward', ...ALLOWED, '--upstream-ca', certFile])
  const asked = (proxy: string) =>
    curl(t, '-i', '-x', proxy, '--request-target', `https://127.0.0.1:${port}/x`, `http://127.0.0.1:${port}/x`)
  t.match((await asked(trusting.url)).out, /secure \/x/)
  const doubting = await openHopwise(t, ['forward', ...ALLOWED])
  t.match((await asked(doubting.url)).out, /^HTTP\/1\.1 502 [\s\S]*tls_certificate_error/)
})

async function tlsOrigin(t: Test) {
  const { cert, key, certFile } = await makeCertificate(t)
  const server = https.createServer({ cert, key }, (request, response) => {
    if (request.url === '/echo') request.pipe(response)
    else response.end(`secure ${request.url}\n`)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, certFile }
}

function sum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
