import { Writable } from 'node:stream'
import { main } from '../../lib/cli/main.js'
import { cleanEnv } from './child.js'

/** What a command line printed, and its exit code. */
export interface Called {
  code: number
  out: string
  err: string
}

/**
 * Runs one command line in this process: for commands of which only the output and the exit code matter. A separate process
 * (`runHopwise`) costs twenty times as much, and is for what only a process can show: signals, pipes, standard input.
 * @param env added to an environment without hopwise settings
 */
export async function callHopwise(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Called> {
  const [stdout, stderr] = [new Kept(), new Kept()]
  const before = process.env
  process.env = { ...cleanEnv(), ...env }
  try {
    const code = await main(words, { stdout, stderr })
    return { code, out: stdout.text(), err: stderr.text() }
  } finally {
    process.env = before
  }
}

class Kept extends Writable {
  readonly #pieces: Buffer[] = []

  override _write(piece: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#pieces.push(piece)
    done()
  }

  text(): string {
    return String(Buffer.concat(this.#pieces))
  }
}
