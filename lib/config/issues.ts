import type { z } from 'zod'
import { didYouMean } from '../proxy/options/did-you-mean.js'
import { type Complaint, error, valueAt } from './complaint.js'
import { inWords, type Path, show, writePath } from './findings.js'
import { keysAt, nodesAt, type SchemaNode, sections } from './json-schema.js'

type Issue = z.core.$ZodIssue

/** Turns the issues of the schema into messages. @param variablesAt the variables that the value at a path contains */
export function complaintsOf(
  issues: readonly Issue[],
  root: unknown,
  variablesAt: (path: Path) => readonly string[],
): Complaint[] {
  const complaints = issues.flatMap(issue => complaintsAbout(issue, [], root, variablesAt))
  // A key that is missing because it is misspelt is reported once.
  const meant = new Set(complaints.map(complaint => complaint.meant).filter(path => path !== undefined))
  return complaints.filter(({ path, absent }) => absent !== true || !meant.has(writePath(path)))
}

/** A complaint with what only this module needs to know. */
type Found = Complaint & {
  /** The path of the key that was probably meant. */
  meant?: string
  /** The key is missing. */
  absent?: true
}

function complaintsAbout(
  issue: Issue,
  above: Path,
  root: unknown,
  variablesAt: (path: Path) => readonly string[],
): Found[] {
  const path: Path = [...above, ...(issue.path as (string | number)[])]
  const value = valueAt(root, path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.slice(0, UNKNOWN_KEYS_MAX).map(key => unknownKey(path, key))
    case 'invalid_key':
      return issue.issues.map(inner => custom(inner, path, path.at(-1), 'key'))
    case 'custom':
      return [custom(issue, path, value, 'value')]
    case 'invalid_union': {
      const branch = branchFor(issue.errors)
      if (branch) return branch.flatMap(inner => complaintsAbout(inner, path, root, variablesAt))
    }
  }
  if (value === undefined) return [missing(path)]
  if (value === null) return [empty(path, variablesAt(path))]
  return [wrong(issue, path, value, variablesAt(path))]
}

/** The form that was probably meant: the one of the value's type. */
function branchFor(errors: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return errors.find(issues => !issues.some(({ code, path }) => path.length === 0 && code.startsWith('invalid_')))
}

function custom(issue: Issue, path: Path, value: unknown, at: Complaint['at']): Complaint {
  const right = issue.code === 'custom' ? String(issue.params?.right ?? '') : ''
  return error(path, `${show(value)} ${issue.message}`, right, { at })
}

function unknownKey(path: Path, key: string): Found {
  const known = keysAt(path)
  const meant = didYouMean(key, known)
  const inside = known.find(child => [...keysAt([...path, child]), ...keysAt([...path, child, 0])].includes(key))
  const hint = inside === undefined ? hintForKey(key, known, meant) : `it belongs inside ${inside}`
  const message = `there is no key ${key} ${path.length === 0 ? 'at the top of the file' : 'here'}`
  const complaint = error([...path, key], message, hint, { at: 'key' })
  return meant === undefined ? complaint : { ...complaint, meant: writePath([...path, meant]) }
}

/** More than are reported. Guessing takes time, and a file with thousands of unknown keys is another kind of file. */
const UNKNOWN_KEYS_MAX = 200

