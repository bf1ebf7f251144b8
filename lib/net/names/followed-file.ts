import * as fs from 'node:fs'
import type { Clock } from '../clock.js'

/**
 * The parsed contents of a small file, read again when the file changes. The file is checked on use, at most once a second, and
 * synchronously: a check takes microseconds, and must not wait behind the slow work of Node's threads.
 */
export class FollowedFile<T> {
  /** Changes whenever the file does. */
  generation = 0
  private lookedAt = Number.NEGATIVE_INFINITY
  private mark = ''
  private value: T

  /** @param read parses the text; it gets '' if there is no file, and must not throw */
  constructor(
    private readonly path: string,
    private readonly read: (text: string) => T,
    private readonly clock: Clock,
  ) {
    this.value = read('')
  }

  get(): T {
    const now = this.clock.now()
    if (now - this.lookedAt < LOOK_MS) return this.value
    this.lookedAt = now
    const mark = markOf(this.path)
    if (mark === this.mark) return this.value
    this.mark = mark
    this.generation++
    this.value = this.read(textOf(this.path))
    return this.value
  }
}

const LOOK_MS = 1_000
/** Far above any hand-written file; ad blocklists reach about 5 MB. */
const BYTES_MAX = 16 * 1024 * 1024

/** '': there is no file, or no permission. */
function markOf(path: string): string {
  try {
    const { dev, ino, size, mtimeNs } = fs.statSync(path, { bigint: true })
    return `${dev} ${ino} ${size} ${mtimeNs}`
  } catch {
    return ''
  }
}

function textOf(path: string): string {
  try {
    const text = fs.readFileSync(path, 'latin1')
    return text.length > BYTES_MAX ? text.slice(0, BYTES_MAX) : text
  } catch {
    return ''
  }
}
