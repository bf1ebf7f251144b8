import { test } from 'tap'
import { judge } from '../../lib/policy/judge.js'
import { REQUEST, requestRules } from '../../lib/policy/message-rules.js'
import { KEEP } from '../../lib/policy/rules.js'
import { NAMES } from '../../lib/wire/names.js'
import { fieldLines, optionsOf } from './heads.js'

test('the rules of a combination are made once', async t => t.equal(requestRules(3), requestRules(3)))

test('R129: hop fields are dropped in every combination, identity fields of strangers at every gateway', async t => {
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
