import { StringDecoder } from 'node:string_decoder'

const LINE_END = '\n'
/** Longest wait for a line end: no hopwise line is this long. */
const UNFINISHED_MAX = 1_048_576

/**
 * Splits a worker's output into whole lines. Several processes that write to one pipe would mix up their lines, so only the
 * primary writes to standard output, and it reads from one pipe per worker.
 */
export class LineMerger {
  readonly #take: (lines: string) => void
  readonly #decoder = new StringDecoder('utf8')
  #unfinished = ''

  /** `take` gets one line or many, each with its end. */
  constructor(take: (lines: string) => void) {
    this.#take = take
  }

  push(chunk: Buffer): void {
    const text = this.#unfinished + this.#decoder.write(chunk)
    const end = text.lastIndexOf(LINE_END) + 1
    this.#unfinished = text.slice(end)
    if (end > 0) this.#take(text.slice(0, end))
    if (this.#unfinished.length > UNFINISHED_MAX) this.end()
  }

  /** The last line of a process that died may have no end. */
  end(): void {
    if (this.#unfinished !== '') this.#take(`${this.#unfinished}${LINE_END}`)
    this.#unfinished = ''
  }
}
