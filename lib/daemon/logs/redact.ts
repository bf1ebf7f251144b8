/** What a log may say about the target of a request: everything but the secrets in it. */

/** Names of query parameters whose values are usually credentials. */
const SECRET =
  /([?&;](?:access_?token|refresh_?token|id_?token|token|auth|authorization|api_?key|key|password|passwd|pwd|secret|client_?secret|credentials?|signature|sig|x-amz-signature|x-amz-security-token|x-goog-signature|jwt|session|j?sessionid|sid|code)=)[^&;#\s]*/i
const SECRETS = new RegExp(SECRET, 'gi')
const USERINFO = /^([a-z][a-z0-9+.-]*:)?\/\/[^/?#]*@/i

/** A request-target or URL without userinfo, and with the values of secret query parameters replaced. */
export function redactTarget(target: string): string {
  // Searched first, since few targets have something to hide: a replacement is expensive even where it finds nothing.
  const bare = target.includes('@') ? target.replace(USERINFO, '$1//[redacted]@') : target
  return bare.includes('=') && SECRET.test(bare) ? bare.replace(SECRETS, '$1[redacted]') : bare
}

/** An authority without userinfo: a CONNECT target or a Host value that should not have had one. */
export function redactAuthority(authority: string): string {
  const at = authority.lastIndexOf('@')
  return at < 0 ? authority : `[redacted]@${authority.slice(at + 1)}`
}
