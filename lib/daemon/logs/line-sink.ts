import * as fs from 'node:fs'
import { performance } from 'node:perf_hooks' // the global of that name is looked up again at each use
import type { Writable } from 'node:stream'

/**
 * Writes bytes, which do not change until `done`, and reports how many were written. It must call `done` later, never before it
 * returns.
 */
export type Outlet = (bytes: Buffer, done: (error: NodeJS.ErrnoException | null, written: number) => void) => void

/** Lines wait at most this long for others to be written with them. The first line after a pause is written at once. */
const GATHER_MS = 20
/** This many characters do not wait: a write costs as much as a hundred lines. nginx's manual: `access_log … buffer=64k`. */
const GATHER_CHARS = 65_536
/**
 * Lines become bytes in portions of this size: one by one is expensive, and as text many lines keep more memory than their
 * length, because they still refer to the strings they were built from (such as a whole head from which a target was sliced).
 */
const POUR_CHARS = 8_192
/** Room for the gathered lines, and a portion in which each character could take three bytes. */
const ROOM_BYTES = 131_072
const NO_ROOM = Buffer.alloc(0)
/**
 * Limit of what waits, besides what is being written. pino's own destinations have no limit by default; 1 MiB is about 2,000
 * lines.
 */
const WAITING_CHARS_MAX = 1_048_576
const AGAIN_MS = 50
const FAILED_MS = 1_000

/**
 * Log lines on their way to a file, a pipe or a terminal: written in the background, many at once.
 *
 * A log that cannot be written blocks nothing. A full disk is retried every second, a reader that stopped leaves the lines
 * waiting; what does not fit into a megabyte is dropped and counted, and the first lines that get through again are followed
 * by one that says how many are missing. If the reader is gone (EPIPE), all waiting lines are lost.
 */
export class LineSink {
  /** Lines that will never be written. */
  dropped = 0
  readonly #outlet: Outlet
  readonly #notice: (dropped: number) => string
  readonly #trouble: (error: Error) => void
  /** What waits: the bytes of `filling` up to `filled`, then `text`. */
  #filling = NO_ROOM
  #filled = 0
  #text = ''
  #waitingChars = 0
  #waitingLines = 0
  /** What is left to write of `handed`, which is reused as `spare`: two buffers take turns. */
  #sending: Buffer | undefined
  #sendingLines = 0
  #handed = NO_ROOM
  #spare = NO_ROOM
  #noticed = 0
  #lastAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #gone = false
  #isTroubled = false
  #ending: (() => void) | undefined

  /**
   * `notice` makes the line (with its line end) that says how many were dropped since the last notice; `trouble` is called when
   * lines cannot be written and are kept for a retry: once, until writing succeeds.
   */
  constructor(outlet: Outlet, notice: (dropped: number) => string, trouble: (error: Error) => void = () => {}) {
    this.#outlet = outlet
    this.#notice = notice
    this.#trouble = trouble
  }

