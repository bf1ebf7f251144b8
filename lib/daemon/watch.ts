import * as fs from 'node:fs'
import * as path from 'node:path'
import type { Clock, Timer } from '../net/clock.js'

/** After the last sign of a change: a file that is being written is not read in the middle. */
const SETTLED_MS = 250
/** Where nobody tells of changes (network file systems, too many watches) they are looked for. */
const POLL_MS = 5_000

export interface Watched {
  /** From now on these files, and no others. */
  watch(files: readonly string[]): void
  stop(): void
}

/**
 * Calls `changed` when one of the files is another one than before, and has settled.
 *
 * Not the files are watched but the folders that their paths lead through: an editor writes a new file and renames it, and
 * Kubernetes swaps a link two steps before the file, after which the watch of a file would look at what nobody reads any more.
 */
export function watchFiles(changed: () => void, clock: Clock): Watched {
  /** Each file with its state when it was looked at last. */
  let seen = new Map<string, string>()
  let watchers: fs.FSWatcher[] = []
  let settling: Timer | undefined

  const isOther = () => [...seen].some(([file, state]) => stateOf(file) !== state)
  const look = () => {
    settling = undefined
    if (!isOther()) return
    seen = new Map([...seen.keys()].map(file => [file, stateOf(file)]))
    follow() // the way to the files may be another one
    changed()
  }
  const stirred = () => {
    settling?.cancel()
    settling = clock.after(SETTLED_MS, look)
  }
  const follow = () => {
    // All anew: a folder that was replaced by one of the same name is another one.
    const before = watchers
    watchers = [...new Set([...seen.keys()].flatMap(foldersOf))].flatMap(folder => watchFolder(folder, stirred) ?? [])
    for (const watcher of before) watcher.close()
  }
  // What stirs already is given its time to settle.
  const poll = clock.every(POLL_MS, () => {
    if (settling === undefined && isOther()) stirred()
  })
  return {
    watch(files) {
      // What changes between the reading of a file and this call differs from what was seen before.
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

/** Undefined where it cannot be watched: then it is looked at from time to time. */
function watchFolder(folder: string, stirred: () => void): fs.FSWatcher | undefined {
  try {
    const watcher = fs.watch(folder, { persistent: false }, stirred)
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}

/** The folders that a change of the file shows in: its own, and those of the links on the way to it. */
function foldersOf(file: string): string[] {
  const found = new Set([path.dirname(file)])
  const walked = new Set<string>()
  const walk = (from: string) => {
    if (walked.has(from)) return // links may lead in a circle
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
    return undefined // no link, or nothing
  }
}

/** What is equal as long as the file is the same. */
function stateOf(file: string): string {
  try {
    const { dev, ino, size, mtimeNs } = fs.statSync(file, { bigint: true })
    return [dev, ino, size, mtimeNs].join(' ')
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code)
  }
}
