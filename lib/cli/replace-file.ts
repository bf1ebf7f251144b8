import { randomUUID } from 'node:crypto'
import * as fs from 'node:fs'
import * as path from 'node:path'

/** For this user alone, until somebody says otherwise: what is written may be secret. */
const NEW_MODE = 0o600

/**
 * Puts a text in the place of a file, or makes it: whoever reads sees the old text or the new one, whole. Owner and mode stay.
 * @param newMode of a file that is made
 * @throws Node's errors of files, with nothing changed
 */
export function replaceFile(name: string, text: string, newMode = NEW_MODE): void {
  const before = statOf(name)
  // A link goes on pointing to it.
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

/** Who could read the old file, such as a daemon of another user, can read the new one. */
function liken(fd: number, { uid, gid, mode }: fs.Stats): void {
  const own = fs.fstatSync(fd)
  if (own.uid !== uid || own.gid !== gid) fs.fchownSync(fd, uid, gid)
  fs.fchmodSync(fd, mode & 0o777)
}

/** The new name is on the disk, too. */
function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}
