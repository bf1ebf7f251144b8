import { z } from 'zod'
import type { Path } from './findings.js'
import { SCHEMA } from './schema.js'

/** The part of JSON Schema that our schema uses. */
export interface SchemaNode {
  description?: string
  type?: string
  default?: unknown
  properties?: Record<string, SchemaNode>
  required?: string[]
  additionalProperties?: boolean | SchemaNode
  propertyNames?: SchemaNode
  patternProperties?: Record<string, SchemaNode>
  items?: SchemaNode
  anyOf?: SchemaNode[]
  enum?: unknown[]
  const?: unknown
  minimum?: number
  maximum?: number
  [keyword: string]: unknown
}

/** Top-level keys with this prefix hold anchors; their values are ignored. */
export const NOTE_KEYS = /^x-/

let made: SchemaNode | undefined

/** The JSON Schema of a configuration file, in draft 7, which every editor knows. Defaults that are only {} are left out. */
export function jsonSchema(): SchemaNode {
  if (made) return made
  const { $schema, ...rest } = z.toJSONSchema(SCHEMA, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema: node }) => {
      if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum
      if (JSON.stringify(node.default) === '{}') delete node.default
    },
  })
  made = {
    $schema,
    title: 'hopwise.yaml',
    description: 'The configuration of hopwise: hopwise serve --config hopwise.yaml',
    ...(rest as SchemaNode),
    patternProperties: {
      [NOTE_KEYS.source]: { description: 'Any value, to hold anchors: hopwise ignores it.' },
    },
  }
  return made
}

/** The text of config/hopwise.schema.json. */
export function jsonSchemaText(): string {
  return `${JSON.stringify(jsonSchema(), null, 2)}\n`
}

/** The schema of the value at a path: one node for each form that it may have. */
export function nodesAt(path: Path): SchemaNode[] {
  let nodes = [jsonSchema()]
  for (const part of path) {
    nodes = nodes
      .flatMap(formsOf)
      .map(node => childOf(node, part))
      .filter(child => child !== undefined)
  }
  return nodes.flatMap(formsOf)
}

function childOf({ items, properties = {}, additionalProperties }: SchemaNode, part: string | number) {
  if (typeof part === 'number') return items
  const own = Object.hasOwn(properties, part) ? properties[part] : undefined
  return own ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined)
}

function formsOf(node: SchemaNode): SchemaNode[] {
  return node.anyOf
    ? node.anyOf.map(form => ({ ...node, anyOf: undefined, ...form }) as SchemaNode).flatMap(formsOf)
    : [node]
}

/** The keys that a mapping at this path may have. */
export function keysAt(path: Path): string[] {
  return nodesAt(path).flatMap(({ properties }) => Object.keys(properties ?? {}))
}

/** A mapping of the file: `listeners[].routes[]`, `upstreams.*`; '' is the file itself. */
export interface Section {
  path: string
  node: SchemaNode
}

/** Every mapping with its own keys, from the top down, in the order of the schema. */
export function sections(): Section[] {
  const found: Section[] = []
  const walk = (node: SchemaNode, path: string) => {
    for (const form of formsOf(node)) {
      if (form.properties) found.push({ path, node: form })
      for (const [key, inner] of Object.entries(form.properties ?? {}))
        walk(inner, path === '' ? key : `${path}.${key}`)
      if (form.items) walk(form.items, `${path}[]`)
      if (typeof form.additionalProperties === 'object') walk(form.additionalProperties, `${path}.*`)
    }
  }
  walk(jsonSchema(), '')
  return found
}
