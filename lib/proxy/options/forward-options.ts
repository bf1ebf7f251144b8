import type { Origin } from '../../link/origin.js'
import { Destinations } from '../../net/upstream/destinations.js'
import { OptionError } from '../../policy/option-error.js'
import { hashKind, readPasswordHash } from '../users.js'
import { named, shown } from './check.js'
import type { ProxyOptions } from './proxy-options.js'
import { readUpstream } from './upstream-url.js'

// Options of a forward proxy only: the destinations its clients may reach, the parent proxy, and credentials.

/** @throws OptionError that names the list and its first entry that is not a destination */
export function destinationsOf({ allow = [], only = [], deny = [] }: ProxyOptions): Destinations {
  for (const [what, entries] of Object.entries({ allow, only, deny })) named(what, () => new Destinations(entries))
  return new Destinations(allow, only, deny)
}

/** The proxy that this one forwards everything to. */
export interface Parent {
  readonly origin: Origin
  /** `user:password`, '' for none. */
  readonly credentials: string
}

/** @throws OptionError */
export function readParent(text: string): Parent {
  const match = /^(https?:\/\/)(?:([^@/]*)@)?(.*)$/i.exec(text)
  if (match === null)
    throw new OptionError('parent is not an http:// or https:// URL: use for example http://proxy.internal:3128')
  const [, scheme, userinfo, rest] = match
  const origin = readUpstream(`${scheme}${rest}`, 'parent')
  return { origin, credentials: userinfo === undefined ? '' : readCredentialsOf(userinfo) }
}

/** A user name without a colon has an empty password (RFC 7617 2). */
function readCredentialsOf(userinfo: string): string {
  try {
    const credentials = decodeURIComponent(userinfo)
    return credentials.includes(':') ? credentials : `${credentials}:`
  } catch {
    throw new OptionError('parent: the user name or password contains a % that is not a percent-encoding: write %25')
  }
}

/** `user:password` in base64; null: none are required. @throws OptionError */
export function readCredentials(credentials: ProxyOptions['credentials']): ReadonlySet<string> | null {
  if (credentials === undefined) return null
  for (const [i, { user, password }] of credentials.entries()) {
    if (user === '' || user.includes(':'))
      throw new OptionError(`credentials[${i}]: the user name ${shown(user)} is empty or contains a colon (RFC 7617 2)`)
    if (/\p{Cc}/u.test(user + password))
      throw new OptionError(`credentials[${i}] contains a control character (RFC 7617 2)`)
    const kind = hashKind(password)
    // A hash as the password: those who know the password could not log in, and those who know the hash could.
    if (kind !== '' || readPasswordHash(password) !== null)
      throw new OptionError(
        `credentials[${i}]: the password of ${shown(user)} is ${kind || 'a hash'}: give the password itself, or put a hash from hopwise password in users`,
      )
  }
  return new Set(credentials.map(({ user, password }) => Buffer.from(`${user}:${password}`).toString('base64')))
}
