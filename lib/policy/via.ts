import type { Lines } from '../wire/lines.js'
import { membersOf } from '../wire/list.js'
import { ID } from '../wire/names.js'

/** The member that this proxy appends: the *received* version, then its pseudonym (RFC 9110 7.6.3). */
export function viaMember(minor: 0 | 1, pseudonym: string): string {
  return `1.${minor} ${pseudonym}`
}

/**
 * Whether this message has passed this proxy before: a member of a Via line has exactly this pseudonym as its received-by.
 * Comments are ignored, and a longer name that contains the pseudonym does not count.
 */
export function viaCarries(lines: Lines, pseudonym: string): boolean {
  if (pseudonym === '') return false
  for (let i = lines.find(ID.via); i >= 0; i = lines.find(ID.via, i)) {
    const value = lines.value(i)
    if (value.includes(pseudonym) && receivers(value).includes(pseudonym)) return true
  }
  return false
}

/** The received-by of each member: the second word outside comments. */
function receivers(value: string): (string | undefined)[] {
  return membersOf(withoutComments(value)).map(member => member.split(/[ \t]+/)[1])
}

/** Comments nest, and a backslash escapes within them (RFC 9110 5.6.5); an unclosed comment extends to the end of the value. */
function withoutComments(value: string): string {
  let bare = ''
  let depth = 0
  for (let at = 0; at < value.length; at++) {
    const char = value[at]!
    if (char === '(') depth++
    else if (depth === 0) bare += char
    else if (char === '\\') at++
    else if (char === ')') depth--
  }
  return bare
}
