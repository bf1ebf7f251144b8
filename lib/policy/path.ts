import { ProtocolError } from '../wire/protocol-error.js'
import { quote } from '../wire/request-target.js'
import { pathHabit } from './habits.js'
import { WrongText } from './option-error.js'

// How a path is interpreted. It is forwarded unchanged (RFC 9110 7.7), and the upstream interprets it in its own way. So a
// decision that is made here must hold for every way in which a server may interpret it.

/**
 * The end of the path in a request-target: the start of the query, or the end of the target. The complement (`~end`, a negative
 * number) if servers may interpret the path differently, so that `spelled` and `loosely` are needed.
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
 * The strict interpretation of a path: an unreserved character is equal to its percent-encoded form, and hexadecimal digits are
 * case-insensitive (RFC 3986 6.2.2). Nothing else is equal: `%2F` is not a slash.
 */
export function spelled(path: string): string {
  return path.replace(/%([0-9a-f]{2})/gi, (encoded: string, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16))
    return /[A-Za-z0-9._~-]/.test(character) ? character : encoded.toUpperCase()
  })
}

/**
 * The interpretation of a lenient server, for a path that is `spelled`: a backslash and an encoded slash or backslash are a
 * slash, the parameters of a segment (after a semicolon, encoded or not) are not part of its name, and several slashes are one.
 */
export function loosely(path: string): string {
  return path
    .replace(/%2F|%5C|\\/g, '/')
    .replace(/(?:;|%3B)[^/]*/g, '')
    .replace(/\/{2,}/g, '/')
}

/** Whether this path, read `loosely`, has a `.` or `..` segment. For some servers, a zero byte ends a segment. */
function hasDotSegments(path: string): boolean {
  return /\/\.\.?(?:\/|%00|$)/.test(path)
}

/**
 * Refuses dot segments. They may lead out of the prefix by which the path was matched or changed, and how far depends on the
 * server. Clients resolve them before they send a request (RFC 3986 5.2.4), so a path that still has them is refused.
 * @throws ProtocolError 400
 */
export function refuseDotSegments(path: string): void {
  if (hasDotSegments(loosely(spelled(path))))
    throw new ProtocolError(400, `the path has dot segments, and routing depends on it: ${quote(path)}`, 'RFC 3986 3.3')
}

/**
 * Refuses paths with more than two interpretations. Some servers remove parameters and then decode, others decode first, so a
 * slash within a parameter ends different things (`/x;%2Fy/z` is `/x/z` or `/x/y/z`). And for some servers, a zero byte ends the
 * path.
 * @param path `spelled`
 * @throws ProtocolError 400
 */
export function refuseHiddenEnds(path: string): void {
  // Each match stops at the next semicolon: one that continued past it would take seconds for a path of nothing but semicolons.
  if (/%00|;[^/;]*?(?:%2F|%5C|\\)/.test(path.replaceAll('%3B', ';')))
    throw new ProtocolError(
      400,
      `the path has an ambiguous end, and routing depends on it: ${quote(path)}`,
      'RFC 3986 7.3',
    )
}

/**
 * Checks that a configured path, or prefix of one, has only one interpretation. `name` is the name of the setting.
 * @throws OptionError that says what is wrong and how to write it
 */
export function checkPath(name: string, path: string): void {
  const what = `${name} ${JSON.stringify(path)}`
  if (!path.startsWith('/')) throw new WrongText(what, 'must begin with a slash')
  if (/[?#]/.test(path)) throw new WrongText(what, 'must end before the query', 'remove ? or # and what follows')
  if (/[^!-~]/.test(path))
    throw new WrongText(what, 'must be percent-encoded', `write ${path.replace(/[^!-~]/gu, percentEncoded)}`)
  if (/%(?![0-9a-f]{2})/i.test(path)) throw new WrongText(what, 'has a % without two hexadecimal digits', 'write %25')
  const read = loosely(spelled(path))
  if (hasDotSegments(read))
    throw new WrongText(what, 'must not contain . and .. segments', 'write the path that they resolve to')
  if (read !== path) throw new WrongText(what, 'is not read the same way everywhere', `write ${read}`)
}

/**
 * Like `checkPath`, for a path that requests are matched against: a pattern of another proxy would be taken literally and match
 * nothing.
 * @throws OptionError that says what is wrong and how to write it
 */
export function checkRoutePath(name: string, path: string): void {
  const habit = pathHabit(path)
  if (habit !== null) throw new WrongText(`${name} ${JSON.stringify(path)}`, habit.what, habit.right)
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
