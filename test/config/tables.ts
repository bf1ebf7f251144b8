import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type SchemaNode, sections } from '../../lib/config/json-schema.js'

const ROOT = new URL('../../', import.meta.url)

export const pathTo = (name: string): string => fileURLToPath(new URL(name, ROOT))

export const read = (name: string): string => readFileSync(new URL(name, ROOT), 'utf8')

/** Sections that only override another table: not shown twice. */
const SAME_AS: Readonly<Record<string, string>> = {
  'listeners[].limits': 'limits',
  'listeners[].deadlines': 'deadlines',
  'listeners[].grammar': 'grammar',
  'upstreams.*.limits': 'limits',
  'upstreams.*.deadlines': 'deadlines',
}

/** The sections of docs/configuration.md: for each mapping a table of its keys. */
export function keyTables(): string {
  return sections()
    .map(({ path, node }) => {
      const heading = `### ${path === '' ? 'The file' : path}`
      const same = SAME_AS[path]
      if (same === undefined) return `${heading}\n\n${tableOf(node)}`
      const keys = Object.keys(node.properties ?? {})
      const which = path.startsWith('upstreams') ? `${keys.map(key => `\`${key}\``).join(', ')} of` : 'Any key of'
      return `${heading}\n\n${which} [${same}](#${same}); a key that is not given comes from there.`
    })
    .join('\n\n')
}

function tableOf({ properties = {}, required = [] }: SchemaNode): string {
  const rows = Object.entries(properties).map(([key, node]) => [
    `\`${key}\``,
    typeOf(node),
    required.includes(key) ? 'required' : defaultOf(node),
    cell(node.description ?? ''),
  ])
  return [['key', 'value', 'default', 'meaning'], ['---', '---', '---', '---'], ...rows]
    .map(cells => `| ${cells.join(' | ')} |`)
    .join('\n')
}

function typeOf(node: SchemaNode): string {
  if (node.anyOf) return node.anyOf.map(typeOf).join(' or ')
  if (node.enum) return node.enum.map(value => `\`${value}\``).join(', ')
  if (node.const !== undefined) return `\`${node.const}\``
  if (node.type === 'array') return `list of ${typeOf(node.items ?? {}).replace(/\b(text|mapping)\b/g, '$1s')}`
  if (node.type === 'object') return node.properties ? 'mapping' : 'mapping of names'
  if (node.type === 'integer')
    return `number, ${node.minimum}${node.maximum === undefined ? ' or more' : ` to ${node.maximum}`}`
  return node.type === 'boolean' ? '`true`, `false`' : 'text'
}

function defaultOf(node: SchemaNode): string {
  return node.default === undefined ? '' : `\`${JSON.stringify(node.default).replaceAll('"', '')}\``
}

const cell = (text: string): string => text.replace(/[|*]/g, '\\$&')
