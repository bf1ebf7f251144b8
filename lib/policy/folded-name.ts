/**
 * A field name as CGI, WSGI and what is made like them know it: without case, and every sign is the same (RFC 3875 4.1.18 turns `-` into `_`,
 * and servers that leave no other sign in the name of a variable turn it into `_` as well).
 */
export function foldedName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-')
}
