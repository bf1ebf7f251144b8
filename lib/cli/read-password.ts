import { createInterface } from 'node:readline'
import { type Readable, Writable } from 'node:stream'
import type { ReadStream } from 'node:tty'

/** More than anybody types; a file given by mistake ends here. */
const PASSWORD_BYTES_MAX = 4_096

/**
 * Asks on a terminal without showing what is typed. Ctrl-C ends the process, as it always does.
 * @throws Error when there is an end (Ctrl-D) instead of a line
 */
export function askPassword(input: ReadStream, output: Writable, question: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input, output: silent, terminal: true, historySize: 0 })
  output.write(question) // not before the terminal has stopped to show what is typed
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
    // The terminal shows again what is typed.
    lines.on('close', () => {
      output.write('\n')
      if (interrupted) endByInterrupt()
      else reject(new Error('nothing was typed'))
    })
  })
}

/** As Ctrl-C would have done: a shell that runs a script sees it. */
function endByInterrupt(): void {
  process.kill(process.pid, 'SIGINT')
  // Another thread of this process may take the signal, a moment later: not to be overtaken by an ordinary end.
  setTimeout(() => {}, 1_000)
}

/** The first line of what comes, without its end. @throws Error when it is longer than any password */
export async function readPasswordLine(input: Readable): Promise<string> {
  const pieces: Buffer[] = []
  let octets = 0
  for await (const piece of input) {
    const bytes = Buffer.from(piece)
    pieces.push(bytes)
    octets += bytes.length
    if (bytes.includes(0x0a)) break
    if (octets > PASSWORD_BYTES_MAX) break
  }
  const [line = ''] = Buffer.concat(pieces).toString().split('\n')
  if (Buffer.byteLength(line) > PASSWORD_BYTES_MAX)
    throw new Error(`the line is longer than ${PASSWORD_BYTES_MAX} octets`)
  return line.replace(/\r$/, '')
}
