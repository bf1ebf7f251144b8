import type { Lines } from '../wire/lines.js'
import { ID } from '../wire/names.js'

// The schemes that prove who somebody is for a connection in place of a request (RFC 4559 6): what follows on that connection is served
// as that one, whoever sends it. So a connection on which one of them was spoken belongs to one client.

/**
 * Does this request log in the connection that it is sent on: `Authorization: NTLM …` or `Negotiate …`, in whatever case?
 * Costs a request without Authorization one look at a bit, and one with another scheme two bytes.
 */
export function logsIn(lines: Lines): boolean {
  for (let i = lines.find(ID.authorization); i >= 0; i = lines.find(ID.authorization, i)) {
    if ((lines.octet(lines.valueFrom(i)) | CASE) === N && CREDENTIALS.test(lines.value(i))) return true
  }
  return false
}

/**
 * Does this response ask for such a log-in, or go on with one: NTLM or Negotiate anywhere in `WWW-Authenticate`, on its own, in a list,
 * in one of several lines? Read generously, as a list of challenges has quoted strings that a peer may leave open: a challenge too many
 * costs a connection that nobody else can use, one too few would let somebody be served as somebody else.
 * @param fromProxy the response is from another proxy: `Proxy-Authenticate` counts as well
 */
export function asksForLogin(lines: Lines, fromProxy: boolean): boolean {
  return challenges(lines, ID['www-authenticate']) || (fromProxy && challenges(lines, ID['proxy-authenticate']))
}

/** Is line `i` of a head such credentials, or such a challenge to the client? */
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
