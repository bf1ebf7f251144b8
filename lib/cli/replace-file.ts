import { randomUUID } from 'node:crypto'
import * as fs from 'node:fs'
import * as path from 'node:path'

/** Accessible to this user only by default: the text may be secret. */
const NEW_MODE = 0o600

/**
 * Replaces the text of a file, or creates the file. A reader sees either the old text or the new one, complete. Owner
 * and mode stay.
 * @param newMode of a file that is created
 * @throws Node's file errors; nothing is changed then
 */
export function replaceFile(name: string, text: string, newMode = NEW_MODE): void {
  const before = statOf(name)
  // A symbolic link is kept, and its target is replaced.
  const file = before === undefined ? name : fs.realpathSync(name)
  const folder = path.dirname(file)
  const temporary = path.join(folder, `.${path.basename(file)}.${randomUUID()}`)
  const fd = fs.openSync(temporary, 'wx', newMode)
  try {
    try {
      if (before !== undefined) liken(fd, before)
      fs.writeFileSync(fd, text)
      fs.fsyncSync(fd)
    } finally {
      fs.closeSync(fd)
    }
    fs.renameSync(temporary, file)
  } catch (error) {
    fs.rmSync(temporary, { force: true })
    throw error
  }
  syncFolder(folder)
}

function statOf(name: string): fs.Stats | undefined {
  return fs.statSync(name, { throwIfNoEntry: false })
}

/** Keeps the new file readable for all who could read the old one, such as a daemon of another user. */
function liken(fd: number, { uid, gid, mode }: fs.Stats): void {
  const own = fs.fstatSync(fd)
  if (own.uid !== uid || own.gid !== gid) fs.fchownSync(fd, uid, gid)
  fs.fchmodSync(fd, mode & 0o777)
}

/** Makes sure that the new name is on disk too. */
function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}
