/** What a log may say about where a request went: everything but the secrets in it. */

/** Names of query parameters whose values are credentials by custom. */
const SECRET =
  /([?&;](?:access_?token|refresh_?token|id_?token|token|auth|authorization|api_?key|key|password|passwd|pwd|secret|client_?secret|credentials?|signature|sig|x-amz-signature|x-amz-security-token|x-goog-signature|jwt|session|j?sessionid|sid|code)=)[^&;#\s]*/i
const SECRETS = new RegExp(SECRET, 'gi')
const USERINFO = /^([a-z][a-z0-9+.-]*:)?\/\/[^/?#]*@/i

/** A request-target or URL without userinfo, and with the values of telling query parameters replaced. */
export function redactTarget(target: string): string {
  // The searches are for the few targets that have something to hide: a replacement is dear even where it finds nothing.
  const bare = target.includes('@') ? target.replace(USERINFO, '$1//[redacted]@') : target
  return bare.includes('=') && SECRET.test(bare) ? bare.replace(SECRETS, '$1[redacted]') : bare
}

/** An authority without userinfo: a CONNECT target or a Host value that should not have had one. */
export function redactAuthority(authority: string): string {
  const at = authority.lastIndexOf('@')
  return at < 0 ? authority : `[redacted]@${authority.slice(at + 1)}`
}
