import * as net from 'node:net'
import { inWords } from '../config/findings.js'
import * as plain from '../config/plain-values.js'
import { destinationHabit } from '../policy/habits.js'
import { hashKind, readPasswordHash } from '../proxy/users.js'
import { UsageError } from './usage-error.js'

export { inWords } from '../config/findings.js'

/**
 * Readers that turn the text of an option into its value. Each takes the name under which the value was given
 * (`--listen`, `HOPWISE_LISTEN`) for its error message, and throws UsageError.
 */

export interface ListenAddress {
  /** Absent: every address of the machine. */
  host?: string
  /** 0: any free port. */
  port: number
}

/** `127.0.0.1:8080`, `localhost:8080`, `[::1]:8080`, `:8080` (every address), port 0 for any free one. */
export function readListen(where: string, text: string): ListenAddress {
  const forms = 'write host:port, such as 127.0.0.1:8080, [::1]:8080, or :8080 for every address of this machine'
  if (/^\d+$/.test(text))
    throw new UsageError(
      `${where} "${text}" is only a port: write 127.0.0.1:${text} for this machine only, or :${text} for every address.`,
    )
  if (net.isIPv6(text)) throw new UsageError(`${where} "${text}" has no port: ${forms}.`)
  const found = /^(?:\[([^\]]*)\]|([^:[\]/@\s]*)):(\d{1,5})$/.exec(text)
  if (!found) throw new UsageError(`${where} "${text}" is not a listen address: ${forms}.`)
  const [, bracketed, plain, digits] = found
  const port = Number(digits)
  if (port > 65_535) throw new UsageError(`${where} "${text}" has a port above 65535.`)
  if (bracketed !== undefined && !net.isIPv6(bracketed))
    throw new UsageError(`${where} "${text}" has no IPv6 address between its brackets: ${forms}.`)
  const host = bracketed ?? plain ?? ''
  return host === '' ? { port } : { host, port }
}

export interface Upstream {
  origin: string
  /** What to put in front of each path: `/base`; '' for nothing. */
  base: string
}

/** `http://host[:port]` or `https://host[:port]`, optionally with a path, which is put in front of each request's path. */
export function readUpstream(where: string, text: string): Upstream {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text))
    throw new UsageError(
      URL.canParse(`http://${text}`)
        ? `${where} "${text}" has no scheme: did you mean http://${text}?`
        : `${where} "${text}" is not a URL: write http://host:port or https://host:port.`,
    )
  if (!URL.canParse(text)) throw new UsageError(`${where} "${text}" is not a URL: write http://host:port.`)
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new UsageError(
      `${where} "${text}" is not an http:// or https:// URL: hopwise speaks HTTP/1.x to its upstream.`,
    )
  if (url.username !== '' || url.password !== '')
    throw new UsageError(
      `${where} contains a user name or password, which hopwise would not send: write ${url.protocol}//${url.host}.`,
    )
  if (url.search !== '' || url.hash !== '')
    throw new UsageError(
      `${where} "${text}" ends with ${url.search}${url.hash}, but each request has its own: write ${url.origin}${url.pathname}.`,
    )
  return { origin: url.origin, base: url.pathname.replace(/\/+$/, '') }
}

/** The origin of an upstream that cannot have a path, since there is no route to put it in front. */
export function readOrigin(where: string, text: string): string {
  const { origin, base } = readUpstream(where, text)
  if (base !== '')
    throw new UsageError(
      `${where} "${text}" has the path ${base}, but the dumb proxy forwards the path of the request: write ${origin}.`,
    )
  return origin
}

/** A whole number from `min` to `max`. `unit` is for the error message: `milliseconds`. */
export function readWhole(
  where: string,
  text: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER, unit = '' } = {},
): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  const range = max < Number.MAX_SAFE_INTEGER ? `from ${min} to ${max}` : `of at least ${min}`
  throw new UsageError(`${where} must be a whole number${unit && ` of ${unit}`} ${range}, not "${text}".`)
}

/** One of the given words. */
export function readChoice<C extends string>(where: string, text: string, choices: readonly C[]): C {
  const found = choices.find(choice => choice === text)
  if (found !== undefined) return found
  throw new UsageError(`${where} must be ${inWords(choices)}, not "${text}".`)
}

/** `true`, `false`, and the other forms that are common in an environment. */
export function readFlag(where: string, text: string): boolean {
  if (/^(true|1|yes|on)$/i.test(text)) return true
  if (/^(false|0|no|off|)$/i.test(text)) return false
  throw new UsageError(`${where} must be true or false, not "${text}".`)
}

/** A value that the configuration file takes too: the same error message, with the option's name in front. */
function reading<V>(where: string, text: string, read: (text: string) => V): V {
  try {
    return read(text)
  } catch (error) {
    if (!(error instanceof plain.WrongValue)) throw error
    throw new UsageError(`${where} "${text}" ${error.what}: ${error.right}.`)
  }
}

/** An address or a CIDR: `10.0.0.0/8`, `::1`. */
export function readNetwork(where: string, text: string): string {
  return reading(where, text, plain.readNetwork)
}

/** Where a connection comes from: a network as above, or `unix`. */
export function readPeer(where: string, text: string): string {
  return reading(where, text, plain.readPeer)
}

/** A name server: an address with or without a port. */
export function readNameserver(where: string, text: string): string {
  return reading(where, text, plain.readNameserver)
}

/** A destination to allow: a network as above, a host name, or `*.domain`. */
export function readDestination(where: string, text: string): string {
  const habit = destinationHabit(text)
  if (habit !== null) throw new UsageError(`${where} "${text}" ${habit.what}: ${habit.right}.`)
  if (/^[\d.:/a-f]*[:/]|^[\d.]+$/i.test(text)) return readNetwork(where, text)
  if (/^(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/i.test(text))
    return text.toLowerCase()
  throw new UsageError(
    `${where} "${text}" is not a destination: write a network (127.0.0.0/8), an address, a host name, or *.domain.`,
  )
}

export interface Credentials {
  user: string
  password: string
}

/** `user:password`. The error message never repeats the text: it may be a secret. */
export function readCredentials(where: string, text: string): Credentials {
  const colon = text.indexOf(':')
  if (colon < 1) throw new UsageError(`${where} must be user:password, with a user name before the first colon.`)
  if (/\p{Cc}/u.test(text)) throw new UsageError(`${where} contains a control character: write user:password.`)
  const [user, password] = [text.slice(0, colon), text.slice(colon + 1)]
  // Nobody chooses a hash as a password, and anyone who has seen the file could send it.
  const kind = hashKind(password)
  if (kind !== '')
    throw new UsageError(
      `${where} contains ${kind}, which hopwise cannot use: make the line with hopwise password, and put it into a file for --auth-file.`,
    )
  if (readPasswordHash(password) !== null)
    throw new UsageError(`${where} contains the hash of a password: put the line into a file, for --auth-file.`)
  return { user, password }
}

/** A pseudonym for `Via` and `Proxy-Status`. */
export function readName(where: string, text: string): string {
  return reading(where, text, plain.readName)
}

/** A token in lower case, as the names of protocols in `Upgrade` are compared (RFC 9110 7.8). */
export function readProtocol(where: string, text: string): string {
  return reading(where, text, plain.readProtocol)
}
