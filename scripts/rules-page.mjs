// docs/rules.md, made of the texts and of the tests' names.
import { numberOf } from './rules-texts.mjs'

const HEAD = `<!-- Made by \`npm run rules -- --write\` of docs/rules/*.yaml and of the tests' names. Edit those. -->

# Rules of HTTP/1.x for a proxy

Each rule that binds an HTTP/1.x intermediary: how binding it is, where it stands, whom it concerns, what hopwise does, and the tests that show it. The
sentences are ours and short; the document that is named decides.

- **MUST**, **SHOULD**, **MAY**: as in the document (RFC 2119). **fact**: it says so without such a word. **ours**: no document does, or it leaves it open.
- **toward clients**: hopwise as a server. **toward upstreams**: hopwise as a client. A reverse proxy looks like an origin to its clients and like a client to
  its upstreams, so those rules bind it, too.
- A rule that is not done, or does not apply, says why; [supported-http.md](supported-http.md) has them in one table.

A number never changes its meaning. Tests name it in front of their titles (\`R132: …\`), and \`npm run rules\` prints all of this.
`

/** The whole page. */
export function pageOf(chapters, tests, reasons) {
  const parts = [HEAD, contents(chapters)]
  for (const [i, chapter] of chapters.entries()) {
    parts.push(`## ${i + 1}. ${chapter.title}\n\nFrom ${chapter.from}.\n`)
    for (const [name, rule] of Object.entries(chapter.rules))
      parts.push(ruleText(name, rule, reasons.get(numberOf(name))), testsText(numberOf(name), tests))
  }
  return `${parts.filter(Boolean).join('\n').trimEnd()}\n`
}

function contents(chapters) {
  const lines = chapters.map(({ title, rules }, i) => {
    const names = Object.keys(rules)
    const anchor = `${i + 1}. ${title}`
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-')
    return `${i + 1}. [${title}](#${anchor}): ${names[0]} to ${names.at(-1)}`
  })
  return `${lines.join('\n')}\n`
}

function ruleText(name, { level, section, binds, rule, hopwise }, reason) {
  const lines = [
    `### ${name}`,
    '',
    `**${level}** · ${section} · ${binds}`,
    '',
    linked(rule),
    '',
    `hopwise: ${linked(hopwise)}`,
    '',
  ]
  if (reason) lines.push(`**${reason.state}**: ${linked(reason.why)}`, '')
  return lines.join('\n')
}

/** Numbers lead to their rules. */
function linked(text) {
  return text.replace(/(?<![\w[#])R(\d{1,3})(?!\w)/g, '[R$1](#r$1)')
}

function testsText(number, tests) {
  const named = tests.filter(({ numbers }) => numbers.includes(number))
  if (named.length === 0) return ''
  const rows = named.map(({ file, words }) => `- \`${file}\`: ${plain(words)}`)
  return `<details><summary>${named.length} ${named.length === 1 ? 'test' : 'tests'}</summary>\n\n${rows.join('\n')}\n\n</details>\n`
}

/** As text, whatever stands in it. */
function plain(words) {
  return words.replace(/[\\`*_<>[\]|]/g, '\\$&').replace(/\s+/g, ' ')
}
