import type { Steps } from '../policy/steps.js'

// Large plain data on its way to a thread or a process that serves: to take it in one piece would stop what is served.

/** Numbers, texts and the like in one piece: it is read within a fraction of a millisecond. */
const VALUES_MAX = 500

/**
 * Plain data as texts, none of which takes long to read: lists of arrays and mappings that are large stand in pieces of their own.
 * As in JSON, keys whose value is undefined are left out.
 */
export function toPieces(value: unknown): string[] {
  const pieces: string[] = []
  const sizes = new Map<object, number>()
  sizeOf(value, sizes)
  write(value, [], { pieces, sizes })
  return pieces
}

/** What the pieces were made of. */
export function* fromPieces(pieces: readonly string[]): Steps<unknown> {
  const root: { value?: unknown } = {}
  for (const text of pieces) {
    put(root, JSON.parse(text) as Piece)
    yield
  }
  return root.value
}

type Key = string | number

/** A value in its place, or items behind those that a list has. */
type Piece = { at: readonly Key[]; value: unknown } | { at: readonly Key[]; items: readonly unknown[] }

interface Writing {
  readonly pieces: string[]
  readonly sizes: ReadonlyMap<object, number>
}

function write(value: unknown, at: readonly Key[], writing: Writing): void {
  const size = typeof value === 'object' && value !== null ? (writing.sizes.get(value) ?? 1) : 1
  if (typeof value !== 'object' || value === null || size <= VALUES_MAX) tell({ at, value }, writing)
  else if (Array.isArray(value)) writeList(value, at, writing)
  else {
    tell({ at, value: {} }, writing)
    for (const [key, inner] of Object.entries(value)) if (inner !== undefined) write(inner, [...at, key], writing)
  }
}

function writeList(list: readonly unknown[], at: readonly Key[], writing: Writing): void {
  tell({ at, value: [] }, writing)
  let items: unknown[] = []
  let size = 0
  const flush = () => {
    if (items.length > 0) tell({ at, items }, writing)
    items = []
    size = 0
  }
  for (const [nth, item] of list.entries()) {
    const its = typeof item === 'object' && item !== null ? (writing.sizes.get(item) ?? 1) : 1
    if (size + its > VALUES_MAX) flush()
    if (its > VALUES_MAX) write(item, [...at, nth], writing)
    else {
      items.push(item)
      size += its
    }
  }
  flush()
}

function tell(piece: Piece, { pieces }: Writing): void {
  pieces.push(JSON.stringify(piece))
}

function sizeOf(value: unknown, sizes: Map<object, number>): number {
  if (typeof value !== 'object' || value === null) return 1
  let size = 1
  for (const inner of Object.values(value)) size += sizeOf(inner, sizes)
  sizes.set(value, size)
  return size
}

function put(root: object, piece: Piece): void {
  let owner: Record<Key, unknown> = root as Record<Key, unknown>
  let key: Key = 'value'
  for (const next of piece.at) {
    owner = owner[key] as Record<Key, unknown>
    key = next
  }
  if ('items' in piece) (owner[key] as unknown[]).push(...piece.items)
  else define(owner, key, piece.value)
}

/** Also a key that means something else to an assignment. */
function define(owner: Record<Key, unknown>, key: Key, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(owner, key, { value, writable: true, enumerable: true, configurable: true })
  else owner[key] = value
}
