import { test } from 'tap'
import { bareTarget, redactLedger, redactSnapshot, redactValue } from '../../lib/admin/redact.js'
import { Scene } from './scene.js'
import { LEDGER, NO_LEDGER } from './some-ledger.js'

test('a target keeps its path, and shows only that there was more', async t => {
  const rows: readonly (readonly [target: string, shown: string])[] = [
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a?token=1&x=2', '/a?[redacted]'],
    ['/a?', '/a?[redacted]'],
    ['http://user:pw@app/a?b', 'http://[redacted]@app/a?[redacted]'],
    ['http://app/a@b', 'http://app/a@b'],
    ['app.example:443', 'app.example:443'],
    ['*', '*'],
  ]
  for (const [target, shown] of rows) t.equal(bareTarget(target), shown, target)
})

test('values of fields: credentials are removed, what helps understanding stays', async t => {
  const rows: readonly (readonly [field: string, value: string, shown: string])[] = [
    ['Authorization', 'Bearer abc', 'Bearer [redacted]'],
    ['authorization', 'Digest username="x", response="y"', 'Digest [redacted]'],
    ['Authorization', 'abc', '[redacted]'],
    ['Proxy-Authorization', 'Basic dTpw', 'Basic [redacted]'],
    ['Cookie', 'a=1; b=2', 'a=[redacted]; b=[redacted]'],
    ['Cookie', 'bare', '[redacted]'],
    ['Cookie', 'a=1;', 'a=[redacted];'],
    ['Set-Cookie', 'sid=1; Path=/; HttpOnly', 'sid=[redacted]; Path=/; HttpOnly'],
    ['X-Api-Key', '123', '[redacted]'],
    ['X-CSRF-Token', '123', '[redacted]'],
    ['X-Amz-Signature', '123', '[redacted]'],
    ['WWW-Authenticate', 'Negotiate', 'Negotiate'],
    ['WWW-Authenticate', 'Negotiate, NTLM, Basic realm="a, b"', 'Negotiate, NTLM, Basic realm="a, b"'],
    ['WWW-Authenticate', 'NTLM TlRMTVNTUAACAAAA==', 'NTLM [redacted]'],
    ['WWW-Authenticate', 'Negotiate oYG2MIGzoA0=', 'Negotiate [redacted]'],
    [
      'Proxy-Authenticate',
      'Digest realm="a", nonce="b, c", opaque=d',
      'Digest realm="a", nonce=[redacted], opaque=[redacted]',
    ],
    [
      'www-authenticate',
      'Bearer error = "x", resource_metadata="https://a/?t=1"',
      'Bearer error = "x", resource_metadata=[redacted]',
    ],
    ['WWW-Authenticate', 'x="a\\"b", abcdef0123, ', 'x=[redacted], [redacted], '],
    ['WWW-Authenticate', 'Other', '[redacted]'],
    ['Authentication-Info', 'nextnonce="a"', '[redacted]'],
    ['Proxy-Authentication-Info', 'nextnonce="a"', '[redacted]'],
    ['X-Any', 'a\x1b[2J\x9b\u202eb', 'a\\x1b[2J\\x9b\\u{202e}b'],
    ['Location', 'https://u:p@app/x?code=1', 'https://[redacted]@app/x?[redacted]'],
    ['Referer', 'https://app/x', 'https://app/x'],
    ['Link', '</a?t=1>; rel=next, </b?t=2>', '</a?[redacted]>; rel=next, </b?[redacted]>'],
    ['X-Client-Cert-Subject', 'CN=alice,O=Tests', '[redacted]'],
    ['X_Client_Cert_Serial', '0A', '[redacted]'],
    ['Client-Cert', ':AA==:', '[redacted]'],
    ['X-Forwarded-Client-Cert', 'Hash=a;Subject="CN=b"', '[redacted]'],
    ['ssl-client-s-dn', 'CN=alice', '[redacted]'],
    ['X-SSL-Client-DN', 'CN=alice', '[redacted]'],
    ['Accept', 'text/html, */*;q=0.8', 'text/html, */*;q=0.8'],
    ['Sec-CH-UA-Mobile', '?0', '?0'],
    ['Connection', 'keep-alive, X-Debug', 'keep-alive, X-Debug'],
    ['Keep-Alive', 'timeout=5', 'timeout=5'],
  ]
  for (const [field, value, shown] of rows) t.equal(redactValue(field, value), shown, `${field}: ${value}`)
})

test('nothing that a page or a terminal acts on is left in a ledger or a snapshot', async t => {
  const evil = '\x1b[2J\x9b\u202e'
  const row = { field: `X${evil}`, value: evil, verdict: 'keep', reason: 'r', section: 's' } as const
  const side = { startLine: `GET /${evil} HTTP/1.1`, sentLine: evil, rows: [row], notes: [evil] }
  const trailers = { sent: true, rows: [row] }
  const shown = redactLedger({
    exchange: 'x1',
    request: side,
    requestTrailers: trailers,
    interim: [side],
    interimMore: 0,
    response: side,
    responseTrailers: trailers,
  })
  const seen = { startLine: 'GET /\\x1b[2J\\x9b\\u{202e} HTTP/1.1', notes: ['\\x1b[2J\\x9b\\u{202e}'] }
  t.match(shown, { request: seen, interim: [seen], response: seen })
  const scene = new Scene()
  scene.pass(20)
  const snapshot = scene.snapshot(100)
  const list = snapshot.exchanges.list.map(exchange => ({ ...exchange, method: evil, target: evil, host: evil }))
  const closed = snapshot.closed.map(one => ({ ...one, detail: evil }))
  const all = redactSnapshot({ ...snapshot, exchanges: { ...snapshot.exchanges, list }, closed })
  for (const text of [JSON.stringify(shown), JSON.stringify(all)]) t.notMatch(text, /\x9b|\u202e|\\u001b/)
})

test('nothing secret is left in a ledger or a snapshot', async t => {
  t.match(JSON.stringify(LEDGER), /s3cr3t/)
  t.notMatch(JSON.stringify(redactLedger(LEDGER)), /s3cr3t|31d4d96e407aad42|abc\.def|user=7/)
  t.equal(redactLedger(LEDGER).request?.startLine, 'GET /api/items?[redacted] HTTP/1.1')
  const { requestTrailers, interim, responseTrailers } = redactLedger(LEDGER)
  t.strictSame(
    requestTrailers?.rows.map(({ value }) => value),
    ['9a3f', '[redacted]', '2'],
  )
  t.equal(interim[1]?.rows[0]?.value, '</a.css?[redacted]>; rel=preload')
  t.match(responseTrailers, { sent: false, rows: [{ value: 'db;dur=7' }, { value: 'sid=[redacted]' }] })
  t.strictSame(redactLedger({ ...NO_LEDGER, exchange: 'x1' }), { ...NO_LEDGER, exchange: 'x1' })
  const scene = new Scene()
  const isAsked = () => JSON.stringify(scene.snapshot(100)).includes('s3cr3t')
  for (let tries = 0; tries < 1_000 && !isAsked(); tries++) scene.pass(20)
  t.ok(isAsked(), 'a request with a secret is in progress')
  t.notMatch(JSON.stringify(redactSnapshot(scene.snapshot(100))), /s3cr3t|q=shoes/)
})
