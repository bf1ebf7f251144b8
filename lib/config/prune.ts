import { type Complaint, valueAt } from './complaint.js'
import type { Path } from './findings.js'
import { nodesAt } from './json-schema.js'
import { type Checked, SCHEMA } from './schema.js'

const ROUNDS_MAX = 5

/**
 * The configuration without its wrong values, if the rest is still valid, so that the checks of several values can run
 * and all findings are reported at once.
 * @param wrong paths of wrong values; values that also had to be removed are added
 */
export function prune(root: unknown, wrong: Path[]): Checked | undefined {
  const rest = structuredClone(root)
  let cut = [...wrong]
  for (let round = 0; round < ROUNDS_MAX; round++) {
    for (const path of cut) remove(rest, path, wrong)
    const result = SCHEMA.safeParse(rest)
    if (result.success) return result.data
    cut = result.error.issues.flatMap(({ code, path, ...issue }) =>
      code === 'unrecognized_keys'
        ? (issue as { keys: string[] }).keys.map(key => [...path, key] as Path)
        : [path as Path],
    )
    if (cut.some(path => path.length === 0)) return undefined
  }
  return undefined
}

/** Values for required keys, so that the keys beside them can be checked. Complaints about these are not reported. */
const STAND_INS: Readonly<Record<string, unknown>> = {
  address: '127.0.0.1:0',
  upstream: 'http://unknown.invalid',
  servers: ['http://unknown.invalid'],
}

/** Removes the nearest key that exists on the path. Items of lists stay, since removing one would shift the others. */
function remove(root: unknown, path: Path, removed: Path[]): void {
  for (let length = path.length; length > 0; length--) {
    const key = path[length - 1]
    const above = path.slice(0, length - 1)
    const owner = valueAt(root, above) as Record<string, unknown> | null | undefined
    if (typeof key !== 'string' || typeof owner !== 'object' || owner === null || Array.isArray(owner)) continue
    const standIn = nodesAt(above).some(({ required }) => required?.includes(key)) ? STAND_INS[key] : undefined
    if (standIn === undefined && !Object.hasOwn(owner, key)) continue
    if (standIn === undefined) delete owner[key]
    else owner[key] = standIn
    removed.push(path.slice(0, length))
    return
  }
}

/** Paths of values that are wrong themselves. A lookup walks along one path, however many paths there are. */
export class WrongPlaces {
  readonly #root: Knot = { isWrong: false, inner: new Map() }

  constructor(wrong: Iterable<Path>) {
    for (const path of wrong) {
      let knot = this.#root
      for (const part of path) {
        const known = knot.inner.get(part)
        const next = known ?? { isWrong: false, inner: new Map() }
        if (known === undefined) knot.inner.set(part, next)
        knot = next
      }
      knot.isWrong = true
    }
  }

  /** Whether a complaint depends on one of them. */
  isFollowUp({ path, about = [] }: Complaint): boolean {
    return this.#leadTo(path, false) || about.some(other => this.#leadTo(other.path, other.below === true))
  }

  /** Whether the path is one of them or below one; with `orInside`, also whether one of them is below the path. */
  #leadTo(path: Path, orInside: boolean): boolean {
    let knot: Knot | undefined = this.#root
    for (const part of path) {
      if (knot.isWrong) return true
      knot = knot.inner.get(part)
      if (knot === undefined) return false
    }
    return knot.isWrong || (orInside && knot.inner.size > 0)
  }
}

interface Knot {
  isWrong: boolean
  readonly inner: Map<string | number, Knot>
}
