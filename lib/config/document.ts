import * as yaml from 'yaml'
import type { Path } from './findings.js'
import type { Fault, Place, Span } from './places.js'
import { type Environment, substitute } from './substitute.js'
import { syntaxFindings } from './syntax.js'

export interface ParsedDocument {
  /** Plain data, with environment variables substituted. */
  value: unknown
  place: Place
  faults: Fault[]
  /** Values that could not be read: other findings about them are not reliable. */
  doubtful: Path[]
}

/** Far more than a configuration has; nested aliases cannot expand beyond it. */
const VALUES_MAX = 100_000
const DEPTH_MAX = 50
const MERGE = '<<'

/** Reads YAML (of which JSON is a part) into plain data and the places of its values. Never throws. */
export function parseDocument(text: string, environment: Environment): ParsedDocument {
  const nothing = { value: undefined, place: { value: { from: 0, to: 0 }, variables: [] }, doubtful: [] }
  let document: yaml.Document.Parsed
  const lineCounter = new yaml.LineCounter()
  try {
    // Duplicate keys are found below, faster than by the parser.
    document = yaml.parseDocument(text, { uniqueKeys: false, prettyErrors: false, logLevel: 'error', lineCounter })
  } catch (error) {
    const message = error instanceof RangeError ? 'it is nested too deeply' : `it cannot be read: ${String(error)}`
    return { ...nothing, faults: [{ path: [], from: 0, to: 0, message, hint: '' }] }
  }
  const syntax = syntaxFindings(document, text)
  if (syntax.length > 0) return { ...nothing, faults: syntax }
  return new Builder(document, text, environment, lineCounter).build()
}

interface Built {
  value: unknown
  place: Place
}

class Builder {
  readonly #faults: Fault[] = []
  readonly #doubtful = new Set<Path>()
  readonly #anchors = new Map<string, yaml.Node>()
  /** Nodes around the one being read: an alias to one of these would recurse for ever. */
  readonly #around = new Set<yaml.Node>()
  #values = 0

  constructor(
    private readonly document: yaml.Document.Parsed,
    private readonly text: string,
    private readonly environment: Environment,
    private readonly lines: yaml.LineCounter,
  ) {}

  build(): ParsedDocument {
    const { value, place } = this.#read(this.document.contents, [])
    return { value, place, faults: this.#faults, doubtful: [...this.#doubtful] }
  }

  #read(node: unknown, path: Path): Built {
    const span = spanOf(node)
    if (++this.#values > VALUES_MAX) {
      if (this.#values === VALUES_MAX + 1) this.#fault(span, path, `it contains more than ${VALUES_MAX} values`)
      return this.#nothing(span, path)
    }
    if (path.length > DEPTH_MAX || this.#around.size > DEPTH_MAX) {
      this.#fault(span, path, `it is nested more than ${DEPTH_MAX} levels deep`)
      return this.#nothing(span, path)
    }
    if (yaml.isAlias(node)) return this.#alias(node, path)
    if (yaml.isNode(node) && node.anchor) this.#anchors.set(node.anchor, node)
    if (yaml.isScalar(node)) return this.#scalar(node, path)
    if (!yaml.isMap(node) && !yaml.isSeq(node)) return { value: null, place: { value: span, variables: [] } }
    this.#around.add(node)
    const built = yaml.isMap(node) ? this.#mapping(node, path) : this.#list(node, path)
    this.#around.delete(node)
    return built
  }

  #list(node: yaml.YAMLSeq, path: Path): Built {
    const children = new Map<string | number, Place>()
    const value = node.items.map((item, i) => {
      const built = this.#read(item, [...path, i])
      children.set(i, built.place)
      return built.value
    })
    return { value, place: { value: spanOf(node), variables: [], children } }
  }

