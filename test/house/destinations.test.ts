import { writeFileSync } from 'node:fs'
import { test } from 'tap'
import { METADATA_NAMES, SPECIAL_BLOCKS } from '../../lib/net/upstream/special-addresses.js'
import { CLOSED_PORTS } from '../../lib/policy/closed-ports.js'
import { part, read } from './references.js'

const PATH = 'docs/destinations.md'

test('docs/destinations.md has each closed port, each special block and each name', async t => {
  const tables = {
    names: [...METADATA_NAMES].map(name => `\`${name}\``).join(', '),
    ports: table(
      ['port', 'what listens there'],
      [...CLOSED_PORTS].map(([port, service]) => [`${port}`, service]),
    ),
    addresses: table(
      ['block', 'what it is', 'why not'],
      SPECIAL_BLOCKS.map(({ block, kind, why }) => [block, kind, why]),
    ),
  }
  if (process.env.UPDATE_DOCS) {
    let text = read(PATH)
    for (const [name, written] of Object.entries(tables))
      text = text.replace(
        new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- /${name} -->)`),
        (_all, begin, end) => `${begin}${written}\n${end}`,
      )
    writeFileSync(new URL(`../../${PATH}`, import.meta.url), text)
  }
  const text = read(PATH)
  for (const [name, written] of Object.entries(tables))
    t.equal(part(text, name), written, `UPDATE_DOCS=1 npx tap run test/house/destinations.test.ts rewrites ${name}`)
})

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}
