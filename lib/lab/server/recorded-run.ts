import { randomBytes } from 'node:crypto'

/**
 * The events of a run so far, one line of JSON each, and its listeners. It is written once and read by many, each at its own
 * position: a slow reader costs only its place.
 */
export class RecordedRun {
  /** Unguessable: anyone who knows it may see the run and stop it. */
  readonly id = randomBytes(12).toString('base64url')
  readonly lines: string[] = []
  /** Bytes of all lines, as UTF-8. */
  bytes = 0
  /** It grew too large: only its verdict is still recorded. */
  full = false
  /** The verdict is recorded; nothing follows. */
  over = false
  private readonly listeners = new Set<() => void>()

  constructor(
    /** The experiment, for the name of the file. */
    readonly experiment: string,
    /** Called with the number of listeners whenever it changes. */
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

  /** @param wake called when there is more to read. @returns stops listening */
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
