import * as fs from 'node:fs'
import { ListenError } from './listen-error.js'

/**
 * Says where signals go to, for `hopwise reload`: whoever reads the file sees the whole number or none.
 * @returns takes the file away, unless it is somebody else's by now @throws ListenError
 */
export function writePidFile(file: string, pid: number): () => void {
  const text = `${pid}\n`
  const temporary = `${file}.${pid}`
  try {
    // Its name can be foreseen: what stands there, a link perhaps, is not written through.
    fs.rmSync(temporary, { force: true })
    fs.writeFileSync(temporary, text, { mode: 0o644, flag: 'wx' })
    fs.renameSync(temporary, file)
  } catch (cause) {
    fs.rmSync(temporary, { force: true })
    throw new ListenError(`pidFile ${file} cannot be written: ${(cause as Error).message}.`, { cause })
  }
  return () => {
    // One that started meanwhile has written its own.
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
