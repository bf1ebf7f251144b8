import { test } from 'tap'
import { ADDITIONS, KEEP, OWN_FIELDS, RULE, RULES, type RuleName, ruleOf } from '../../lib/policy/rules.js'

for (const [name, rule] of Object.entries(RULES)) {
  test(`${name}: a verdict, a reason, a section`, async t => {
    t.match(rule.verdict, /^(keep|drop|replace|reject)$/)
    t.match(rule.section, /^(RFC [0-9]+|W3C Trace Context) [0-9A-Z.]+$/)
    t.ok(rule.reason.length > 0 && rule.reason.length < 80)
    t.equal('status' in rule, rule.verdict === 'reject', 'a rejection has a status, nothing else has')
    t.equal(ruleOf(RULE[name as RuleName]), rule)
  })
}

test('keep is number 0, and only rejections follow the first one', async t => {
  t.equal(RULE.keep, KEEP)
  const verdicts = Object.values(RULES).map(rule => rule.verdict)
  t.same([...new Set(verdicts.slice(verdicts.indexOf('reject')))], ['reject'])
})

test('additions have a reason and a section', async t => {
  for (const { reason, section } of [...Object.values(ADDITIONS), ...Object.values(OWN_FIELDS)])
    t.match(`${reason}: ${section}`, /^.+: (RFC [0-9]+|W3C Trace Context) [0-9.]+$/)
})
