import * as fs from 'node:fs'
import { openRecord, type ReloadOutcome, type ReloadRecord, readRecord } from '../daemon/reload-record.js'

/** How the wait ended. */
export type ReloadEnd =
  | { readonly kind: 'ended'; readonly outcome: ReloadOutcome }
  | { readonly kind: 'late' | 'not-begun'; readonly reload: number }
  | { readonly kind: 'stopping' }
  | { readonly kind: 'gone' }

const LOOK_EVERY_MS = 20

/** Watches the reloads of one process. Opened before the signal is sent, to know which reloads are older. */
export class ReloadWatch {
  readonly #pid: number
  readonly #fd: number
  /** Start time of the process: its id may be reused later. */
  readonly #birth: string
  readonly #begunBefore: number

  private constructor(pid: number, fd: number, begunBefore: number) {
    this.#pid = pid
    this.#fd = fd
    this.#birth = birthOf(pid)
    this.#begunBefore = begunBefore
  }

  /** @returns the reason, as text, if reloads cannot be watched */
  static async open(pid: number): Promise<ReloadWatch | string> {
    try {
      const fd = openRecord(pid)
      if (fd === null)
        return 'it keeps no record of its reloads (it is not a hopwise serve, is an older version, or found no directory to write to)'
      for (let tries = 0; tries < TORN_MAX; tries++) {
        const record = readRecord(fd)
        if (record !== null) return new ReloadWatch(pid, fd, record.begun)
        await pause()
      }
      return 'its record of reloads cannot be read'
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (!fs.existsSync('/proc/self/fd')) return 'this system has no /proc'
      if (code === 'ENOENT') return 'there is no such process'
      return code === 'EACCES' || code === 'EPERM' ? 'this user may not inspect that process' : message
    }
  }

  /** Waits for the end of the next reload to begin: whatever triggers it, it reads the file as it is now. */
  async outcome(limitMs: number): Promise<ReloadEnd> {
    const until = performance.now() + limitMs
    let seen: ReloadRecord | null = null
    for (;;) {
      const isGone = birthOf(this.#pid) !== this.#birth
      seen = readRecord(this.#fd) ?? seen
      if (seen?.last && seen.last.reload > this.#begunBefore) return { kind: 'ended', outcome: seen.last }
      if (isGone) return { kind: 'gone' }
      if (seen?.stopping) return { kind: 'stopping' }
      if (performance.now() > until) {
        const reload = this.#begunBefore + 1
        return { kind: seen !== null && seen.begun >= reload ? 'late' : 'not-begun', reload }
      }
      await pause()
    }
  }

  close(): void {
    fs.closeSync(this.#fd)
  }
}

/** Attempts to read a record that is being written: a write takes microseconds. */
const TORN_MAX = 50

const pause = (): Promise<void> => new Promise(done => setTimeout(done, LOOK_EVERY_MS))

/** '' for a process that has ended, even if its exit code has not been collected yet. */
function birthOf(pid: number): string {
  try {
    // The name in brackets may contain anything.
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? '' : (fields[19] ?? '')
  } catch {
    return ''
  }
}
