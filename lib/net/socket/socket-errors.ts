import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'

// What Node says of a socket, for what Node does not see: its errors, as it makes them.

/** The peer has reset the connection. */
export function resetError(): NodeJS.ErrnoException {
  const errno = -constants.errno.ECONNRESET
  return Object.assign(new Error('read ECONNRESET'), { errno, code: 'ECONNRESET', syscall: 'read' })
}

/** @param errno negative, as a handle returns it */
export function writeError(errno: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(errno)
  return Object.assign(new Error(`write ${code}`), { errno, code, syscall: 'write' })
}
