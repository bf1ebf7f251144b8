import type { Path } from './findings.js'
import type { Span } from './places.js'

/** A finding before its place in the file is known: the result of a check. */
export interface Complaint {
  severity: 'error' | 'warning'
  path: Path
  /** What to mark: the key, or the value (the key if there is no value). */
  at: 'key' | 'value'
  message: string
  hint: string
  /** A part of the value. */
  span?: Span
  /** Other values it depends on; `below`: and all inside them. If one of these is wrong itself, the complaint is dropped. */
  about?: readonly { path: Path; below?: boolean }[]
}

type Rest = Partial<Pick<Complaint, 'at' | 'about' | 'span'>>

export function error(path: Path, message: string, hint = '', rest: Rest = {}): Complaint {
  return { severity: 'error', path, at: 'value', message, hint, ...rest }
}

export function warning(path: Path, message: string, hint = '', rest: Rest = {}): Complaint {
  return { severity: 'warning', path, at: 'value', message, hint, ...rest }
}

/** The value at a path in plain data. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<string | number, unknown>)[part]
  }
  return value
}
