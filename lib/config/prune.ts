import { type Complaint, valueAt } from './complaint.js'
import type { Path } from './findings.js'
import { nodesAt } from './json-schema.js'
import { type Checked, SCHEMA } from './schema.js'

const ROUNDS_MAX = 5

/**
 * What is left of a configuration without the values that are wrong, if that is still one: so that the checks that look at several
 * values can run, and all findings come at once.
 * @param wrong paths of values that are wrong; those that had to go too are added
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

/** For keys that must be there, so that what stands beside them can be looked at. What is said of them is not told. */
const STAND_INS: Readonly<Record<string, unknown>> = {
  address: '127.0.0.1:0',
  upstream: 'http://unknown.invalid',
  servers: ['http://unknown.invalid'],
}

/** Takes away the nearest key around the path that is there. Items of lists stay, or the places of others would change. */
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

/** Whether a complaint stands on a value that is wrong itself. */
export function isFollowUp({ path, about = [] }: Complaint, wrong: readonly Path[]): boolean {
  return wrong.some(
    one =>
      begins(path, one) ||
      about.some(other => begins(other.path, one) || (other.below === true && begins(one, other.path))),
  )
}

/** Whether `path` is `start`, or below it. */
export function begins(path: Path, start: Path): boolean {
  return start.length <= path.length && start.every((part, i) => part === path[i])
}
