// Prints each rule of the protocol: its text, what hopwise does, the tests that name it, or the reason why it is not
// implemented. `npm run rules` fails if these are inconsistent; `npm run rules -- --write` writes docs/rules.md first.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rulesNamed, testsThatName } from './rules-named.mjs'
import { pageOf } from './rules-page.mjs'
import { faultsOfTexts, numberOf, readChapters, readReasons } from './rules-texts.mjs'

const PAGE = new URL('../docs/rules.md', import.meta.url)

/**
 * Everything that is wrong, each as a sentence; empty if the rules, their tests and their reasons are consistent.
 * @param chapters as `readChapters` gives them
 * @param tests as `testsThatName` gives them
 * @param reasons as `readReasons` gives them
 * @param page the text of docs/rules.md
 */
export function faultsOf(chapters, tests, reasons, page) {
  const rules = new Set(chapters.flatMap(chapter => Object.keys(chapter.rules)))
  const faults = faultsOfTexts(chapters)
  if (faults.length > 0) return faults // nothing else can be checked against them
  for (const { file, numbers, words, fault } of tests) {
    if (fault !== '') faults.push(`test/${file}.test.ts: ${fault}`)
    for (const number of numbers)
      if (!rules.has(`R${number}`))
        faults.push(`test/${file}.test.ts names R${number}, which does not exist: "${words}"`)
  }
  for (const number of reasons.keys())
    if (!rules.has(`R${number}`))
      faults.push(`docs/supported-http.md has a reason for R${number}, which does not exist`)
  for (const [name, { rule, hopwise }] of chapters.flatMap(chapter => Object.entries(chapter.rules)))
    for (const number of rulesNamed(`${rule} ${hopwise}`))
      if (!rules.has(`R${number}`)) faults.push(`${name} mentions R${number}, which does not exist`)
  const shown = new Set([...reasons.keys(), ...tests.flatMap(({ numbers }) => numbers)])
  for (const rule of rules)
    if (!shown.has(numberOf(rule)))
      faults.push(`${rule} has neither a test that names it nor a reason in docs/supported-http.md`)
  if (page !== pageOf(chapters, tests, reasons))
    faults.push('docs/rules.md is not current: `npm run rules -- --write` writes it')
  return faults
}

function main() {
  const chapters = readChapters()
  const reasons = readReasons()
  const tests = testsThatName()
  const whole = faultsOfTexts(chapters).length === 0
  if (whole && process.argv.includes('--write')) writeFileSync(PAGE, pageOf(chapters, tests, reasons))
  const faults = faultsOf(chapters, tests, reasons, readFileSync(PAGE, 'utf8'))
  if (whole) print(chapters, tests, reasons)
  if (faults.length === 0) return
  console.error(faults.join('\n'))
  process.exitCode = 1
}

function print(chapters, tests, reasons) {
  let count = 0
  for (const [name, rule] of chapters.flatMap(chapter => Object.entries(chapter.rules))) {
    count++
    console.log(`${name} ${rule.level}, ${rule.section}, ${rule.binds}: ${rule.rule}`)
    console.log(`     hopwise: ${rule.hopwise}`)
    const reason = reasons.get(numberOf(name))
    if (reason) console.log(`     ${reason.state}: ${reason.why}`)
    for (const { file, numbers, words } of tests)
      if (numbers.includes(numberOf(name))) console.log(`     ${file}: ${words}`)
  }
  const named = new Set(tests.flatMap(({ numbers }) => numbers))
  console.log(
    `\n${count} rules, ${named.size} of them named by a test, ${reasons.size} with a reason in docs/supported-http.md.`,
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
