import { createHash, randomUUID } from 'node:crypto'
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'

/**
 * The outcome of the reloads of a process, for `hopwise reload`, which can only send a signal.
 *
 * It is in a file without a name: created in a folder for temporary files, opened, and unlinked at once. A reader asks the
 * kernel for the open files of the process (`/proc/PID/fd`), which are visible only to the same user and to root. So it needs
 * no setting in the configuration, leaves nothing behind, cannot be planted by another user, and no link can redirect it. Nor
 * does it matter whether the process has another view of the file system (a container, PrivateTmp).
 */
export interface ReloadRecord {
  /** How many reloads have begun. The next one to begin reads the files again, whatever caused it. */
  readonly begun: number
  /** It will not reload again. */
  readonly stopping: boolean
  readonly last: ReloadOutcome | null
}

export interface ReloadOutcome {
  /** The first reload of a process is number 1. */
  readonly reload: number
  readonly accepted: boolean
  /** What it changed, or why it was refused; as in the log. */
  readonly sentences: readonly string[]
}

const NAME = 'hopwise-reload.'
/** Limits of the record; the log has everything. */
const SENTENCES_MAX = 20
const SENTENCE_LETTERS_MAX = 1_000
/** Larger than any record. */
const RECORD_BYTES_MAX = 262_144

export class RecordKeeper {
  #record: ReloadRecord = { begun: 0, stopping: false, last: null }
  readonly #fd: number

  private constructor(fd: number) {
    this.#fd = fd
    this.note({})
  }

  /** @returns null where there is no /proc to read it through, or no folder to create it in */
  static open(folders: readonly string[] = foldersForRecords()): RecordKeeper | null {
    if (process.platform !== 'linux') return null
    for (const folder of folders) {
      const name = path.join(folder, `${NAME}${randomUUID()}`)
      try {
        const fd = fs.openSync(name, 'wx+', 0o600)
        fs.unlinkSync(name)
        return new RecordKeeper(fd)
      } catch {
        // This folder does not exist, is read-only, or is full: try the next one.
      }
    }
    return null
  }

  note(news: Partial<ReloadRecord>): void {
    this.#record = { ...this.#record, ...news }
    const { last } = this.#record
    const sentences = (last?.sentences ?? [])
      .slice(0, SENTENCES_MAX)
      .map(sentence => sentence.slice(0, SENTENCE_LETTERS_MAX))
    const text = JSON.stringify({ ...this.#record, last: last && { ...last, sentences } })
    const bytes = Buffer.from(`${digestOf(text)} ${text}\n`)
    try {
      fs.writeSync(this.#fd, bytes, 0, bytes.length, 0)
    } catch {
      // The folder is full. A waiting `hopwise reload` times out.
    }
  }

  close(): void {
    fs.closeSync(this.#fd)
  }
}

/** The runtime folder that systemd gives to the service, one in memory, one for temporary files. */
function foldersForRecords(): string[] {
  const [runtime] = (process.env.RUNTIME_DIRECTORY ?? '').split(':')
  return [...(runtime ? [runtime] : []), '/dev/shm', os.tmpdir()]
}

/**
 * The record of a process, open.
 * @throws Node's file errors: ENOENT for a process that does not exist, EACCES for one of another user
 * @returns null when the process keeps none
 */
export function openRecord(pid: number): number | null {
  const folder = `/proc/${pid}/fd`
  for (const number of fs.readdirSync(folder)) {
    const file = path.join(folder, number)
    try {
      const target = fs.readlinkSync(file)
      if (path.basename(target).startsWith(NAME) && target.endsWith(' (deleted)')) return openFile(file)
    } catch (error) {
      // Files are opened and closed in the meantime.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return null
}

/** The process may have opened something else under that name: opening it must not wait, as it would for a pipe. */
function openFile(file: string): number | null {
  const fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
  if (fs.fstatSync(fd).isFile()) return fd
  fs.closeSync(fd)
  return null
}

/** @returns null while it is being written */
export function readRecord(fd: number): ReloadRecord | null {
  const bytes = Buffer.alloc(RECORD_BYTES_MAX)
  const text = bytes.toString('utf8', 0, fs.readSync(fd, bytes, 0, bytes.length, 0))
  const [line = ''] = text.split('\n')
  const blank = line.indexOf(' ')
  const json = line.slice(blank + 1)
  // Nothing prevents a read in the middle of a write.
  return blank > 0 && digestOf(json) === line.slice(0, blank) ? JSON.parse(json) : null
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')
