import * as fs from 'node:fs'
import * as path from 'node:path'
import type { Clock, Timer } from '../net/clock.js'

/** Time after the last sign of a change: a file must not be read while it is being written. */
const SETTLED_MS = 250
/** Where changes are not reported (network file systems, too many watches), files are polled. */
const POLL_MS = 5_000

export interface Watched {
  /** From now on, watches these files and no others. */
  watch(files: readonly string[]): void
  stop(): void
}

/**
 * Calls `changed` when one of the files differs from before, and has settled.
 *
 * The folders on the paths are watched, not the files: an editor writes a new file and renames it, and Kubernetes swaps a link
 * two steps before the file, after which a watch on the file would see one that is no longer read.
 */
export function watchFiles(changed: () => void, clock: Clock): Watched {
  /** Each file with its state when it was last checked. */
  let seen = new Map<string, string>()
  let watchers: fs.FSWatcher[] = []
  let settling: Timer | undefined

  const isOther = () => [...seen].some(([file, state]) => stateOf(file) !== state)
  const look = () => {
    settling = undefined
    if (!isOther()) return
    seen = new Map([...seen.keys()].map(file => [file, stateOf(file)]))
    follow() // the paths to the files may lead through other folders now
    changed()
  }
  const stirred = () => {
    settling?.cancel()
    settling = clock.after(SETTLED_MS, look)
  }
  const follow = () => {
    // All watches are renewed: a folder may have been replaced by another one of the same name.
    const before = watchers
    watchers = [...new Set([...seen.keys()].flatMap(foldersOf))].flatMap(folder => watchFolder(folder, stirred) ?? [])
    for (const watcher of before) watcher.close()
  }
  // A change that was noticed already gets its time to settle.
  const poll = clock.every(POLL_MS, () => {
    if (settling === undefined && isOther()) stirred()
  })
  return {
    watch(files) {
      // A file that changed between its reading and this call differs from its earlier state.
      const paths = files.map(file => path.resolve(file))
      seen = new Map(paths.map(file => [file, seen.get(file) ?? stateOf(file)]))
      follow()
      if (isOther()) stirred()
    },
    stop() {
      poll.cancel()
      settling?.cancel()
      for (const watcher of watchers) watcher.close()
      watchers = []
    },
  }
}

/** Undefined if it cannot be watched: polling covers it. */
function watchFolder(folder: string, stirred: () => void): fs.FSWatcher | undefined {
  try {
    const watcher = fs.watch(folder, { persistent: false }, stirred)
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}

/** The folders in which a change of the file is visible: its own, and those of the links on its path. */
function foldersOf(file: string): string[] {
  const found = new Set([path.dirname(file)])
  const walked = new Set<string>()
  const walk = (from: string) => {
    if (walked.has(from)) return // links may form a cycle
    walked.add(from)
    const folder = path.dirname(from)
    const target = linkAt(from)
    if (target !== undefined) {
      found.add(folder).add(path.dirname(target))
      walk(target)
    }
    walk(folder)
  }
  walk(file)
  return [...found]
}

function linkAt(file: string): string | undefined {
  try {
    return path.resolve(path.dirname(file), fs.readlinkSync(file))
  } catch {
    return undefined // not a link, or nothing there
  }
}

/** A text that stays equal as long as the file is unchanged. */
function stateOf(file: string): string {
  try {
    const { dev, ino, size, mtimeNs } = fs.statSync(file, { bigint: true })
    return [dev, ino, size, mtimeNs].join(' ')
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code)
  }
}
