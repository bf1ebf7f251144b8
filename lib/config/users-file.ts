import { type PasswordHash, readPasswordHash } from '../proxy/users.js'

export interface UserLine {
  /** From 1. */
  number: number
  user: string
  /** What stands behind the colon. */
  text: string
  /** null: it is none. */
  hash: PasswordHash | null
}

/** The lines `user:hash` of a users file; empty lines and those that begin with # are none. */
export function userLines(text: string): UserLine[] {
  return text.split(/\r?\n/).flatMap((line, i) => {
    if (line.trim() === '' || line.startsWith('#')) return []
    const colon = line.indexOf(':')
    const user = colon < 1 ? '' : line.slice(0, colon)
    const text = line.slice(colon + 1).trim()
    return [{ number: i + 1, user, text, hash: readPasswordHash(text) }]
  })
}
