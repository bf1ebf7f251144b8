import * as yaml from 'yaml'
import { visible } from '../wire/visible.js'
import type { Configuration } from './configuration.js'
import { type Path, withoutSecrets } from './findings.js'
import { type Place, placeAt } from './places.js'
import type { Reading } from './read.js'

/**
 * A configuration with all its defaults as YAML, each line with the source of its value: `# line 12`,
 * `# line 12, ${PORT}`, `# default`. It can be read again, except for passwords, which are asterisks.
 */
export function printConfiguration(configuration: Configuration, reading: Reading): string {
  const document = new yaml.Document(printable(configuration))
  const positions = new Positions()
  yaml.visit(document, {
    Scalar(key, node, ancestors) {
      // Characters that a terminal acts on are escaped, which is possible within double quotes only.
      if (typeof node.value === 'string' && visible(node.value) !== node.value) node.type = 'QUOTE_DOUBLE'
      if (key === 'key') return
      node.comment = ` ${sourceOf(pathOf(ancestors, key, positions), reading)}`
    },
    Collection(key, node, ancestors) {
      if (node.items.length > 0) return
      node.flow = true
      node.comment = ` ${sourceOf(pathOf(ancestors, key, positions), reading)}`
    },
  })
  return document.toString({ lineWidth: 0 }).replace(/[\p{Cf}\p{Zl}\p{Zp}\x7f-\x9f]/gu, escapedInYaml)
}

/** A character as YAML escapes it within double quotes (YAML 1.2.2 5.7). */
function escapedInYaml(letter: string): string {
  const hex = (letter.codePointAt(0) ?? 0).toString(16)
  return hex.length <= 2 ? `\\x${hex}` : hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}

/** For display: without passwords, and with dollar signs that stay dollar signs when it is read again. */
function printable(value: unknown): unknown {
  return mapText(value, text => withoutSecrets(text).replaceAll('$', '$$$$'))
}

/** The configuration for programs: without passwords. */
export function shownConfiguration(configuration: Configuration): unknown {
  return mapText(configuration, withoutSecrets)
}

function mapText(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(item => mapText(item, change))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapText(item, change)]))
}

/** The path of a node from the nodes around it. */
function pathOf(ancestors: readonly unknown[], key: unknown, positions: Positions): Path {
  const path: (string | number)[] = []
  for (const [i, node] of ancestors.entries()) {
    const inner = ancestors[i + 1]
    if (yaml.isPair(node)) path.push(String(yaml.isScalar(node.key) ? node.key.value : node.key))
    else if (yaml.isSeq(node)) path.push(inner === undefined ? Number(key) : positions.of(node, inner))
  }
  return path
}

/** The indexes of the items of lists, computed once for each list. */
class Positions {
  readonly #lists = new WeakMap<yaml.YAMLSeq, ReadonlyMap<unknown, number>>()

  of(list: yaml.YAMLSeq, item: unknown): number {
    const known = this.#lists.get(list) ?? new Map(list.items.map((one, i) => [one, i]))
    this.#lists.set(list, known)
    return known.get(item) ?? -1
  }
}

function sourceOf(path: Path, { place, position }: Reading): string {
  const found = placeAt(place, path) ?? shortFormOf(place, path)
  if (found === undefined) return 'default'
  const { line } = position(found.value.from)
  return [`line ${line}`, ...found.variables.map(name => `\${${name}}`)].join(', ')
}

/** A value written in short form: a server as its URL, a list of one item as the item. */
function shortFormOf(root: Place, path: Path): Place | undefined {
  const last = path.at(-1)
  const around = placeAt(root, path.slice(0, -1))
  return around !== undefined && around.children === undefined && (last === 'url' || last === 0) ? around : undefined
}
