import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { load, PAGE } from './modules.js'

const { WORDS, wordsOf, languageOf } = await load('words.js')

t.test('both languages have the same words, with the same things filled in', async t => {
  t.strictSame(Object.keys(WORDS.ko), Object.keys(WORDS.en))
  const filled = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()
  for (const [word, text] of Object.entries(WORDS.en)) {
    const korean = filled(WORDS.ko[word]!)
    t.ok(
      korean.every(name => filled(text).includes(name)),
      `${word}: ${korean} of ${filled(text)}`,
    )
  }
})

t.test('Korean is Korean', async t => {
  const same = ['ms.below', 'title.short', 'row.fin', 'closing.by', 'bytes.title', 'player.at', 'waits.of']
  for (const [word, text] of Object.entries(WORDS.ko))
    if (!same.includes(word)) t.match(text, /[가-힣]/, `${word}: ${text}`)
})

t.test('every word is used, and every word that is used is there', async t => {
  const own = readdirSync(PAGE).filter(
    name => name.endsWith('.js') && !name.startsWith('workbench') && name !== 'words.js',
  )
  const sources = own.map(name => readFileSync(new URL(name, PAGE), 'utf8')).join('\n')
  const unused = Object.keys(WORDS.en).filter(word => !sources.includes(`'${word}'`) && !isBuilt(word, sources))
  t.strictSame(unused, [])
  for (const [, word = ''] of sources.matchAll(/\bsay\('([\w.-]+)'/g)) t.ok(word in WORDS.en, word)
})

/** Words with computed keys: say(`row.${kind}.many`). */
function isBuilt(word: string, sources: string): boolean {
  const patterns = [...sources.matchAll(/\bsay\(\s*`([^`]+)`/g)].map(([, text = '']) =>
    text.replaceAll('.', '\\.').replace(/\$\{[^}]+\}+\)*/g, '[\\w.-]+'),
  )
  return patterns.some(pattern => new RegExp(`^${pattern}$`).test(word)) || WORDS_OF_EVENTS.includes(word)
}

/** Words whose key comes from an event. */
const WORDS_OF_EVENTS = ['observed', 'not-observed', 'too-busy', 'impossible']

t.test('values are filled in, and the first known language is chosen', async t => {
  t.equal(wordsOf('en')('row.open', { c: 'c1' }), 'c1 opens')
  t.equal(wordsOf('ko')('octets.many', { n: 5 }), '5바이트')
  t.equal(languageOf(null, undefined, 'ko-KR'), 'ko')
  t.equal(languageOf('fr', 'ko'), 'ko')
  t.equal(languageOf('en', 'ko'), 'en')
  t.equal(languageOf('de'), 'en')
})

t.test('every reason of the ledger has a Korean text', async t => {
  const { REASONS_KO } = await load('reasons.js')
  const policy = new URL('../../../lib/policy/', import.meta.url)
  const sources = readdirSync(policy).map(name => readFileSync(new URL(name, policy), 'utf8'))
  const reasons = sources.flatMap(text => [...text.matchAll(/\breason: '([^']+)'/g)].map(([, reason = '']) => reason))
  t.ok(reasons.length > 40)
  for (const reason of reasons) t.match(REASONS_KO[reason] ?? '', /[가-힣]/, reason)
})
