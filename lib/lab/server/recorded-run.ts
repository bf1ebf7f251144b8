import { randomBytes } from 'node:crypto'

/**
 * What a run has told so far, a line of JSON for each event, and who listens. It is written once and read by many, each from where they are:
 * a reader that is slow costs nothing but its place.
 */
export class RecordedRun {
  /** Not to be guessed: whoever knows it may see the run and stop it. */
  readonly id = randomBytes(12).toString('base64url')
  readonly lines: string[] = []
  /** Bytes of all lines, as UTF-8. */
  bytes = 0
  /** It grew too large: nothing more is recorded but its verdict. */
  full = false
  /** The verdict is there; nothing comes any more. */
  over = false
  private readonly listeners = new Set<() => void>()

  constructor(
    /** Of which experiment: for the name of its file. */
    readonly experiment: string,
    /** Told how many listen, whenever that changes. */
    private readonly listening: (count: number) => void,
  ) {}

  get listenerCount(): number {
    return this.listeners.size
  }

  add(line: string): void {
    this.lines.push(line)
    this.bytes += Buffer.byteLength(line) + 1
    this.wakeAll()
  }

  end(): void {
    this.over = true
    this.wakeAll()
  }

  /** @param wake called when there is more to read. @returns ends it */
  listen(wake: () => void): () => void {
    this.listeners.add(wake)
    this.listening(this.listeners.size)
    return () => {
      if (this.listeners.delete(wake)) this.listening(this.listeners.size)
    }
  }

  private wakeAll(): void {
    for (const wake of [...this.listeners]) wake()
  }
}
