import type { Path } from './findings.js'

/** Offsets in the text of the file. */
export interface Span {
  from: number
  to: number
}

/** Where a value stands in the file. */
export interface Place {
  /** Its key; absent for the root and the items of lists. */
  key?: Span
  value: Span
  /** Environment variables that its text is made of. */
  variables: readonly string[]
  /** Of a mapping or a list. */
  children?: Map<string | number, Place>
}

/** The place of a value, or undefined when it does not stand in the file. */
export function placeAt(root: Place | undefined, path: Path): Place | undefined {
  let place = root
  for (const part of path) place = place?.children?.get(part)
  return place
}

/** The place of a value, or of the nearest thing around it that stands in the file. */
export function nearestPlace(root: Place, path: Path): { place: Place; exact: boolean } {
  let place = root
  for (const part of path) {
    const child = place.children?.get(part)
    if (child === undefined) return { place, exact: false }
    place = child
  }
  return { place, exact: true }
}
