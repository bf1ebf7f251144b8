import type { Steps } from '../policy/steps.js'

// Large plain data on its way to a thread or process that serves: taking it in one piece would stall all requests.

/** Values in one piece, which is then read within a fraction of a millisecond. */
const VALUES_MAX = 500

/**
 * Splits plain data into JSON texts, none of which takes long to read: large lists and mappings become separate pieces.
 * As in JSON, keys whose value is undefined are left out.
 */
export function toPieces(value: unknown): string[] {
  const pieces: string[] = []
  const sizes = new Map<object, number>()
  sizeOf(value, sizes)
  write(value, [], { pieces, sizes })
  return pieces
}

/** Rebuilds the data from its pieces. */
export function* fromPieces(pieces: readonly string[]): Steps<unknown> {
  const root: { value?: unknown } = {}
  for (const text of pieces) {
    put(root, JSON.parse(text) as Piece)
    yield
  }
  return root.value
}

type Key = string | number

/** A value at its place, or items to append to a list. */
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

/** Sets a key, including `__proto__`, which an assignment would treat specially. */
function define(owner: Record<Key, unknown>, key: Key, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(owner, key, { value, writable: true, enumerable: true, configurable: true })
  else owner[key] = value
}
