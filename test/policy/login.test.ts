import { test } from 'tap'
import { asksForLogin, logsIn } from '../../lib/policy/login.js'
import { crlf, linesOf } from './heads.js'

const requests: readonly [string, boolean][] = [
  ['Authorization: NTLM TlRMTVNTUAABAAAA', true],
  ['authorization:negotiate YII=', true],
  ['AUTHORIZATION: NeGoTiAtE YII=', true],
  ['Authorization: nTLM', true],
  ['Authorization:\t NTLM\tTlRM', true],
  ['Authorization: Negotiate', true],
  ['Authorization: NTLM,', true],
  ['Authorization: Basic TlRMTTpOVExN', false],
  ['Authorization: Bearer NTLM', false],
  ['Authorization: Bearer a/NTLM/b, Negotiate', false],
  ['Authorization: Nonce abc', false],
  ['Authorization: NTLMv2 abc', false],
  ['Authorization: Negotiate2 abc', false],
  ['Authorization: ', false],
  ['Proxy-Authorization: NTLM TlRM', false],
  ['X-Authorization: NTLM TlRM', false],
  ['Authorization: Basic a\r\nAuthorization: NTLM TlRM', true],
]

for (const [line, logs] of requests) {
  test(`R225: ${JSON.stringify(line)} ${logs ? 'logs' : 'does not log'} the connection in`, async t => {
    t.equal(logsIn(linesOf(crlf('GET / HTTP/1.1', 'Host: a', line), true)), logs)
  })
}

const responses: readonly [string, boolean][] = [
  ['WWW-Authenticate: NTLM', true],
  ['WWW-Authenticate: Negotiate', true],
  ['www-authenticate: ntlm', true],
  ['WWW-Authenticate: NTLM TlRMTVNTUAACAAAA', true],
  ['WWW-Authenticate: Negotiate oYG2MIGz==', true],
  ['WWW-Authenticate: Basic realm="a"\r\nWWW-Authenticate: nEGOTIATE', true],
  ['WWW-Authenticate: Basic realm="a", Negotiate, NTLM', true],
  ['WWW-Authenticate: Negotiate, Basic realm="a"', true],
  ['WWW-Authenticate: Digest realm="a, nonce=b, ,NTLM', true],
  ['WWW-Authenticate: Basic realm="a",NTLM', true],
  ['WWW-Authenticate: Basic realm="use NTLM instead"', true],
  ['WWW-Authenticate: Basic realm="a"', false],
  ['WWW-Authenticate: Basic realm="NTLMv2"', false],
  ['WWW-Authenticate: Bearer realm="renegotiate"', false],
  ['WWW-Authenticate: x-negotiate', false],
  ['WWW-Authenticate: negotiate-x', false],
  ['WWW-Authenticate: ', false],
  ['Authentication-Info: Negotiate', false],
]

for (const [line, asks] of responses) {
  test(`R225: ${JSON.stringify(line)} ${asks ? 'asks' : 'does not ask'} for a log-in of the connection`, async t => {
    t.equal(asksForLogin(linesOf(crlf('HTTP/1.1 401 Unauthorized', line), true), false), asks)
  })
}

test('R225: Proxy-Authenticate counts in a response from a proxy, together with WWW-Authenticate', async t => {
  const lines = linesOf(crlf('HTTP/1.1 200 OK', 'Proxy-Authenticate: Negotiate oYG2'), true)
  t.notOk(asksForLogin(lines, false))
  t.ok(asksForLogin(lines, true))
  t.ok(asksForLogin(linesOf(crlf('HTTP/1.1 401 No', 'WWW-Authenticate: NTLM'), true), true))
  t.notOk(asksForLogin(linesOf(crlf('HTTP/1.1 401 No', 'Proxy-Authenticate: Basic realm="a"'), true), true))
})
