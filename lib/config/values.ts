import * as net from 'node:net'
import { type ListenAddress, readListenAddress } from '../net/listen-address.js'
import { Destinations } from '../net/upstream/destinations.js'
import { checkFieldName, checkFieldValue } from '../policy/field-edits.js'
import { destinationHabit } from '../policy/habits.js'
import { checkKept } from '../policy/identity.js'
import { WrongText } from '../policy/option-error.js'
import { checkPath, checkRoutePath } from '../policy/path.js'
import { hostPattern } from '../policy/route-hosts.js'
import { checkRoute } from '../policy/routes.js'
import { checkSendHost } from '../policy/send-host.js'
import { readStatuses } from '../proxy/options/health-options.js'
import { readUpstream } from '../proxy/options/upstream-url.js'
import { isToken } from '../wire/octets.js'
import { withoutSecrets } from './findings.js'
import { readNetwork, WrongValue } from './plain-values.js'

export { readName, readNameserver, readNetwork, readPeer, readProtocol, WrongValue } from './plain-values.js'

// Values that the engine checks: each reader throws WrongValue.

/**
 * Turns an error of the engine into a WrongValue.
 * @param what for errors that only say what would be right
 */
function adopted<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof WrongText)) throw error
    throw new WrongValue(error.what === '' ? what : error.what, error.right)
  }
}

/** The address of a listener. */
export function readAddress(text: string): ListenAddress {
  if (/^[a-z+]+:\/\//i.test(text))
    throw new WrongValue('is a URL, not an address', `write ${text.replace(/^.*?:\/\//, '')}`)
  return adopted('is not a listen address', () => readListenAddress(text))
}

/** One server of a group. */
export type Server =
  /** `host` without brackets, in lower case. */
  | { kind: 'tcp'; secure: boolean; host: string; port: number }
  | { kind: 'unix'; path: string }
  /** The name of a SRV record. */
  | { kind: 'srv'; secure: boolean; name: string }

const SERVER_FORMS = 'write http://host:port, https://host, unix:/path or srv+http://_http._tcp.app.example'

export function readServer(text: string): Server {
  if (text.startsWith('unix:')) {
    adopted('does not name a socket', () => readUpstream(text))
    return { kind: 'unix', path: text.slice(5) }
  }
  const srv = /^srv\+(https?):\/\/(.*)$/i.exec(text)
  if (srv) return readSrv(srv[1] ?? '', srv[2] ?? '')
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text))
    throw new WrongValue(
      'has no scheme',
      net.isIP(text) === 0 && URL.canParse(`http://${text}`)
        ? `did you mean http://${withoutSecrets(text)}?`
        : SERVER_FORMS,
    )
  if (!URL.canParse(text)) throw new WrongValue('is not a URL', SERVER_FORMS)
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new WrongValue(`has the scheme ${url.protocol}//, which hopwise does not support`, SERVER_FORMS)
  if (url.username !== '' || url.password !== '')
    throw new WrongValue('contains a user name or password, which hopwise would not send', 'remove them')
  if ((url.pathname !== '/' && url.pathname !== '') || url.search !== '' || url.hash !== '')
    throw new WrongValue(
      `has the path ${url.pathname}${url.search}${url.hash}`,
      `write ${url.origin} here; to put a path in front, use setPrefix in the route`,
    )
  if (url.port === '0') throw new WrongValue('has port 0, which cannot be connected to', SERVER_FORMS)
  const secure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return { kind: 'tcp', secure, host, port: url.port === '' ? (secure ? 443 : 80) : Number(url.port) }
}

/** The target of a route: a group, or a URL, which is a group of one server. */
export function readTarget(text: string): { group: string } | { server: Server } {
  if (text.includes(':')) return { server: readServer(text) }
  return { group: readLabel(text) }
}

function readSrv(scheme: string, rest: string): Server {
  const name = rest.replace(/\/$/, '').toLowerCase()
  if (!NAME.test(name) || name.startsWith('*') || net.isIP(name) !== 0)
    throw new WrongValue(
      'does not name an SRV record',
      'write srv+http://_http._tcp.app.example, without port and path',
    )
  return { kind: 'srv', secure: scheme.toLowerCase() === 'https', name }
}

