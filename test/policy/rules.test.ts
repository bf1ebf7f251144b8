import { test } from 'tap'
import {
  ADDITIONS,
  judge,
  KEEP,
  OWN_FIELDS,
  REQUEST,
  RULE,
  RULES,
  type RuleName,
  requestRules,
  ruleOf,
  TRAILER_RULES,
} from '../../lib/policy/rules.js'
import { NAMES } from '../../lib/wire/names.js'
import { fieldLines, optionsOf } from './heads.js'

for (const [name, rule] of Object.entries(RULES)) {
  test(`${name}: a verdict, a reason, a section`, async t => {
    t.match(rule.verdict, /^(keep|drop|replace|reject)$/)
    t.match(rule.section, /^(RFC [0-9]+|W3C Trace Context) [0-9A-Z.]+$/)
    t.ok(rule.reason.length > 0 && rule.reason.length < 80)
    t.equal('status' in rule, rule.verdict === 'reject', 'a rejection has a status, nothing else has')
    t.equal(ruleOf(RULE[name as RuleName]), rule)
  })
}

test('keep is number 0, and nothing but rejections stands behind the first', async t => {
  t.equal(RULE.keep, KEEP)
  const verdicts = Object.values(RULES).map(rule => rule.verdict)
  t.same([...new Set(verdicts.slice(verdicts.indexOf('reject')))], ['reject'])
})

test('additions have a reason and a section', async t => {
  for (const { reason, section } of [...Object.values(ADDITIONS), ...Object.values(OWN_FIELDS)])
    t.match(`${reason}: ${section}`, /^.+: (RFC [0-9]+|W3C Trace Context) [0-9.]+$/)
})

test('names in the trailer rules are lower case', async t => {
  for (const name of TRAILER_RULES.keys()) t.equal(name, name.toLowerCase())
})

test('the rules of a combination are made once', async t => t.equal(requestRules(3), requestRules(3)))

test('R129: hop fields die under every combination, identity fields of strangers at every gateway', async t => {
  const lines = fieldLines(...NAMES.slice(1).map(name => `${name}: x`))
  const options = optionsOf(fieldLines())
  const wrong: string[] = []
  for (let traits = 0; traits < 2 ** 19; traits += 149) {
    const rules = requestRules(traits)
    for (let i = 0; i < lines.count; i++) {
      const name = NAMES[i + 1]!
      const dies = HOP.has(name) || ((traits & GUARD) === 0 && IDENTITY.test(name))
      if (dies && judge(lines, i, rules, options) === KEEP) wrong.push(`${name} under ${traits}`)
    }
  }
  t.same(wrong, [])
})
const GUARD = REQUEST.forward | REQUEST.trusted
const HOP = new Set(
  'connection keep-alive proxy-connection te upgrade transfer-encoding http2-settings proxy-authorization close'.split(
    ' ',
  ),
)
const IDENTITY = /^(x[-_]forwarded[-_].*|x[-_]real[-_]ip|forwarded|proxy)$/
