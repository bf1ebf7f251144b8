import { test } from 'tap'
import { SAFETY_FIELDS } from '../../lib/pages/safety-fields.js'

test('a page may load and run only what its own server has, cannot be framed, and is not stored', async t => {
  const policy = SAFETY_FIELDS['Content-Security-Policy'] ?? ''
  const rules = new Map(policy.split('; ').map(rule => [rule.split(' ')[0], rule.split(' ').slice(1).join(' ')]))
  t.equal(rules.get('default-src'), "'none'")
  for (const kind of ['script-src', 'style-src', 'img-src', 'connect-src']) t.equal(rules.get(kind), "'self'", kind)
  for (const kind of ['base-uri', 'form-action', 'frame-ancestors']) t.equal(rules.get(kind), "'none'", kind)
  t.notMatch(policy, /unsafe|\*|data:/)
  t.equal(SAFETY_FIELDS['Cache-Control'], 'no-store')
  t.equal(SAFETY_FIELDS['X-Content-Type-Options'], 'nosniff')
})
