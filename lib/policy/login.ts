import type { Lines } from '../wire/lines.js'
import { ID } from '../wire/names.js'

// The authentication schemes that authenticate a connection instead of a request (RFC 4559 6): every later request on that
// connection is served with the same identity, whatever client it comes from. So an upstream connection on which one of them was
// used belongs to one client.

/**
 * Whether this request authenticates the connection on which it is sent: `Authorization: NTLM …` or `Negotiate …`,
 * case-insensitive. Costs the check of one bit without Authorization, and of two bytes with another scheme.
 */
export function logsIn(lines: Lines): boolean {
  for (let i = lines.find(ID.authorization); i >= 0; i = lines.find(ID.authorization, i)) {
    if ((lines.octet(lines.valueFrom(i)) | CASE) === N && CREDENTIALS.test(lines.value(i))) return true
  }
  return false
}

/**
 * Whether this response asks for such a login, or continues one: NTLM or Negotiate anywhere in `WWW-Authenticate`, alone, in a
 * list, or in one of several lines. Matched liberally, because a list of challenges contains quoted strings that a peer may leave
 * open: a false match costs a connection that no other client can use, a missed one would serve a client with the identity of
 * another.
 * @param fromProxy the response is from another proxy: `Proxy-Authenticate` counts, too
 */
export function asksForLogin(lines: Lines, fromProxy: boolean): boolean {
  return challenges(lines, ID['www-authenticate']) || (fromProxy && challenges(lines, ID['proxy-authenticate']))
}

/** Whether line `i` of a head is such credentials, or such a challenge to the client. */
export function isLogin(lines: Lines, i: number): boolean {
  const id = lines.id(i)
  if (id === ID.authorization) return CREDENTIALS.test(lines.value(i))
  return id === ID['www-authenticate'] && CHALLENGE.test(lines.value(i))
}

function challenges(lines: Lines, id: number): boolean {
  for (let i = lines.find(id); i >= 0; i = lines.find(id, i)) if (CHALLENGE.test(lines.value(i))) return true
  return false
}

const CASE = 0x20
const N = 0x6e
const CREDENTIALS = /^(?:ntlm|negotiate)(?![\w!#$%&'*+.^`|~-])/i
const CHALLENGE = /(?<![\w!#$%&'*+.^`|~-])(?:ntlm|negotiate)(?![\w!#$%&'*+.^`|~-])/i
