import { createInterface } from 'node:readline'
import { type Readable, Writable } from 'node:stream'
import type { ReadStream } from 'node:tty'

/** More than anyone types; stops the reading of a file given by mistake. */
const PASSWORD_BYTES_MAX = 4_096

/**
 * Prompts on a terminal without echoing the input. Ctrl-C ends the process, as it always does.
 * @throws Error at the end of input (Ctrl-D)
 */
export function askPassword(input: ReadStream, output: Writable, question: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input, output: silent, terminal: true, historySize: 0 })
  output.write(question) // only after the terminal has stopped echoing
  return new Promise((resolve, reject) => {
    let interrupted = false
    lines.on('line', line => {
      resolve(line)
      lines.close()
    })
    lines.on('SIGINT', () => {
      interrupted = true
      lines.close()
    })
    // The terminal echoes again.
    lines.on('close', () => {
      output.write('\n')
      if (interrupted) endByInterrupt()
      else reject(new Error('nothing was typed'))
    })
  })
}

/** Ends the process as Ctrl-C would have, so that a shell that runs a script notices. */
function endByInterrupt(): void {
  process.kill(process.pid, 'SIGINT')
  // Another thread of this process may take the signal a moment later: do not let a normal exit overtake it.
  setTimeout(() => {}, 1_000)
}

/** The first line of the input, without its line end. @throws Error if it is longer than any password */
export async function readPasswordLine(input: Readable): Promise<string> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of input) {
    const bytes = Buffer.from(piece)
    pieces.push(bytes)
    length += bytes.length
    if (bytes.includes(0x0a)) break
    if (length > PASSWORD_BYTES_MAX) break
  }
  const [line = ''] = Buffer.concat(pieces).toString().split('\n')
  if (Buffer.byteLength(line) > PASSWORD_BYTES_MAX)
    throw new Error(`the line is longer than ${PASSWORD_BYTES_MAX} bytes`)
  return line.replace(/\r$/, '')
}
