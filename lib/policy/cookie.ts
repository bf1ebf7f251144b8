import type { Lines } from '../wire/lines.js'
import { trimOws } from '../wire/list.js'
import { ID, isToken } from '../wire/names.js'
import { fieldLine } from '../wire/writer.js'
import { OptionError } from './option-error.js'

/** The value of the first cookie with this name in all Cookie lines (RFC 6265 4.2.1), as received; '' when there is none. */
export function readCookie(lines: Lines, name: string): string {
  for (let i = lines.find(ID.cookie); i >= 0; i = lines.find(ID.cookie, i)) {
    const value = cookieIn(lines.value(i), name)
    if (value !== undefined) return value
  }
  return ''
}

function cookieIn(text: string, name: string): string | undefined {
  for (let from = 0; from < text.length; ) {
    const semicolon = text.indexOf(';', from)
    const to = semicolon < 0 ? text.length : semicolon
    const pair = trimOws(text, from, to)
    if (pair.startsWith(name) && pair.charCodeAt(name.length) === EQUALS) return pair.slice(name.length + 1)
    from = to + 1
  }
  return undefined
}

const EQUALS = 0x3d

export interface CookieOptions {
  readonly path: string
  /** Only over TLS. */
  readonly secure: boolean
  /** Whole seconds; without it the cookie lasts as long as the session of the browser. */
  readonly maxAgeS?: number
}

/**
 * A complete Set-Cookie line (RFC 6265 4.1.1) for a cookie that only this proxy reads: hidden from scripts, and not sent with the
 * forms of other sites.
 * @throws OptionError for a part that cannot be written
 */
export function setCookieLine(name: string, value: string, { path, secure, maxAgeS }: CookieOptions): string {
  if (!isToken(name)) throw new OptionError(`not the name of a cookie: ${JSON.stringify(name)}`)
  if (!/^[!#-+\--:<-[\]-~]*$/.test(value)) throw new OptionError(`not the value of a cookie: ${JSON.stringify(value)}`)
  if (!/^\/[!-:<-~]*$/.test(path)) throw new OptionError(`not the path of a cookie: ${JSON.stringify(path)}`)
  if (maxAgeS !== undefined && !Number.isSafeInteger(maxAgeS))
    throw new OptionError(`not the age of a cookie: ${maxAgeS}`)
  const age = maxAgeS === undefined ? '' : `; Max-Age=${maxAgeS}`
  return fieldLine(
    'Set-Cookie',
    `${name}=${value}; Path=${path}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}${age}`,
  )
}
