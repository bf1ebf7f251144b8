import { writeFileSync } from 'node:fs'
import { test } from 'tap'
import { NUMBERS } from '../../lib/cli/option-table.js'
import { CLOSE_REASONS } from '../../lib/policy/close-reason.js'
import { limitTables, part, read, reasonsIn, rowsOf } from './references.js'

test('docs/limits.md has every deadline and limit, with its default and its reason', async t => {
  const path = 'docs/limits.md'
  const tables = limitTables()
  if (process.env.UPDATE_DOCS) {
    let text = read(path)
    for (const [name, table] of Object.entries(tables))
      text = text.replace(
        new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- /${name} -->)`),
        (_all, begin, end) => `${begin}${table}\n${end}`,
      )
    writeFileSync(new URL(`../../${path}`, import.meta.url), text)
  }
  const text = read(path)
  for (const [name, table] of Object.entries(tables)) {
    t.equal(part(text, name), table, `${name}; UPDATE_DOCS=1 npx tap run test/house/references.test.ts rewrites it`)
    for (const cells of rowsOf(table))
      t.ok(
        cells.every(cell => cell !== '' && cell !== '.'),
        `${cells[0]}`,
      )
  }
})

test('a reason is before its number, or after it on the line', async t => {
  t.match(reasonsIn('lib/link/deadlines.ts', 'DEADLINES').get('connectMs'), /^A lost SYN/)
  t.match(reasonsIn('lib/link/deadlines.ts', 'DEADLINES').get('tlsMs'), /^Two round trips/)
  t.match(reasonsIn('lib/wire/limits.ts', 'GRAMMAR_LIMITS').get('emptyLinesMax'), /^RFC 9112 2\.2/)
})

test('docs/close-reasons.md has every reason, its sentence, and what to do', async t => {
  const rows = rowsOf(read('docs/close-reasons.md'))
  t.same(
    rows.map(([reason, sentence]) => [reason, sentence]),
    Object.entries(CLOSE_REASONS).map(([reason, sentence]) => [`\`${reason}\``, sentence]),
  )
  for (const [reason, , todo] of rows) t.match(todo, /^[A-Z`].*\.$/, `${reason}`)
})

test('docs/limits.md: shared resources have the bounds in the code, and existing options', async t => {
  const rows = rowsOf(part(read('docs/limits.md'), 'shared'))
  t.ok(rows.length > 20)
  const options = new Set([...Object.values(NUMBERS).map(({ key }) => key), ...GUARDS])
  for (const cells of rows) {
    const text = cells.join(' ')
    for (const [, name, value = '', file = ''] of text.matchAll(/`(\w+)` = ([\d,]+)[^(]*\(`([^`]+)`\)/g)) {
      const written = new RegExp(`\\b${name}\\b(?::| =) ([\\d_]+)`).exec(read(file))?.[1]
      t.equal(Number(written?.replaceAll('_', '')), Number(value.replaceAll(',', '')), `${name} in ${file}`)
    }
    for (const [, name = ''] of text.matchAll(/`([a-z]+[A-Z]\w*)`(?! =)/g))
      t.ok(options.has(name), `${name} is an option`)
  }
})

/** Keys of the file whose numbers are not on this page. */
const GUARDS = [
  ...['requestsPerSecond', 'connectionsPerSecond', 'failedLoginsPerMinute', 'uploadBytesPerSecondMin', 'handshakeMs'],
  ...['bufferRequestBytes', 'ejectedPercentMax'],
]
