import { isIP } from 'node:net'

/**
 * Whether a request with this `Host` may be answered. A hostile web page can point its own name at 127.0.0.1 and then read
 * what is served there (DNS rebinding), but it cannot do so with an address, nor with `localhost`.
 * @param names further names, in lower case
 */
export function isKnownHost(host: string, names: ReadonlySet<string>): boolean {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]@/?#\s]+))(?::\d{0,5})?$/i.exec(host)
  if (match === null) return false
  const [, six, name = ''] = match
  if (six !== undefined) return isIP(six) === 6
  const lower = name.toLowerCase()
  return isIP(lower) === 4 || lower === 'localhost' || names.has(lower)
}
