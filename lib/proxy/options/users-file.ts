import { hashKind, readPasswordHash } from '../users.js'

export interface UsersFile {
  /** Each user with the hash of the password, as it stands there. */
  readonly users: (readonly [user: string, hash: string])[]
  /** With any of these the file cannot be used: it would shut out somebody, or be understood in two ways. */
  readonly problems: UsersProblem[]
}

export interface UsersProblem {
  /** From 1. */
  readonly line: number
  /** Never with what stands in the line: it may be a secret. */
  readonly message: string
}

/** A users file: lines `user:hash`, made by `hopwise password`. Empty lines, and those that begin with #, are none. */
export function readUsersFile(text: string): UsersFile {
  const users: UsersFile['users'] = []
  const problems: UsersProblem[] = []
  const lineOf = new Map<string, number>()
  for (const { line, user, hash } of userLines(text)) {
    const before = lineOf.get(user)
    const message =
      before === undefined ? problemOf(user, hash) : `the user stood in line ${before} before: leave one of the two`
    if (message !== '') problems.push({ line, message })
    else users.push([user, hash])
    if (user !== '') lineOf.set(user, before ?? line)
  }
  // A file without users must not open the proxy to everybody, nor shut it without a word.
  if (users.length === 0 && problems.length === 0)
    problems.push({ line: 1, message: 'there is no user in it: add one with hopwise password' })
  return { users, problems }
}

/** The text with this user's line replaced where it stands, or added at the end; all other lines stay as they are. */
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

/** Why this cannot be the name of a user (RFC 7617 2; and how the file is read); '' when it can. */
export function wrongUserName(user: string): string {
  if (user === '') return 'is empty'
  if (user.includes(':')) return 'has a colon in it, which ends a name'
  if (/\p{Cc}/u.test(user)) return 'has a control character in it'
  if (user.startsWith('#')) return 'begins with #, as comments do'
  return user === user.trim() ? '' : 'has a blank at its end or beginning'
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
  if (user === '') return 'it is not user:hash: make such lines with hopwise password'
  const wrong = wrongUserName(user)
  if (wrong !== '') return `the name of the user ${wrong}`
  if (readPasswordHash(hash) !== null) return ''
  const kind =
    hashKind(hash) || (HTDIGEST.test(hash) ? 'a line of htdigest' : DES.test(hash) ? 'perhaps one of crypt (DES)' : '')
  return `what stands behind the colon is ${kind === '' ? 'no hash of ours' : `${kind}, no hash of ours`}: make it with hopwise password`
}

const HTDIGEST = /^[^:]*:[0-9a-f]{32}$/i
/** htpasswd -d. A password could look like this, too: it is said of what is no hash of ours anyway. */
const DES = /^[./0-9A-Za-z]{13}$/
