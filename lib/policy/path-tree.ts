import { SLASH } from './path.js'

/** Receives the leaves of a path and of its prefixes, from the shortest to the whole path. */
export interface PathVisitor<L> {
  met(leaf: L): void
}

/**
 * A tree of leaves by path: for one exact path, or for all paths that begin with one where a segment ends. A lookup walks the
 * segments once, only as far as the tree has branches, independent of the number of paths and of the length of the requested one.
 */
export class PathTree<L> {
  readonly #root = new Branch<L>()

  /** The leaf for exactly this path. @param path begins with a slash @param make creates a missing leaf */
  exactly(path: string, make: () => L): L {
    const branch = this.#branchOf(path)
    branch.whole ??= make()
    return branch.whole
  }

  /** The leaf for this path and everything below it. A path that ends with a slash covers only what is below. */
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
      // The character at `at` is a slash, else the segment would not have ended.
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

/** A node of the tree: the end of a segment. */
class Branch<L> {
  /** For exactly the path that ends here. */
  whole: L | null = null
  /** For that path and everything below it. */
  from: L | null = null
  /** For everything below it. */
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
