/**
 * A field name as CGI, WSGI and similar interfaces see it: case-insensitive, and with all signs equal (RFC 3875 4.1.18 turns `-`
 * into `_`, and servers that allow no other sign in the name of a variable turn the others into `_`, too).
 */
export function foldedName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-')
}
