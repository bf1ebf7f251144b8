import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { rulesNamed } from '../../scripts/rules-named.mjs'
import { read } from './references.js'

// Where a document refers its reader elsewhere, the target exists.

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const DOCUMENTS = ['', 'docs', 'docs/decisions', 'docs/lab', 'bench', 'config'].flatMap(folder =>
  readdirSync(join(ROOT, folder))
    .filter(name => name.endsWith('.md'))
    .map(name => join(folder, name)),
)
/** The document that explains each rule, and what hopwise does about it. */
const RULES_PAGE = 'docs/rules.md'

/** A document without its fenced blocks. */
const prose = (path: string): string => read(path).replaceAll(/^```[\s\S]*?^```$/gm, '')

/** The anchors of the headings of a document: `## Last, not least` is `#last-not-least`, a second one `#last-not-least-1`. */
function anchorsOf(text: string): ReadonlySet<string> {
  const found = new Set<string>()
  for (const [, heading = ''] of text.matchAll(/^#{1,6} +(.*?) *#*$/gm)) {
    const bare = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = bare.replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '').replaceAll(' ', '-')
    let nth = 0
    while (found.has(nth === 0 ? anchor : `${anchor}-${nth}`)) nth++
    found.add(nth === 0 ? anchor : `${anchor}-${nth}`)
  }
  return found
}

/** Links to a heading that does not exist. */
function brokenAnchors(path: string, text: string, textOf: (path: string) => string): string[] {
  return [...text.matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)].flatMap(([, file = '', anchor = '']) => {
    const target = file === '' ? path : normalize(join(dirname(path), file))
    return target.endsWith('.md') && !anchorsOf(textOf(target)).has(decodeURIComponent(anchor))
      ? [`${file}#${anchor}`]
      : []
  })
}

/** Unknown rules, and rules that are not where the reader is sent: `R71 in [the list](list.md)`, by default docs/rules.md. */
function unknownRules(path: string, text: string, textOf: (path: string) => string): string[] {
  const sent = [...text.matchAll(/((?:(?<!\w)R\d{1,3}(?:, | and |-|–)?)+) in \[[^\]]*\]\(([^)#\s]+)[^)]*\)/g)]
  const elsewhere = sent.flatMap(([, rules = '', file = '']) => {
    const there = new Set(rulesNamed(textOf(normalize(join(dirname(path), file)))))
    return rulesNamed(rules).filter(rule => !there.has(rule))
  })
  const listed = new Set(rulesNamed(textOf(RULES_PAGE)))
  const beyond = [...text.matchAll(/(?<!\w)R(\d+)(?!\w)/g)].filter(([, rule]) => Number(rule) > Math.max(...listed))
  const nowhere = path === RULES_PAGE ? [] : rulesNamed(text).filter(rule => !listed.has(rule))
  return [...new Set([...beyond.map(([rule]) => rule), ...[...elsewhere, ...nowhere].map(rule => `R${rule}`)])]
}

test('links to a part of a document lead to an existing heading', async t => {
  for (const path of DOCUMENTS) t.same(brokenAnchors(path, prose(path), prose), [], path)
})

test('a rule that a document names is where its reader is sent', async t => {
  // CONTRIBUTING.md only shows what rule numbers look like.
  for (const path of DOCUMENTS.filter(name => name !== 'CONTRIBUTING.md'))
    t.same(unknownRules(path, prose(path), prose), [], path)
})

test('source files that a document names exist', async t => {
  for (const path of DOCUMENTS.filter(name => name !== 'CHANGELOG.md' && name !== RULES_PAGE)) {
    const named = [
      ...prose(path).matchAll(
        /`((?:lib|test|docs|config|bench|scripts|bin|net|wire|policy|link|proxy|admin|daemon)\/[\w./-]*\w)`/g,
      ),
    ]
    t.same(
      // docs/architecture.md names files without `lib/`: `net/accept.ts`.
      named
        .map(([, file = '']) => file)
        .filter(file => !file.endsWith('node_modules') && !['', 'lib'].some(at => existsSync(join(ROOT, at, file)))),
      [],
      path,
    )
  }
})

test('these tests find what they look for', async t => {
  const other = '# Other\n\n## A part: `x`, 2 of them\n\n## Twice\n## Twice\n\nR7 is here.'
  const textOf = (path: string) => (path === RULES_PAGE ? 'R1, R7-R9' : other)
  const broken = (text: string) => brokenAnchors('docs/a.md', text, textOf)
  t.same(broken('[a](b.md#a-part-x-2-of-them) [b](b.md#twice-1) [c](https://x/#y) [d](#other)'), [])
  t.same(broken('[a](b.md#part) [b](b.md#twice-2)'), ['b.md#part', 'b.md#twice-2'])
  const unknown = (text: string) => unknownRules('docs/a.md', text, textOf)
  t.same(unknown('R7 and R8, or R7 in [that](b.md)'), [])
  t.same(unknown('R7, R8 in [that](b.md)'), ['R8'])
  t.same(unknown('R1, R10, R999 and SIGUSR2, R2D2'), ['R10', 'R999'])
})
