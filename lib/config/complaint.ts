import type { Path } from './findings.js'
import type { Span } from './places.js'

/** A finding before it has its place: what the checks say. */
export interface Complaint {
  severity: 'error' | 'warning'
  path: Path
  /** What the mark stands under: the key, or the value (or the key when there is no value). */
  at: 'key' | 'value'
  message: string
  hint: string
  /** A part of the value. */
  span?: Span
  /** Other values that it stands on; `below`: whatever is in them too. When one of these was wrong itself, nothing is said. */
  about?: readonly { path: Path; below?: boolean }[]
}

type Rest = Partial<Pick<Complaint, 'at' | 'about' | 'span'>>

export function error(path: Path, message: string, hint = '', rest: Rest = {}): Complaint {
  return { severity: 'error', path, at: 'value', message, hint, ...rest }
}

export function warning(path: Path, message: string, hint = '', rest: Rest = {}): Complaint {
  return { severity: 'warning', path, at: 'value', message, hint, ...rest }
}

/** What stands at a path of plain data. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<string | number, unknown>)[part]
  }
  return value
}
