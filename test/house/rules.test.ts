import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { faultsOf } from '../../scripts/rules.mjs'
import { type NamingTest, namedIn, rulesNamed } from '../../scripts/rules-named.mjs'
import { pageOf } from '../../scripts/rules-page.mjs'
import { type Rule, reasonsIn } from '../../scripts/rules-texts.mjs'

const SCRIPT = fileURLToPath(new URL('../../scripts/rules.mjs', import.meta.url))

test('every rule of the protocol has its sentence, and a test that names it or a reason why not; docs/rules.md is current', async t => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT], { encoding: 'utf8' })
  t.equal(status, 0, stderr.trim() || 'nothing is wrong')
  t.equal(stdout.match(/^R\d+ /gm)?.length, 225, 'each rule once')
})

test('numbers are read singly, in lists and in ranges', async t => {
  const rows: [string, number[]][] = [
    ['R1: octets', [1]],
    ['R150, R151: one retry', [150, 151]],
    ['R150-R152, R9', [150, 151, 152, 9]],
    ['R72–74 and R1..R2', [72, 73, 74, 1, 2]],
    ['R1000, XR5, R5x', []],
    ['R12-R10', [12, 10]],
  ]
  for (const [name, rules] of rows) t.same(rulesNamed(name), rules, name)
})

test('tests name rules in front of their titles, and say what they show', async t => {
  const source = `
    // R1: a comment is no title
    test('R2, R4-R5: words', () => t.equal(1, 1, 'R6: of an assertion'))
    for (const what of ['R7: a row']) test(\`R8: \${what} in the middle (\${mode}, \${more})\`, () => {})
    test('R9', () => {})
    test(\`R10: \${what}: \${status}\`, () => {})
    test('words (R11)', () => {})
    test('R12 R13: without a comma', () => {})
    test('no number', () => {})`
  const named = namedIn(source)
  t.same(
    named.filter(({ fault }) => fault === '').map(({ numbers, words }) => [numbers, words]),
    [
      [[2, 4, 5], 'words'],
      [[6], 'of an assertion'],
      [[7], 'a row'],
      [[8], '… in the middle'],
    ],
  )
  t.same(
    named.filter(({ fault }) => fault !== '').map(({ fault }) => fault.replace(/^.*: "|"$/g, '')),
    ['R9', 'R10: …: …', 'words (R11)', 'R12 R13: without a comma'],
  )
})

const RULE: Rule = { level: 'MUST', section: 'RFC 9110 1', binds: 'both sides', rule: 'A sentence.', hopwise: 'So.' }
const NAMED: NamingTest = { file: 'wire/a', numbers: [1, 2], words: 'words', fault: '' }
const REASONS = reasonsIn('| [R3](rules.md#r3) | not done | why |\n| R1 | state | no reason |')

test('inconsistencies are reported', async t => {
  const faults = (rules: Record<string, Rule>, tests: NamingTest[], page?: string): string[] => {
    const chapters = [{ title: 'One', from: 'RFC 9110', rules }]
    return faultsOf(chapters, tests, REASONS, page ?? (rules.R2 ? pageOf(chapters, tests, REASONS) : ''))
  }
  const whole = { R1: RULE, R2: RULE, R3: RULE }
  t.same(faults(whole, [NAMED]), [])
  t.same(faults({ R1: RULE, R3: RULE }, [{ ...NAMED, numbers: [1] }]), ['R2 has no sentence'])
  t.same(faults({ R2: RULE, R1: RULE, R3: RULE }, [NAMED])[0], 'R1 has no sentence')
  t.same(faults({ ...whole, R2: { ...RULE, rule: '' } }, [NAMED]), ['R2 does not say: rule'])
  t.same(faults({ ...whole, R2: null as unknown as Rule }, [NAMED]), [
    'R2 does not say: level, section, binds, rule, hopwise',
  ])
  t.same(faults({ ...whole, R2: { ...RULE, level: 'must' } }, [NAMED]), ['R2: "must" is not a level'])
  t.same(faults({ ...whole, R2: { ...RULE, binds: 'me' } }, [NAMED]), ['R2: "me" is not a value of binds'])
  t.same(faults({ ...whole, R2: { ...RULE, hopwise: 'so' } }, [NAMED]), ['R2: not a sentence: "so"'])
  t.same(faults({ ...whole, R2: { ...RULE, hopwise: 'As R4.' } }, [NAMED]), ['R2 mentions R4, which does not exist'])
  t.same(faults(whole, [{ ...NAMED, numbers: [1] }]), [
    'R2 has neither a test that names it nor a reason in docs/supported-http.md',
  ])
  t.same(faults(whole, [NAMED, { ...NAMED, numbers: [4] }]), [
    'test/wire/a.test.ts names R4, which does not exist: "words"',
  ])
  t.same(faults(whole, [{ ...NAMED, fault: 'a title' }]), ['test/wire/a.test.ts: a title'])
  t.same(faults({ R1: RULE, R2: RULE }, [NAMED]), ['docs/supported-http.md has a reason for R3, which does not exist'])
  t.same(faults(whole, [NAMED], ''), ['docs/rules.md is not current: `npm run rules -- --write` writes it'])
})

test('the page: an anchor, a sentence, and the tests of each rule', async t => {
  const page = pageOf(
    [{ title: 'One', from: 'RFC 9110', rules: { R1: RULE, R2: { ...RULE, hopwise: 'As R1.' }, R3: RULE } }],
    [{ ...NAMED, words: 'OPTIONS * and <b>' }],
    REASONS,
  )
  t.match(page, '\n### R1\n\n**MUST** · RFC 9110 1 · both sides\n\nA sentence.\n\nhopwise: So.\n')
  t.match(page, '<summary>1 test</summary>\n\n- `wire/a`: OPTIONS \\* and \\<b\\>\n')
  t.match(page, '\nhopwise: As [R1](#r1).\n')
  t.match(page, /\n### R3\n[\s\S]*\n\*\*not done\*\*: why\n$/)
})