/** Names that other proxies use. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  port: 'address',
  listen: 'address',
  bind: 'address',
  backend: 'upstream',
  target: 'upstream',
  proxy_pass: 'upstream',
  backends: 'upstreams',
  services: 'upstreams',
  header: 'requestFields',
  headers: 'requestFields',
  timeout: 'deadlines',
  timeouts: 'deadlines',
}
const KEYS_TOLD_MAX = 15

function hintForKey(key: string, known: readonly string[], meant: string | undefined): string {
  const word = OTHER_WORDS[key.toLowerCase()]
  if (word !== undefined && known.includes(word)) return `it is called ${word} here`
  if (meant !== undefined) return `did you mean ${meant}?`
  const elsewhere = sections().filter(({ node }) => Object.hasOwn(node.properties ?? {}, key))
  const places = elsewhere.slice(0, 3).map(({ path }) => path || 'the top of the file')
  if (places.length > 0) return `it belongs to ${inWords(places)}`
  return known.length > KEYS_TOLD_MAX
    ? 'docs/configuration.md lists all keys'
    : `the ${known.length === 1 ? 'only key is' : 'keys are'} ${inWords(known, 'and')}`
}

function missing(path: Path): Found {
  const key = path.at(-1)
  if (path.length === 0) return error(path, 'the file is empty', 'start with "listeners:", see config/hopwise.yaml')
  const about = nodesAt(path)[0]?.description
  return { ...error(path, `${key} is missing`, about), absent: true }
}

function empty(path: Path, variables: readonly string[]): Found {
  if (path.length === 0) return missing(path)
  const name = variables[0]
  return error(
    path,
    `${typeof path.at(-1) === 'number' ? 'this item' : path.at(-1)} has no value`,
    name === undefined
      ? 'write one, or remove the line'
      : `the variable ${name} is empty: set it, or write \${${name}:-default}`,
  )
}

function wrong(issue: Issue, path: Path, value: unknown, variables: readonly string[]): Complaint {
  const nodes = nodesAt(path)
  const wanted = inWords(nodes.map(wordsFor))
  const choices = nodes.flatMap(({ enum: list, const: only }) => list ?? (only === undefined ? [] : [only]))
  if (issue.code === 'too_small' || issue.code === 'too_big') {
    if (Array.isArray(value)) return error(path, 'the list is empty', 'give it an item, or remove the key')
    if (value === '') return error(path, 'the text is empty', 'write one, or remove the line')
    return error(path, `${show(value)} is too ${issue.code === 'too_small' ? 'small' : 'large'}`, `write ${wanted}`)
  }
  const meant = hintFor(path, value, nodes, variables)
  if (choices.length > 0) {
    const right = typeof value === 'string' ? meant : undefined
    return notChosen(path, value, choices.map(String), right ?? `write ${wanted}`)
  }
  const hint = meant ?? `write ${wanted}`
  return error(path, `expected ${kindsOf(nodes)}, not ${show(value)}`, hint)
}

function notChosen(path: Path, value: unknown, choices: string[], right: string): Complaint {
  const meant = value === false && choices.includes('off') ? 'off' : didYouMean(String(value), choices)
  const found = typeof value === 'object' ? show(value) : show(String(value))
  const hint = meant ? `did you mean ${meant}? The choices are ${inWords(choices, 'and')}` : right
  return error(path, `${found} is not one of the choices`, hint)
}

/** A form of a value in words, with its range. */
function wordsFor(node: SchemaNode): string {
  if (node.enum) return inWords(node.enum.map(String))
  if (node.const !== undefined) return String(node.const)
  const { type, minimum, maximum } = node
  const range =
    maximum !== undefined ? ` from ${minimum} to ${maximum}` : minimum !== undefined ? ` of at least ${minimum}` : ''
  return `${KINDS[type ?? ''] ?? 'something else'}${type === 'integer' ? range : ''}`
}

function kindsOf(nodes: readonly SchemaNode[]): string {
  return inWords([...new Set(nodes.map(({ type }) => KINDS[type ?? ''] ?? 'something else'))])
}

const KINDS: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
}

const MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000 }
const BYTES: Readonly<Record<string, number>> = { k: 1_024, m: 1_048_576, g: 1_073_741_824 }

/** What was probably meant by a value of the wrong kind, if that can be guessed. */
function hintFor(
  path: Path,
  value: unknown,
  nodes: readonly SchemaNode[],
  variables: readonly string[],
): string | undefined {
  const takes = (type: string) => nodes.some(node => node.type === type)
  const key = String(path.findLast(part => typeof part === 'string') ?? '')
  if (typeof value === 'string' && takes('integer')) return numberHint(key, value, variables)
  if (typeof value === 'string' && takes('boolean'))
    return /^(yes|on|y|1|true)$/i.test(value)
      ? 'write true'
      : /^(no|off|n|0|false)$/i.test(value)
        ? 'write false'
        : undefined
  if (typeof value !== 'object' && takes('array'))
    return `write [${/^[\w./-]+$/.test(String(value)) ? value : show(value)}], or "- " and the value on its own line`
  if (typeof value !== 'object' && takes('string')) return `put it in quotes: '${value}'`
  if (Array.isArray(value) && takes('object')) return 'write lines of key: value, without dashes'
  if (takes('array')) return 'start each item with a dash and a space'
  if (takes('object'))
    return `write lines of key: value below ${writePath(path)}; its keys are ${inWords(keysAt(path), 'and')}`
  return undefined
}

function numberHint(key: string, text: string, variables: readonly string[]): string | undefined {
  if (/^\d+$/.test(text))
    return variables.length > 0 ? 'remove the quotes around the variable' : `write ${text} without quotes`
  const bare = text.replace(/(?<=\d)[_,' ](?=\d{3})/g, '')
  if (/^\d+$/.test(bare)) return `write ${bare}`
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(text) ?? []
  const ms = MS[unit.toLowerCase()]
  if (key.endsWith('Ms') && ms !== undefined) return `write ${Math.round(Number(digits) * ms)}: it is in milliseconds`
  const bytes = BYTES[unit.toLowerCase().replace(/i?b$/, '')]
  if (key.includes('Bytes') && bytes !== undefined) return `write ${Math.round(Number(digits) * bytes)}: it is in bytes`
  return undefined
}
