import type { Path } from './findings.js'

/** Offsets in the text of the file. */
export interface Span {
  from: number
  to: number
}

/** An error found while parsing, before the meaning of values is known. */
export interface Fault extends Span {
  path: Path
  message: string
  hint: string
}

/** Where a value is in the file. */
export interface Place {
  /** Its key; absent for the root and the items of lists. */
  key?: Span
  value: Span
  /** Environment variables that its text contains. */
  variables: readonly string[]
  /** The entries of a mapping or list. */
  children?: Map<string | number, Place>
}

/** The place of a value, or undefined if it is not in the file. */
export function placeAt(root: Place | undefined, path: Path): Place | undefined {
  let place = root
  for (const part of path) place = place?.children?.get(part)
  return place
}

/** The place of a value, or of the nearest enclosing value that is in the file. */
export function nearestPlace(root: Place, path: Path): { place: Place; exact: boolean } {
  let place = root
  for (const part of path) {
    const child = place.children?.get(part)
    if (child === undefined) return { place, exact: false }
    place = child
  }
  return { place, exact: true }
}
