import { hashKind, readPasswordHash } from '../users.js'

export interface UsersFile {
  /** Each user with the hash of the password, as in the file. */
  readonly users: (readonly [user: string, hash: string])[]
  /** With any of these the file cannot be used: it would lock a user out, or be ambiguous. */
  readonly problems: UsersProblem[]
}

export interface UsersProblem {
  /** From 1. */
  readonly line: number
  /** Never quotes the line, which may contain a secret. */
  readonly message: string
}

/** A users file: lines `user:hash`, made by `hopwise password`. Empty lines and lines that begin with # are ignored. */
export function readUsersFile(text: string): UsersFile {
  const users: UsersFile['users'] = []
  const problems: UsersProblem[] = []
  const lineOf = new Map<string, number>()
  for (const { line, user, hash } of userLines(text)) {
    const before = lineOf.get(user)
    const message =
      before === undefined
        ? problemOf(user, hash)
        : `the user is already in line ${before}: remove one of the two lines`
    if (message !== '') problems.push({ line, message })
    else users.push([user, hash])
    if (user !== '') lineOf.set(user, before ?? line)
  }
  // A file without users must neither open the proxy to everyone nor close it without a message.
  if (users.length === 0 && problems.length === 0)
    problems.push({ line: 1, message: 'the file has no users: add one with hopwise password' })
  return { users, problems }
}

/** The text with this user's line replaced in place, or added at the end; all other lines are unchanged. */
export function withUser(text: string, user: string, hash: string): { text: string; replaced: boolean } {
  const own = userLines(text).filter(line => line.user === user)
  const lines = text.split('\n')
  const end = text.includes('\r\n') ? '\r\n' : '\n'
  const [first] = own
  if (first === undefined) {
    const before = text === '' || text.endsWith('\n') ? text : `${text}${end}`
    return { text: `${before}${user}:${hash}${end}`, replaced: false }
  }
  const again = new Set(own.slice(1).map(({ line }) => line))
  const kept = lines.flatMap((one, i) => {
    if (i + 1 === first.line) return [`${user}:${hash}${one.endsWith('\r') ? '\r' : ''}`]
    return again.has(i + 1) ? [] : [one]
  })
  return { text: kept.join('\n'), replaced: true }
}

/** Why this cannot be a user name (RFC 7617 2, and the format of the file); '' when it can. */
export function wrongUserName(user: string): string {
  if (user === '') return 'is empty'
  if (user.includes(':')) return 'contains a colon, which ends the name'
  if (/\p{Cc}/u.test(user)) return 'contains a control character'
  if (user.startsWith('#')) return 'begins with #, which starts a comment'
  return user === user.trim() ? '' : 'begins or ends with whitespace'
}

interface UserLine {
  readonly line: number
  /** '' where there is no colon. */
  readonly user: string
  readonly hash: string
}

function userLines(text: string): UserLine[] {
  return text.split('\n').flatMap((content, i) => {
    if (content.trim() === '' || content.startsWith('#')) return []
    const colon = content.indexOf(':')
    const user = colon < 0 ? '' : content.slice(0, colon)
    return [{ line: i + 1, user, hash: content.slice(colon + 1).trim() }]
  })
}

function problemOf(user: string, hash: string): string {
  if (user === '') return 'the line is not user:hash: make it with hopwise password'
  const wrong = wrongUserName(user)
  if (wrong !== '') return `the user name ${wrong}`
  if (readPasswordHash(hash) !== null) return ''
  const kind =
    hashKind(hash) || (HTDIGEST.test(hash) ? 'a line of htdigest' : DES.test(hash) ? 'perhaps a crypt (DES) hash' : '')
  return `the text after the colon is ${kind === '' ? 'not a hopwise hash' : `${kind}, not a hopwise hash`}: make one with hopwise password`
}

const HTDIGEST = /^[^:]*:[0-9a-f]{32}$/i
/** htpasswd -d. A password could look like this, too, but this is tried only on text that is not a hopwise hash anyway. */
const DES = /^[./0-9A-Za-z]{13}$/
