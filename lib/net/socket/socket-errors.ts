import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'

// Socket errors that Node does not report itself, in the form in which Node makes them.

/** The peer has reset the connection. */
export function resetError(): NodeJS.ErrnoException {
  const errno = -constants.errno.ECONNRESET
  return Object.assign(new Error('read ECONNRESET'), { errno, code: 'ECONNRESET', syscall: 'read' })
}

/** @param errno negative, as returned by a handle */
export function writeError(errno: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(errno)
  return Object.assign(new Error(`write ${code}`), { errno, code, syscall: 'write' })
}
