import * as fs from 'node:fs'
import type { Clock } from '../clock.js'

/**
 * What a small file says, read again when it has changed. It is looked at when somebody asks, once a second at most: a look takes
 * microseconds, and must not wait behind the slow work that Node gives to its threads.
 */
export class FollowedFile<T> {
  /** Another number after each change. */
  generation = 0
  private lookedAt = Number.NEGATIVE_INFINITY
  private mark = ''
  private value: T

  /** @param read what a text says; it gets '' where there is no file, and must not throw */
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
/** Nobody writes more into such a file by hand; blocklists of ads come to some 5 MB. */
const BYTES_MAX = 16 * 1024 * 1024

/** '': there is no file, or we may not look. */
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