/** The parent of a forward proxy: `http://[user:password@]host[:port]`. */
export function readParent(text: string): void {
  const form = 'write http://host:port or http://user:password@host:port'
  const found = /^https?:\/\/(?:([^@/]*)@)?([^@]*)$/i.exec(text)
  if (!found) throw new WrongValue('is not an http:// or https:// URL', form)
  readServer(text.replace(/\/\/.*@/, '//'))
  const [, secret] = found
  if (secret === undefined) return
  const user = decoded(secret)
  if (user === undefined)
    throw new WrongValue('has a % in its password that begins no escape', 'write %25 for a percent sign')
  if (!/^[^:\p{Cc}]+:\P{Cc}*$/u.test(user)) throw new WrongValue('has no user:password before its @', form)
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** A field to accept from untrusted peers too. */
export function readKeptField(text: string): void {
  adopted('is not a field that can be kept', () => checkKept(text))
}

/** A destination of a forward proxy: a network as above, a host name, or `*.domain`. */
export function readDestination(text: string): void {
  const habit = destinationHabit(text)
  if (habit !== null) throw new WrongValue(habit.what, habit.right)
  if (/^[\d.:/a-f]*[:/]|^[\d.]+$/i.test(text)) readNetwork(text)
  adopted('is not a destination', () => new Destinations([text]))
}

const NAME = /^(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/i

/** The host of a route: a name, `*.domain` for one or more labels in front, or an address; without a port. */
export function readRouteHost(text: string): string {
  return adopted('is not a host for a route', () => hostPattern(text))
}

/** A path, or a prefix of one, that requests are matched against. */
export function readRoutePath(text: string): void {
  adopted('is not a path', () => checkRoutePath('path', text))
}

/** A path that is sent. */
export function readPath(text: string): void {
  adopted('is not a path', () => checkPath('path', text))
}

export function readMethod(text: string): void {
  adopted('is not a valid method', () => checkRoute({ method: [text] }))
}

/** The server name for TLS (SNI). */
export function readServername(text: string): void {
  if (!NAME.test(text) || text.startsWith('*') || net.isIP(text) !== 0)
    throw new WrongValue('is not a host name', 'write a name such as app.internal')
}

/** The name of a listener, for logs and metrics. Any listen address is a valid name. */
export function readListenerName(text: string): void {
  if (!/^[!-~]{1,128}$/.test(text))
    throw new WrongValue('is not a valid name', 'write at most 128 characters of visible ASCII, without spaces')
}

/** The name of a group: it appears in logs and metrics, and must not look like a URL. */
export function readLabel(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text)) return text
  throw new WrongValue(
    'is not a valid name',
    'write letters, digits, dots, hyphens and underscores, at most 63, with a letter or digit first',
  )
}

const TOKEN_FORM = "use letters, digits and !#$%&'*+-.^_`|~ only"

export function readToken(text: string): string {
  if (isToken(text)) return text
  throw new WrongValue('is not a token', TOKEN_FORM)
}

/** The `Host` to send: preserve, upstream, or any authority. */
export function readSendHost(text: string): void {
  adopted('is not a host', () => checkSendHost(text))
}

/** The value of a field that a route sets (RFC 9110 5.5). */
export function readFieldValue(text: string): void {
  adopted('is not a value of a field', () => checkFieldValue('', text))
}

/** The name of a field that a route sets or removes. */
export function readFieldName(kind: 'request' | 'response', text: string): void {
  if (!isToken(text)) throw new WrongValue('is not a field name', TOKEN_FORM)
  try {
    checkFieldName(kind, text)
  } catch (error) {
    throw error instanceof WrongText ? new WrongValue('cannot be changed by routes', error.right) : error
  }
}

/** The statuses of a healthy response: `200-399`, `200,204`. */
export function readStatus(text: string): void {
  adopted('is not a list of statuses', () => readStatuses(text))
}
