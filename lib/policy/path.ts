import { ProtocolError } from '../wire/protocol-error.js'
import { quote } from '../wire/request-target.js'
import { pathHabit } from './habits.js'

// How a path is read. We forward it unchanged (RFC 9110 7.7), and the server behind us reads it in its own way; so what is decided here
// must hold for every way in which a server may read it.

/**
 * Where the path in a request-target ends: at its query, or where the target does. Its complement (`~end`, a negative number) where
 * servers may read the path in different ways, so that `spelled` and `loosely` have to be asked.
 */
export function scanPath(target: string): number {
  let plain = true
  let at = 0
  for (; at < target.length; at++) {
    const code = target.charCodeAt(at)
    if (code === QUESTION_MARK) break
    if (code === SLASH) {
      const next = target.charCodeAt(at + 1)
      if (next === SLASH || next === DOT) plain = false
    } else if (code === PERCENT || code === BACKSLASH || code === SEMICOLON) plain = false
  }
  return plain ? at : ~at
}

/**
 * What a path says by the book: an unreserved character is the same whether it is percent-encoded or not, and hexadecimal digits have
 * no case (RFC 3986 6.2.2). Nothing else is the same: `%2F` is no slash.
 */
export function spelled(path: string): string {
  return path.replace(/%([0-9a-f]{2})/gi, (encoded: string, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16))
    return /[A-Za-z0-9._~-]/.test(character) ? character : encoded.toUpperCase()
  })
}

/**
 * What a generous server may read in a path that is `spelled`: a backslash and an encoded slash of either kind are a slash, parameters
 * of a segment (behind a semicolon, encoded or not) are no part of its name, many slashes are one.
 */
export function loosely(path: string): string {
  return path
    .replace(/%2F|%5C|\\/g, '/')
    .replace(/(?:;|%3B)[^/]*/g, '')
    .replace(/\/{2,}/g, '/')
}

/** Has this path, read `loosely`, a segment that leads nowhere or back? To some a zero byte ends it. */
function hasDotSegments(path: string): boolean {
  return /\/\.\.?(?:\/|%00|$)/.test(path)
}

/**
 * What leads back may lead out of the prefix by which a path was matched or changed, and how far depends on who reads it. Clients
 * resolve such segments before they send them (RFC 3986 5.2.4), so what still has them is refused.
 * @throws ProtocolError 400
 */
export function refuseDotSegments(path: string): void {
  if (hasDotSegments(loosely(spelled(path))))
    throw new ProtocolError(400, `the path has dot segments, and it decides here: ${quote(path)}`, 'RFC 3986 3.3')
}

/**
 * Some take parameters off first and decode then, others the other way round: to them a slash within a parameter ends different things
 * (`/x;%2Fy/z` is `/x/z` or `/x/y/z`). And to some a zero byte ends the path. There are more than two ways to read such a path.
 * @param path `spelled`
 * @throws ProtocolError 400
 */
export function refuseHiddenEnds(path: string): void {
  // Each search ends at the next semicolon: one that went on over all of them would take seconds for a path of nothing else.
  if (/%00|;[^/;]*?(?:%2F|%5C|\\)/.test(path.replaceAll('%3B', ';')))
    throw new ProtocolError(400, `the path has a hidden end, and it decides here: ${quote(path)}`, 'RFC 3986 7.3')
}

/**
 * Is this a path, or the beginning of one, that reads the same everywhere? For what users write: `name` is what they call it.
 * @throws TypeError with what is wrong and what would be right
 */
export function checkPath(name: string, path: string): void {
  const what = `${name} ${JSON.stringify(path)}`
  if (!path.startsWith('/')) throw new TypeError(`${what} must begin with a slash`)
  if (/[?#]/.test(path)) throw new TypeError(`${what} must end before the query: leave off what follows ? or #`)
  if (/[^!-~]/.test(path))
    throw new TypeError(`${what} must be percent-encoded: write ${path.replace(/[^!-~]/gu, percentEncoded)}`)
  if (/%(?![0-9a-f]{2})/i.test(path)) throw new TypeError(`${what} has a % without two hexadecimal digits: write %25`)
  const read = loosely(spelled(path))
  if (hasDotSegments(read)) throw new TypeError(`${what} must have no segments . and ..: write where they lead`)
  if (read !== path) throw new TypeError(`${what} is not read in the same way everywhere: write ${read}`)
}

/**
 * The same for a path that requests are compared with: a pattern of another proxy would be taken literally, and nothing would fit it.
 * @throws TypeError with what is wrong and what would be right
 */
export function checkRoutePath(name: string, path: string): void {
  const habit = pathHabit(path)
  if (habit !== null) throw new TypeError(`${name} ${JSON.stringify(path)} ${habit.what}: ${habit.right}`)
  checkPath(name, path)
}

function percentEncoded(character: string): string {
  return [...Buffer.from(character)].map(octet => `%${octet.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}

export const SLASH = 0x2f
export const BACKSLASH = 0x5c
const QUESTION_MARK = 0x3f
const DOT = 0x2e
const PERCENT = 0x25
const SEMICOLON = 0x3b