  /** One line, with its line end, or `lines` of them in one text. Never throws and never waits. */
  write(line: string, lines = 1): void {
    if (this.#gone || this.#waitingChars + line.length > WAITING_CHARS_MAX) {
      this.dropped += lines
      return
    }
    this.#text += line
    this.#waitingChars += line.length
    this.#waitingLines += lines
    if (this.#text.length >= POUR_CHARS) this.#pour()
    if (this.#sending) return
    if (this.#waitingChars < GATHER_CHARS && this.#timer) return // no need to read the clock
    if (this.#waitingChars >= GATHER_CHARS || performance.now() - this.#lastAt >= GATHER_MS) this.#send()
    else this.#later(GATHER_MS)
  }

  /** Resolves when everything is written, or cannot be, or after `withinMs`. Later lines are dropped. */
  end(withinMs: number): Promise<void> {
    return new Promise(done => {
      const timer = setTimeout(() => this.#ended(), withinMs)
      this.#ending = () => {
        clearTimeout(timer)
        done()
      }
      // A failed write is retried for the last time now, not in a second.
      if (!this.#sending || this.#timer) this.#send()
    })
  }

  /** Turns the text into bytes, in a larger buffer if they may not fit. */
  #pour(): void {
    const needed = this.#filled + 3 * this.#text.length
    if (needed > this.#filling.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#filling.length, ROOM_BYTES))
      this.#filling.copy(larger, 0, 0, this.#filled)
      this.#filling = larger
    }
    this.#filled += this.#filling.write(this.#text, this.#filled)
    this.#text = ''
  }

  #later(ms: number): void {
    if (this.#timer) return
    this.#timer = setTimeout(() => this.#send(), ms)
    // A log must not keep the process alive.
    this.#timer.unref()
  }

  #send(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (!this.#sending) {
      if (this.#waitingLines === 0) {
        this.#ended()
        return
      }
      if (this.dropped > this.#noticed) {
        this.#text += this.#notice(this.dropped - this.#noticed)
        this.#waitingLines += 1
        this.#noticed = this.dropped
      }
      this.#pour()
      this.#sending = this.#filling.subarray(0, this.#filled)
      this.#sendingLines = this.#waitingLines
      this.#handed = this.#filling
      this.#filling = this.#spare
      this.#spare = NO_ROOM
      this.#filled = this.#waitingChars = this.#waitingLines = 0
    }
    this.#lastAt = performance.now()
    this.#outlet(this.#sending, (error, written) => this.#sent(error, written))
  }

  #sent(error: NodeJS.ErrnoException | null, written: number): void {
    if (this.#gone || !this.#sending) return
    if (error && error.code !== 'EAGAIN' && error.code !== 'EINTR') {
      this.#failed(error)
      return
    }
    if (!error) this.#isTroubled = false
    this.#sending = written < this.#sending.length ? this.#sending.subarray(written) : undefined
    if (this.#sending) {
      if (error) this.#later(AGAIN_MS)
      else this.#send()
      return
    }
    // A buffer that grew because the reader stopped is not kept.
    this.#spare = this.#handed.length > ROOM_BYTES ? NO_ROOM : this.#handed
    this.#handed = NO_ROOM
    if (this.#waitingLines === 0) this.#ended()
    else if (this.#ending || this.#waitingChars >= GATHER_CHARS) this.#send()
    else this.#later(GATHER_MS)
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (error.code === 'EPIPE' || error.code === 'EBADF' || error.code === 'ERR_STREAM_DESTROYED' || this.#ending) {
      this.#gone = true
      this.dropped += this.#sendingLines + this.#waitingLines
      this.#forget()
      this.#ended()
      return
    }
    this.#later(FAILED_MS)
    if (this.#isTroubled) return
    this.#isTroubled = true
    this.#trouble(error)
  }

  #forget(): void {
    this.#sending = undefined
    this.#text = ''
    this.#waitingLines = 0
    this.#filling = this.#handed = this.#spare = NO_ROOM
  }

  #ended(): void {
    if (!this.#ending) return
    this.#gone = true
    this.#ending()
    this.#ending = undefined
  }
}

/** Writes to an open file. A full disk gives an error, a non-blocking pipe EAGAIN. */
export function fileOutlet(fd: number): Outlet {
  return (bytes, done) => fs.write(fd, bytes, 0, bytes.length, null, (error, written) => done(error, written ?? 0))
}

/** Writes to a stream whose other end may stop reading: one write at a time, so the stream queues nothing. */
export function streamOutlet(stream: Writable): Outlet {
  return (bytes, done) => {
    stream.write(bytes, error => done(error ?? null, error ? 0 : bytes.length))
  }
}

/**
 * Standard output, whatever it is. A pipe or socket is written through its stream: `fs.write` would leave a thread of the
 * pool waiting for a reader that stopped, and DNS needs these threads. A file or a terminal is written with `fs.write`: their
 * streams write synchronously, and would block the whole proxy when a terminal is stopped with Ctrl-S.
 */
export function standardOutput(): Outlet {
  // Without a listener, a reader that goes away (EPIPE) would end the process.
  process.stdout.on('error', () => {})
  let kind: fs.Stats | undefined
  try {
    kind = fs.fstatSync(1)
  } catch {
    // Node knows best what to do with a descriptor that cannot be examined.
  }
  return kind && !kind.isFIFO() && !kind.isSocket() ? fileOutlet(1) : streamOutlet(process.stdout)
}

export interface LineFile {
  outlet: Outlet
  /**
   * Opens the path again, for log rotation: from the next write on, lines go to the file that is there now.
   * @throws the error of opening it; lines still go to the old file then
   */
  reopen(): void
}

/** A file to append to; a FIFO without a reader is an error, not a wait. @throws the error of opening it */
export function openForLines(path: string): LineFile {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK = 0 } = fs.constants
  const open = () => fs.openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o640)
  let fd = open()
  let write = fileOutlet(fd)
  let stale: number[] = []
  return {
    outlet(bytes, done) {
      // Writes never overlap, so no write to these is still in progress.
      for (const old of stale) fs.close(old, () => {})
      stale = []
      write(bytes, done)
    },
    reopen() {
      const next = open()
      stale.push(fd)
      fd = next
      write = fileOutlet(fd)
    },
  }
}