  #mapping(node: yaml.YAMLMap, path: Path): Built {
    const children = new Map<string | number, Place>()
    const value: Record<string, unknown> = {}
    const merged: yaml.Pair[] = []
    for (const pair of node.items) {
      const key = this.#key(pair.key, path)
      if (key === undefined) continue
      if (key === MERGE) {
        merged.push(pair)
        continue
      }
      const span = spanOf(pair.key)
      const first = children.get(key)
      const built = this.#read(pair.value, [...path, key])
      if (first) {
        const hint = `the first one is in line ${this.lines.linePos(first.key?.from ?? 0).line}: remove one of them`
        this.#fault(span, [...path, key], `${key} is given twice`, hint)
        continue
      }
      // A missing value has no place: the key's is used.
      const valueSpan = pair.value === null ? span : built.place.value
      children.set(key, { ...built.place, value: valueSpan, key: span })
      value[key] = built.value
    }
    for (const pair of merged) this.#merge(pair, path, value, children)
    return { value, place: { value: spanOf(node), variables: [], children } }
  }

  #key(node: unknown, path: Path): string | undefined {
    if (yaml.isScalar(node) && node.anchor) this.#anchors.set(node.anchor, node)
    const key = yaml.isScalar(node) ? (typeof node.value === 'string' ? node.value : (node.source ?? '')) : undefined
    if (key !== undefined && key !== '__proto__') return key
    this.#fault(spanOf(node), path, key === undefined ? 'a key must be a word' : '__proto__ cannot be a key')
    return undefined
  }

  /** Merges the keys of `<<` that are not already present. */
  #merge(pair: yaml.Pair, path: Path, value: Record<string, unknown>, children: Map<string | number, Place>): void {
    const sources = yaml.isSeq(pair.value) ? pair.value.items : [pair.value]
    for (const source of sources) {
      const built = this.#read(source, path)
      if (typeof built.value !== 'object' || built.value === null || Array.isArray(built.value)) {
        if (!this.#isDoubtful(path))
          this.#fault(spanOf(pair.key), path, '<< requires a mapping', 'write <<: *name of an &name')
        continue
      }
      for (const [key, one] of Object.entries(built.value)) {
        const place = built.place.children?.get(key)
        if (key in value || place === undefined) continue
        value[key] = one
        children.set(key, place)
      }
    }
  }

  #alias(node: yaml.Alias, path: Path): Built {
    const span = spanOf(node)
    const target = this.#anchors.get(node.source)
    if (target === undefined) {
      const hint = `if it is text, put quotes around it: '*${node.source}'`
      this.#fault(span, path, `no earlier value is named &${node.source}`, hint)
      return this.#nothing(span, path)
    }
    if (this.#around.has(target)) {
      this.#fault(span, path, `*${node.source} is inside the value that it names`)
      return this.#nothing(span, path)
    }
    return this.#read(target, path)
  }

  #scalar(node: yaml.Scalar, path: Path): Built {
    const span = spanOf(node)
    const place = { value: span, variables: [] }
    // With a tag (!!str) the tag decides its type.
    const plain = node.type === yaml.Scalar.PLAIN && node.tag === undefined
    const source = plain ? node.source : node.value
    if (typeof source !== 'string' || !source.includes('$')) return { value: node.value, place }
    const { text, variables, faults } = substitute(source, this.environment)
    for (const { written, message, hint } of faults) this.#fault(this.#within(span, written), path, message, hint)
    if (faults.length > 0) return this.#nothing(span, path)
    return { value: plain && variables.length > 0 ? this.#resolve(text) : text, place: { value: span, variables } }
  }

  /** The value of a plain scalar of this text: a number, true, false, null, or text. */
  #resolve(text: string): unknown {
    for (const tag of this.document.schema.tags) {
      if (tag.default !== true || !('test' in tag) || !tag.test?.test(text)) continue
      const resolved = tag.resolve(text, () => {}, this.document.options as never)
      return yaml.isScalar(resolved) ? resolved.value : resolved
    }
    return text
  }

  #within(span: Span, written: string): Span {
    // Not in the whole text: a value with escapes is not found, and would be searched for to the end.
    const at = this.text.slice(span.from, span.to + written.length).indexOf(written)
    const from = span.from + at
    return at < 0 || from >= span.to ? span : { from, to: from + written.length }
  }

  #nothing(span: Span, path: Path): Built {
    this.#doubtful.add(path)
    return { value: undefined, place: { value: span, variables: [] } }
  }

  #isDoubtful(path: Path): boolean {
    return this.#doubtful.has(path)
  }

  #fault({ from, to }: Span, path: Path, message: string, hint = ''): void {
    this.#faults.push({ from, to, path, message, hint })
  }
}

function spanOf(node: unknown): Span {
  const range = yaml.isNode(node) ? node.range : undefined
  return range ? { from: range[0], to: range[1] } : { from: 0, to: 0 }
}
