import { createHash, randomUUID } from 'node:crypto'
import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'

/**
 * What became of the reloads of a process, for `hopwise reload`, which can do no more than send a signal.
 *
 * It stands in a file without a name: made in a folder for such things, opened, and unlinked at once. Who wants to read it asks the
 * kernel for the open files of the process (`/proc/PID/fd`), which shows them to the same user and to root alone. So it needs no
 * place in the configuration, leaves nothing behind, cannot be put there by somebody else, and no link leads away from it. The process
 * may have another view of the files (a container, PrivateTmp): that does not matter, either.
 */
export interface ReloadRecord {
  /** How many reloads have begun. The next one that begins reads the files anew, whoever asked for it. */
  readonly begun: number
  /** It will not reload any more. */
  readonly stopping: boolean
  readonly last: ReloadOutcome | null
}

export interface ReloadOutcome {
  /** The first reload of a process is number 1. */
  readonly reload: number
  readonly accepted: boolean
  /** What it changed, or why it was refused: as in the log. */
  readonly sentences: readonly string[]
}

const NAME = 'hopwise-reload.'
/** The log has all of it. */
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

  /** @returns null where there is no /proc to read it through, or no folder to make it in */
  static open(folders: readonly string[] = foldersForRecords()): RecordKeeper | null {
    if (process.platform !== 'linux') return null
    for (const folder of folders) {
      const name = path.join(folder, `${NAME}${randomUUID()}`)
      try {
        const fd = fs.openSync(name, 'wx+', 0o600)
        fs.unlinkSync(name)
        return new RecordKeeper(fd)
      } catch {
        // The next folder, perhaps: this one is not there, or read-only, or full.
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
    const octets = Buffer.from(`${digestOf(text)} ${text}\n`)
    try {
      fs.writeSync(this.#fd, octets, 0, octets.length, 0)
    } catch {
      // The folder is full. Whoever waits is told so by the time that passes.
    }
  }

  close(): void {
    fs.closeSync(this.#fd)
  }
}

/** What systemd gives to the service, what is in memory anyway, what is there for short-lived files. */
function foldersForRecords(): string[] {
  const [runtime] = (process.env.RUNTIME_DIRECTORY ?? '').split(':')
  return [...(runtime ? [runtime] : []), '/dev/shm', os.tmpdir()]
}

/**
 * The record of a process, open.
 * @throws Node's errors of files: ENOENT for a process that is not there, EACCES for one that is not ours
 * @returns null when it keeps none
 */
export function openRecord(pid: number): number | null {
  const folder = `/proc/${pid}/fd`
  for (const number of fs.readdirSync(folder)) {
    const file = path.join(folder, number)
    try {
      const target = fs.readlinkSync(file)
      if (path.basename(target).startsWith(NAME) && target.endsWith(' (deleted)')) return openFile(file)
    } catch (error) {
      // Files come and go meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return null
}

/** Whoever keeps it may have made something else of that name: nobody waits for a pipe. */
function openFile(file: string): number | null {
  const fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
  if (fs.fstatSync(fd).isFile()) return fd
  fs.closeSync(fd)
  return null
}

/** @returns null while it is being written */
export function readRecord(fd: number): ReloadRecord | null {
  const octets = Buffer.alloc(RECORD_BYTES_MAX)
  const text = octets.toString('utf8', 0, fs.readSync(fd, octets, 0, octets.length, 0))
  const [line = ''] = text.split('\n')
  const blank = line.indexOf(' ')
  const json = line.slice(blank + 1)
  // Nothing keeps a reader from coming in the middle of a write.
  return blank > 0 && digestOf(json) === line.slice(0, blank) ? JSON.parse(json) : null
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')
