import { test } from 'tap'
import { bareTarget, redactLedger, redactValue } from '../../lib/admin/redact.js'
import type { AdminSource } from '../../lib/admin/source.js'
import { type Watched, watched } from '../daemon/fixture/watched.js'
import { exchange, until } from '../support/conversation.js'
import { cpuMs } from '../support/cpu.js'
import { needs } from '../support/needs.js'
import { answerAlways } from '../support/scripted-origin.js'
import { openPage } from './browser.js'
import { rawTalk } from './raw-talk.js'
import { Scene } from './scene.js'
import { NO_LEDGER } from './some-ledger.js'
import { openStream, withAdmin } from './with-admin.js'

// Clients write what operators see: it must not run in their browsers, show them secrets, or keep the proxy from its work.

/** Real connections and exchanges, the rest simulated. */
class RealSource extends Scene {
  readonly #watched: Watched

  constructor(real: Watched) {
    super()
    this.#watched = real
    real.watching.on = true
  }

  override watched(): void {}
  override snapshot(max: number): ReturnType<AdminSource['snapshot'] & Scene['snapshot']> {
    return { ...this.#watched.snapshot(max), at: Date.now() } as ReturnType<Scene['snapshot']>
  }
  override ledger(id: string): ReturnType<Scene['ledger']> {
    return this.#watched.watching.ledger(id) as ReturnType<Scene['ledger']>
  }
}

const MARKUP = `"><img/src=x/onerror=alert(1)><script>alert(2)</script><svg/onload=alert(3)>'\`{{7*7}}`
const TARGET = `/<img/src=x/onerror=alert(1)>"'\`</script><svg/onload=alert(3)>`
const ANSWER = `HTTP/1.1 200 ${MARKUP}\r\nContent-Length: 0\r\nX-Markup: ${MARKUP}\r\nLocation: javascript:alert(4)\r\n\r\n`

test('what clients and servers send is shown as text in the live page', needs('chromium'), async t => {
  const real = await watched(t, answerAlways(ANSWER))
  const { url } = await withAdmin(t, { source: new RealSource(real) })
  const client = await real.connect()
  await exchange(
    client,
    `G'E|T ${TARGET} HTTP/1.1\r\nHost: a.example\r\nX-Markup: ${MARKUP}\r\nX'|\`: ${MARKUP}\r\nUser-Agent: ${MARKUP}\r\n\r\n`,
  )
  const broken = await real.connect()
  await broken.send(`GET ${MARKUP} HTTP/1.1\r\nHost: ${MARKUP}\r\n\r\n`)
  await broken.readToEnd()
  broken.halfClose()
  const { page, complaints } = await openPage(t, url)
  await page.locator('.exchange').first().click()
  const dialog = page.locator('#ledger[open]')
  await dialog.locator('table').nth(1).waitFor()
  t.match(await dialog.textContent(), MARKUP, 'it is there, to be read')
  t.equal(
    await page.locator('[src="x"], [onerror], [onload], body script:not([src]), a[href^="javascript"]').count(),
    0,
  )
  t.same(complaints, [])
})

test('the live page and its ledgers get no credentials', async t => {
  const answer = [
    'HTTP/1.1 302 Found',
    'Content-Length: 0',
    'Location: https://app.example/cb#access_token=s3cr3t&x=1',
    'Content-Location: cb?code=s3cr3t',
    'Link: <https://u:s3cr3t@cdn.example/a?sig=s3cr3t;x,s3cr3t>; rel=preload',
    'Set-Cookie: sid=s3cr3t; Path=/',
    'Authentication-Info: nextnonce="s3cr3t"',
    'Refresh: 0;url=?ticket=s3cr3t',
  ]
  const real = await watched(t, answerAlways(`${answer.join('\r\n')}\r\n\r\n`))
  const { port, ask } = await withAdmin(t, { source: new RealSource(real) })
  const client = await real.connect()
  const asked = [
    'GET /a;jsessionid=s3cr3t/b?token=s3cr3t;y=s3cr3t HTTP/1.1',
    'Host: a.example',
    'Authorization: Bearer s3cr3t',
    'X-Forwarded-Authorization: Basic s3cr3t',
    'Cookie: a=s3cr3t; b=s3cr3t',
    'X-Original-Cookie: a=s3cr3t',
    'Referer: https://u:p@s3cr3t@x.example/y?z=s3cr3t#s3cr3t',
    'X-Auth: s3cr3t',
    'X-Otp: s3cr3t',
    'DPoP: s3cr3t',
    'X-Webhook-Key: s3cr3t',
    'X_Auth_Token: s3cr3t',
    'Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.s3cr3t, v4.channel.k8s.io',
  ]
  await exchange(client, `${asked.join('\r\n')}\r\n\r\n`)
  for (const start of ['GET http://u:s3cr3t@h/?token=s3cr3t HTTP/1.1', 'GET ftp://u:s3cr3t@h/ HTTP/1.1']) {
    const broken = await real.connect()
    await broken.send(`${start}\r\nHost: h\r\n\r\n`)
    await broken.readToEnd()
    broken.halfClose()
  }
  await until('both are closed', () => real.snapshot().closed.length >= 2)
  const stream = await openStream(t, port)
  await stream.events('look', 1)
  t.match(stream.text(), /\/a;jsessionid=\[redacted\]\/b\?\[redacted\]/)
  t.notMatch(stream.text(), /s3cr3t/)
  const { text } = await ask('/ledger/x1')
  t.match(text, /X-Forwarded-Authorization/)
  t.notMatch(text, /s3cr3t/)
})

test('sentences in a ledger are redacted wherever they contain a URL', async t => {
  const notes = [
    'Refused: userinfo in the target "http://u:s3cr3t@h/?x=s3cr3t".',
    'At (https://u:s3cr3t@h), a=b, ?k=s3cr3t.',
  ]
  const side = { startLine: 'GET http://u:s3cr3t@h/;v=s3cr3t HTTP/1.1', sentLine: '', rows: [], notes }
  const told = JSON.stringify(redactLedger({ ...NO_LEDGER, exchange: 'x1', request: side }))
  t.notMatch(told, /s3cr3t/)
  t.match(told, /Refused: userinfo in the target/)
})

test('redaction takes time in proportion to the length of the text', async t => {
  for (const piece of ['/', '//', '?', '@', '//@', 'a', '#', ';', '/a;', '=', ' ', '\t', ';=', '"', 'a:'])
    for (const field of ['X-Any', 'Authorization', 'Cookie', 'Set-Cookie']) {
      const text = piece.repeat(65_536 / piece.length)
      const ms = await cpuMs(() => {
        redactValue(field, text)
        bareTarget(text)
      })
      t.ok(ms < 500, `${field} of ${JSON.stringify(piece)}: ${Math.round(ms)} ms`)
    }
})

test('a look stays small, however much clients send', async t => {
  const real = await watched(t, answerAlways('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  const { port, ask } = await withAdmin(t, { source: new RealSource(real) })
  const client = await real.connect()
  const long = `/${'x'.repeat(8_000)}`
  for (let nth = 0; nth < 20; nth++)
    await exchange(client, `${'M'.repeat(4_000)} ${long} HTTP/1.1\r\nHost: ${'h'.repeat(4_000)}\r\n\r\n`)
  const stream = await openStream(t, port)
  const [look] = await stream.events('look', 1)
  t.ok(look!.data.length < 50_000, `${look!.data.length} bytes`)
  t.match((await ask('/ledger/x1')).text, long, 'the ledger has all of it')
})

test('no path of any kind leads to anything but the served files', async t => {
  const { port } = await withAdmin(t)
  const paths = [
    '/../listener.js',
    '/%2e%2e/listener.js',
    '/..%2flistener.js',
    '/page/../../redact.js',
    '//etc/passwd',
    '/./main.js',
    '/main.js/',
    '/main.js%00.css',
    '/MAIN.JS',
    '/__proto__',
    '/constructor',
    '/index.html',
    '/ledger/../status',
    '/ledger/__proto__',
    '/ledger/constructor',
    '/ledger/',
    'http://evil.example/status/',
    '*',
  ]
  for (const path of paths) {
    const told = await rawTalk(port, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`)
    t.match(told, /^HTTP\/1\.1 (?:404|400) /, path)
    t.notMatch(told, /import |root:/)
  }
})

test('a request with another host name, in any form, learns nothing', async t => {
  const { port } = await withAdmin(t)
  const rows = [
    'GET /status HTTP/1.1\r\nHost: evil.example',
    'GET /status HTTP/1.1\r\nHost: 127.0.0.1.evil.example',
    'GET http://127.0.0.1/status HTTP/1.1\r\nHost: evil.example',
    'GET /status HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: 127.0.0.1',
    'GET /status HTTP/1.1\r\nHost: evil.example, 127.0.0.1',
    'GET /status HTTP/1.0\r\nHost: evil.example',
    'OPTIONS /status HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: GET',
  ]
  for (const row of rows) {
    const told = await rawTalk(port, `${row}\r\nConnection: close\r\n\r\n`)
    t.match(told, /^HTTP\/1\.1 4\d\d /, row)
    t.notMatch(told, /"workers"|access-control/i)
  }
})
