import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { NUMBERS } from '../../lib/cli/option-table.js'
import { DEADLINES, type DeadlineName, optionName } from '../../lib/link/deadlines.js'
import { timeoutOf } from '../../lib/link/timeouts.js'

const ROOT = new URL('../../', import.meta.url)

export const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8')

/** What happens when a deadline passes. Taken from `timeoutOf` where it knows, so that it is not written twice. */
const PASSED: Readonly<Record<DeadlineName, string>> = {
  connectMs: '504, `connection_timeout`',
  tlsMs: '504, `connection_timeout`',
  resolveMs: '504, `dns_timeout`',
  queueMs: '503, `connection_limit_reached`',
  requestHeadMs: answered('client', 'requestHeadMs'),
  requestBodyMs: `${answered('client', 'requestBodyMs')}; if the upstream takes nothing: ${answered('upstream', 'requestBodyMs')}`,
  responseHeadMs: answered('upstream', 'responseHeadMs'),
  responseBodyMs: `${answered('upstream', 'responseBodyMs')}; within a response that has begun: \`response-truncated\``,
  clientIdleMs: '`client-idle`',
  clientIdleHttp10Ms: '`client-idle`',
  clientWriteMs: '`client-write-timeout`',
  upstreamIdleMs: '`upstream-idle`, with a hint `upstream-hint`, with a lesson `upstream-learned`',
  tunnelIdleMs: '`tunnel-idle`',
  halfClosedMs: '`client-fin`, upstream `client-gone`',
  continueMs: 'nothing closes: the client is told to go on',
  lingerMs: 'the connection closes for the reason that it had',
  discardMs: '`content-unread`',
  exchangeMs: answered('client', 'exchangeMs'),
  announceMs: 'the listener closes, and `drainMs` begins',
  drainMs: '`shutdown`',
}

function answered(side: 'client' | 'upstream', name: DeadlineName): string {
  const { error, clientReason, upstreamReason } = timeoutOf(side, name, DEADLINES)
  return `${error.status}, \`${error.type}\`, \`${side === 'client' ? clientReason : upstreamReason}\``
}

/** The three tables of docs/limits.md, by the name of their part. */
export function limitTables(): Record<string, string> {
  const rows = (table: string, cells: (key: string) => string[]) =>
    Object.values(NUMBERS)
      .filter(number => number.table === table)
      .map(({ key, standard, about }) => [`\`--${optionName(key)}\``, whole(standard), `${about}.`, ...cells(key)])
  const deadlines = reasonsIn('lib/link/deadlines.ts', 'DEADLINES')
  const limits = reasonsIn('lib/link/limits.ts', 'LIMITS')
  const grammar = reasonsIn('lib/wire/limits.ts', 'GRAMMAR_LIMITS')
  const reasonOf = (reasons: Map<string, string>, key: string) => reasons.get(key) ?? ''
  return {
    deadlines: markdown(
      ['option', 'ms', 'what', 'when it has passed', 'why so long'],
      rows('deadlines', key => [PASSED[key as DeadlineName], reasonOf(deadlines, key)]),
    ),
    limits: markdown(
      ['option', 'default', 'what', 'why so many'],
      rows('limits', key => [reasonOf(limits, key)]),
    ),
    grammar: markdown(
      ['option', 'default', 'what', 'why so much'],
      rows('grammar', key => [`${sentence(reasonOf(grammar, key))}.`]),
    ),
  }
}

/** The comments of a table of numbers, by key: why it has its value. They are before the key, or after it on its line. */
export function reasonsIn(path: string, table: string): Map<string, string> {
  const text = read(path)
  const reasons = new Map<string, string>()
  const walk = (node: ts.Node) => {
    if (ts.isVariableDeclaration(node) && node.name.getText() === table && node.initializer)
      for (const property of (node.initializer as ts.ObjectLiteralExpression).properties) {
        const behind = /^,[ \t]*\/\/ *(.*)$/m.exec(text.slice(property.end, text.indexOf('\n', property.end)))?.[1]
        const before = (ts.getLeadingCommentRanges(text, property.pos) ?? [])
          .filter(({ pos }) => !text.slice(property.pos, pos).startsWith(' '))
          .map(({ pos, end }) => text.slice(pos, end).replace(/^\/\/ */, ''))
          .join(' ')
        reasons.set(property.name?.getText() ?? '', behind ?? before)
      }
    ts.forEachChild(node, walk)
  }
  walk(ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true))
  return reasons
}

/** The text between `<!-- name -->` and `<!-- /name -->`. */
export function part(text: string, name: string): string {
  return new RegExp(`<!-- ${name} -->\\n([\\s\\S]*?)<!-- /${name} -->`).exec(text)?.[1]?.trim() ?? ''
}

/** The rows of a Markdown table, without its head, each as its cells. */
export function rowsOf(table: string): string[][] {
  return table
    .split('\n')
    .filter(line => line.startsWith('|'))
    .slice(2)
    .map(line =>
      line
        .slice(1, -1)
        .split('|')
        .map(cell => cell.trim()),
    )
}

function markdown(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

function whole(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
