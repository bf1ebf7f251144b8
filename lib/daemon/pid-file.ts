import * as fs from 'node:fs'
import { ListenError } from './listen-error.js'

/**
 * Names the process that takes signals, for `hopwise reload`: a reader of the file sees the whole number or none.
 * @returns a function that removes the file, unless another process has replaced it @throws ListenError
 */
export function writePidFile(file: string, pid: number): () => void {
  const text = `${pid}\n`
  const temporary = `${file}.${pid}`
  try {
    // Its name is predictable: whatever is there, such as a link, must not be written through.
    fs.rmSync(temporary, { force: true })
    fs.writeFileSync(temporary, text, { mode: 0o644, flag: 'wx' })
    fs.renameSync(temporary, file)
  } catch (cause) {
    fs.rmSync(temporary, { force: true })
    throw new ListenError(`pidFile ${file} cannot be written: ${(cause as Error).message}.`, { cause })
  }
  return () => {
    // Another process that started meanwhile has written its own.
    if (textOf(file) === text) fs.rmSync(file, { force: true })
  }
}

function textOf(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
