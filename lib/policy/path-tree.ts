import { SLASH } from './path.js'

/** Is told what hangs on a path and on the beginnings of it, from the shortest to the whole. */
export interface PathVisitor<L> {
  met(leaf: L): void
}

/**
 * What hangs on paths: on a whole one, or on all that begin with one and have a segment's end there. A look-up is one walk along the
 * segments, no further than there is something: however many paths there are, and however long the one that is asked for.
 */
export class PathTree<L> {
  readonly #root = new Branch<L>()

  /** What hangs on this path alone. @param path begins with a slash @param make when there is nothing yet */
  exactly(path: string, make: () => L): L {
    const branch = this.#branchOf(path)
    branch.whole ??= make()
    return branch.whole
  }

  /** What hangs on this path and on all below it. One that ends with a slash has only what is below. */
  from(prefix: string, make: () => L): L {
    if (prefix.charCodeAt(prefix.length - 1) === SLASH) {
      const branch = this.#branchOf(prefix.slice(0, -1))
      branch.below ??= make()
      return branch.below
    }
    const branch = this.#branchOf(prefix)
    branch.from ??= make()
    return branch.from
  }

  /** @param path begins with a slash and ends at `end` */
  visit(path: string, end: number, visitor: PathVisitor<L>): void {
    let branch: Branch<L> | undefined = this.#root
    let at = 0
    while (branch !== undefined) {
      if (branch.from !== null) visitor.met(branch.from)
      if (at === end) {
        if (branch.whole !== null) visitor.met(branch.whole)
        return
      }
      // Here is a slash, or the segments would have gone on.
      if (branch.below !== null) visitor.met(branch.below)
      if (branch.branches === null) return
      const slash = path.indexOf('/', at + 1)
      const to = slash < 0 || slash > end ? end : slash
      branch = branch.branches.get(path.slice(at + 1, to))
      at = to
    }
  }

  #branchOf(path: string): Branch<L> {
    let branch = this.#root
    if (path === '') return branch
    for (const segment of path.slice(1).split('/')) branch = branch.grown(segment)
    return branch
  }
}

/** Where a segment ends. */
class Branch<L> {
  /** For the path that ends here. */
  whole: L | null = null
  /** For that one, and all that go on. */
  from: L | null = null
  /** For those that go on. */
  below: L | null = null
  branches: Map<string, Branch<L>> | null = null

  grown(segment: string): Branch<L> {
    this.branches ??= new Map()
    const known = this.branches.get(segment)
    if (known !== undefined) return known
    const made = new Branch<L>()
    this.branches.set(segment, made)
    return made
  }
}
