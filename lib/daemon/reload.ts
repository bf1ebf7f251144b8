import type { Clock } from '../net/clock.js'
import { type Counted, type ReloadSummary, reasonsOf, writeBound } from './gateway-types.js'
import type { ReloadRecord } from './reload-record.js'

/** The result of reading a configuration: it and the files it was made from, or what is wrong with it, in whole sentences. */
export type ReadConfiguration<C> =
  | { readonly configuration: C; readonly files: readonly string[] }
  | { readonly findings: readonly string[]; readonly files?: readonly string[] }

export interface ReloadParts<C> {
  /** Reads and checks the configuration and every file that it names. */
  read(): Promise<ReadConfiguration<C>>
  /** If it throws, nothing has changed. */
  apply(configuration: C): Promise<ReloadSummary>
  clock: Clock
  log: ReloadLog
  /** Called at the end of each reload, with the files to watch from now on. */
  files?(files: readonly string[]): void
  /** Called at the beginning and at the end of each reload, for a command that waits for the outcome. */
  record?(news: Partial<ReloadRecord>): void
}

type ReloadLog = Record<'info' | 'error', (fields: object, message: string) => void>

export type Reloaded =
  | { readonly accepted: true; readonly summary: ReloadSummary }
  | { readonly accepted: false; readonly reasons: readonly string[] }

/**
 * From one configuration to the next: read and checked first, then accepted or refused as a whole, with all reasons.
 *
 * One at a time. A request during a reload is answered by the next reload, and all such requests share it: however many
 * signals come, the last state of the file is what runs in the end.
 */
export class Reload<C> {
  accepted = 0
  refused = 0
  #begun = 0
  readonly #parts: ReloadParts<C>
  /** Requested and not begun. */
  #waiting: Promise<Reloaded> | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: ReloadParts<C>) {
    this.#parts = parts
  }

  /** Never rejects. `why` appears in the log: `SIGHUP`, `the file changed`. */
  request(why: string): Promise<Reloaded> {
    this.#waiting ??= this.#last.then(() => {
      this.#waiting = undefined
      return this.#reload(why)
    })
    this.#last = this.#waiting
    return this.#waiting
  }

  async #reload(why: string): Promise<Reloaded> {
    const { clock, log, record } = this.#parts
    const began = clock.now()
    const reload = ++this.#begun
    record?.({ begun: reload })
    const outcome = await this.#tried()
    if (outcome.accepted) {
      this.accepted += 1
      const listening = outcome.summary.bound.map(writeBound)
      const sentence = reloadedIn(Math.round(clock.now() - began), outcome.summary)
      log.info({ why, reload, listening }, sentence)
      record?.({ last: { reload, accepted: true, sentences: [sentence] } })
    } else {
      this.refused += 1
      log.error({ why, reload, reasons: outcome.reasons }, 'the new configuration is refused, the old one stays')
      record?.({ last: { reload, accepted: false, sentences: outcome.reasons } })
    }
    return outcome
  }

  async #tried(): Promise<Reloaded> {
    let files: readonly string[] | undefined
    try {
      const read = await this.#parts.read()
      files = read.files
      if ('findings' in read) return { accepted: false, reasons: read.findings }
      return { accepted: true, summary: await this.#parts.apply(read.configuration) }
    } catch (error) {
      return { accepted: false, reasons: reasonsOf(error) }
    } finally {
      if (files) this.#parts.files?.(files)
    }
  }
}

/** `reloaded in 12 ms: 2 listeners (1 added, 1 removed), 3 groups (1 changed)` */
export function reloadedIn(ms: number, { changes }: ReloadSummary): string {
  const counts = Object.entries(changes).map(([what, counted]) => count(what, counted))
  return counts.length === 0 ? `reloaded in ${ms} ms` : `reloaded in ${ms} ms: ${counts.join(', ')}`
}

function count(what: string, { total, added = 0, removed = 0, changed = 0 }: Counted): string {
  const told = [
    [added, 'added'],
    [removed, 'removed'],
    [changed, 'changed'],
  ].flatMap(([n, how]) => (n === 0 ? [] : `${n} ${how}`))
  const named = `${total} ${total === 1 ? what.replace(/s$/, '') : what}`
  return told.length === 0 ? named : `${named} (${told.join(', ')})`
}
