// Which rules the tests name. Numbers are at the beginning of a title, or of the name of a row: `R150, R151-R153: words`.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const TESTS = fileURLToPath(new URL('../test/', import.meta.url))
/** The only test in test/house that shows rules; the others are about documents, which contain numbers too. */
const TABLES = 'house/truth-tables.test.ts'

const NUMBER = String.raw`R(\d{1,3})(?:(?:-|–|\.\.)R?(\d{1,3}))?`
const ANYWHERE = new RegExp(String.raw`(?<!\w)${NUMBER}(?!\w)`, 'g')
const IN_FRONT = new RegExp(String.raw`^${NUMBER}(?:, ${NUMBER})*: (?=.*\p{L}|.*\d)`, 'u')

/**
 * The numbers in a text, in order: `R132`, `R150, R151`, `R150-R152`, `R72–74`.
 * @param {string} text
 * @returns {number[]}
 */
export function rulesNamed(text) {
  const found = []
  for (const [, from, to] of text.matchAll(ANYWHERE)) {
    const first = Number(from)
    const last = Number(to ?? from)
    if (last < first) found.push(first, last)
    for (let rule = first; rule <= last; rule++) found.push(rule)
  }
  return found
}

/** What the tests name: `[{ file: 'wire/latin1', numbers: [1], words: 'every byte is one character', fault: '' }]`. */
export function testsThatName() {
  return readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
    .sort()
    .filter(file => file.endsWith('.test.ts') && (!file.startsWith('house/') || file === TABLES))
    .flatMap(file => {
      const named = namedIn(readFileSync(`${TESTS}${file}`, 'utf8'))
      return named.map(it => ({ file: file.slice(0, -'.test.ts'.length), ...it }))
    })
}

/** Titles are in calls or in tables, so every string of a test file counts; comments do not. */
export function namedIn(source) {
  const named = new Map()
  for (const text of stringsOf(source)) {
    if (named.has(text) || !/(?<!\w)R\d{1,3}(?!\w)/.test(text)) continue
    const [front = ''] = IN_FRONT.exec(text) ?? []
    const numbers = rulesNamed(front)
    const words = text.slice(front.length).replace(/ \(…(, …)*\)$/, '')
    const elsewhere = front === '' || rulesNamed(words).length > 0
    named.set(text, {
      numbers,
      words,
      fault: elsewhere ? `numbers belong at the front, followed by words: "${text}"` : '',
    })
  }
  return [...named.values()]
}

function stringsOf(source) {
  const strings = []
  const walk = node => {
    if (ts.isStringLiteralLike(node)) strings.push(node.text)
    // The inserted values are not known here.
    if (ts.isTemplateExpression(node))
      strings.push(node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join(''))
    ts.forEachChild(node, walk)
  }
  walk(ts.createSourceFile('test.ts', source, ts.ScriptTarget.ES2023))
  return strings
}
