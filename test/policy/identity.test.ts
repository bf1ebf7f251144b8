import { test } from 'tap'
import { checkKept, isIdentityName, isLookAlike, type Suspicion, suspicionOf } from '../../lib/policy/identity.js'
import { KeptFields } from '../../lib/policy/kept-fields.js'
import { requestRules } from '../../lib/policy/message-rules.js'
import { caught, fieldLines } from './heads.js'

const rows: [name: string, suspicion: Suspicion, lookAlike?: boolean][] = [
  ['X-Forwarded-For', 'identity'],
  ['X-Forwarded-Anything', 'identity'],
  ['X_FORWARDED_FOR', 'identity', true],
  ['x-forwarded_for', 'identity', true],
  ['X.Forwarded.For', 'identity', true],
  ['X+Forwarded-For', 'identity', true],
  ['X^Forwarded|For', 'identity', true],
  ['X`Forwarded~For', 'identity', true],
  ['X_Real-IP', 'identity', true],
  ['x-real-ip', 'identity'],
  ['X-Original-URL', 'identity'],
  ['x-original-host', 'identity'],
  ['X.Original.URL', 'identity', true],
  ['X-Rewrite-URL', 'identity'],
  ['X-Rewrite_URL', 'identity', true],
  ['X-Client-IP', 'identity'],
  ['X-Cluster-Client-IP', 'identity'],
  ['True-Client-IP', 'identity'],
  ['TRUE_CLIENT-IP', 'identity', true],
  ['CF-Connecting-IP', 'identity'],
  ['Fastly-Client-IP', 'identity'],
  ['X-Forwarded-Port', 'identity'],
  ['X_Forwarded_Port', 'identity', true],
  ['X-Forwarded.Port', 'identity', true],
  ['X-Forwarded-Prefix', 'identity'],
  ['x-forwarded_prefix', 'identity', true],
  ['X.Real.IP', 'identity', true],
  ['Client-Cert', 'identity'],
  ['CLIENT_CERT', 'identity', true],
  ['Client-Cert-Chain', 'identity'],
  ['client-cert.chain', 'identity', true],
  ['X-Client-Cert', 'identity'],
  ['X-Client-Cert-Subject', 'identity'],
  ['X-Client_Cert-Subject', 'identity', true],
  ['X-Client-Certificate', 'identity'],
  ['SSL-Client-Verify', 'identity'],
  ['ssl_client_s_dn', 'identity', true],
  ['X-SSL-Client-DN', 'identity'],
  ['X_SSL_Client_Verify', 'identity', true],
  ['Content_Length', 'look-alike', true],
  ['content.length', 'look-alike', true],
  ['Transfer_Encoding', 'look-alike', true],
  ['TRANSFER-Encoding', 'none'],
  ['Content-Length', 'none'],
  ['X-Forwarded', 'none'],
  ['X-ForwardedFor', 'none'],
  ['XForwarded-For', 'none'],
  ['X-Real-IP-2', 'none'],
  ['X-Requested-With', 'none'],
  ['X-Original', 'none'],
  ['X-Custom', 'none'],
  ['X-', 'none'],
  ['X', 'none'],
  ['Y-Real-IP', 'none'],
  ['True-Client-ID', 'none'],
  ['Traceparent', 'none'],
  ['Content-Format', 'none'],
  ['Cookie2', 'none'],
  ['From', 'none'],
  ['Forwarded_Foo_1_', 'none'],
  ['Sec-Fetch-Site', 'none'],
  ['SSL-Server', 'none'],
  ['X-Session', 'none'],
  ['Client-Cart', 'none'],
  ['Content-Encodings', 'none'],
]
for (const [name, suspicion, lookAlike = false] of rows) {
  test(`R224: ${name} is ${suspicion}`, async t => {
    t.equal(suspicionOf(fieldLines('Host: a', `${name}: 1`), 1), suspicion)
    t.equal(isIdentityName(name.toLowerCase()), suspicion === 'identity')
    t.equal(isLookAlike(name.toLowerCase()), lookAlike)
  })
}

test('R203: Forwarded is an identity field', async t => t.ok(isIdentityName('forwarded')))

const KEPT: [name: string, error: RegExp][] = [
  ['X Real', /^keepFields: "X Real" is not a field name/],
  ['Content_Length', /frames the content/],
  ['transfer.encoding', /frames the content/],
  ['X-Forwarded-For', /the setting trust lists the peers that may send it/],
  ['Forwarded', /the setting trust/],
  ['X_Forwarded_Proto', /the setting trust/],
  ['Cookie', /is never removed/],
]
for (const [name, error] of KEPT) {
  test(`what cannot be kept: ${name}`, async t => {
    t.match(
      caught(() => checkKept(name)),
      { name: 'TypeError', message: error },
    )
    t.throws(() => new KeptFields([name]), TypeError)
  })
}

test('rules with kept fields are made once for each', async t => {
  const kept = new KeptFields(['True-Client-IP'])
  const rules = requestRules(0)
  t.equal(kept.over(rules), kept.over(rules))
  t.not(kept.over(rules), rules)
})
