// Prints each rule of the protocol (R1 to R225) with the tests that name it, or with the reason why it has none.
// `npm run rules`. Exit code 1 when a rule is nowhere.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LAST_RULE = 225
const REASONS = 'docs/supported-http.md'

/**
 * The rules that a text names: `R132`, `R150, R151`, `R150-R152`, `R72–74`.
 * @param {string} text
 * @returns {number[]}
 */
export function rulesNamed(text) {
  const found = []
  for (const [, from, to] of text.matchAll(/(?<!\w)R(\d{1,3})(?:(?:-|–|\.\.)R?(\d{1,3}))?(?!\w)/g)) {
    const first = Number(from)
    const last = Number(to ?? from)
    if (last < first) found.push(first, last)
    for (let rule = first; rule <= last; rule++) found.push(rule)
  }
  return found.filter(rule => rule >= 1 && rule <= LAST_RULE)
}

/** Where each rule is named: rule -> `file: test name`. Names stand in calls or in tables, so every string of a test file counts; comments do not. */
function testsByRule() {
  const tests = new Map()
  for (const file of readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' }).sort()) {
    if (!file.endsWith('.test.ts') || file.startsWith('house/')) continue
    const path = `test/${file}`
    for (const text of stringsOf(path)) {
      for (const rule of rulesNamed(text)) tests.set(rule, (tests.get(rule) ?? new Set()).add(`${path}: ${text}`))
    }
  }
  return tests
}

function stringsOf(path) {
  const strings = []
  const walk = node => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) strings.push(node.text)
    ts.forEachChild(node, walk)
  }
  walk(ts.createSourceFile(path, readFileSync(join(ROOT, path), 'utf8'), ts.ScriptTarget.ES2023))
  return strings
}

/** Rows `| R209 | not done | why |`: rule -> `not done: why`. */
function reasonsByRule() {
  const reasons = new Map()
  if (!existsSync(join(ROOT, REASONS))) return reasons
  for (const line of readFileSync(join(ROOT, REASONS), 'utf8').split('\n')) {
    const [, numbers, state, why] = /^\|([^|]*)\|\s*(not [^|]*?)\s*\|\s*(\S[^|]*?)\s*\|\s*$/.exec(line) ?? []
    for (const rule of rulesNamed(numbers ?? '')) reasons.set(rule, `${state}: ${why}`)
  }
  return reasons
}

function main() {
  const tests = testsByRule()
  const reasons = reasonsByRule()
  const nowhere = []
  for (let rule = 1; rule <= LAST_RULE; rule++) {
    const named = [...(tests.get(rule) ?? [])]
    const reason = reasons.get(rule)
    if (named.length === 0 && !reason) nowhere.push(`R${rule}`)
    console.log(`R${rule} ${[...(reason ? [reason] : []), ...named].join('\n     ') || 'NOWHERE'}`)
  }
  const tested = [...tests.keys()].length
  console.log(
    `\n${tested} of ${LAST_RULE} rules are named by a test, ${reasons.size} have a reason in ${REASONS}, ${nowhere.length} are nowhere.`,
  )
  if (nowhere.length === 0) return
  console.error(`Neither tested by name nor explained in ${REASONS}: ${nowhere.join(', ')}`)
  process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
