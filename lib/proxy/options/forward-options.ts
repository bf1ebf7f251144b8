import type { Origin } from '../../link/origin.js'
import { Destinations } from '../../net/upstream/destinations.js'
import { hashKind, readPasswordHash } from '../users.js'
import { named, shown } from './check.js'
import type { ProxyOptions } from './proxy-options.js'
import { readUpstream } from './upstream-url.js'

// What only a forward proxy is told: where its clients may go, through whom, and who they are.

/** @throws TypeError that names the list, and the first entry of it that is no destination */
export function destinationsOf({ allow = [], only = [], deny = [] }: ProxyOptions): Destinations {
  for (const [what, entries] of Object.entries({ allow, only, deny })) named(what, () => new Destinations(entries))
  return new Destinations(allow, only, deny)
}

/** The proxy behind this one. */
export interface Parent {
  readonly origin: Origin
  /** `user:password`, '' for none. */
  readonly credentials: string
}

/** @throws TypeError */
export function readParent(text: string): Parent {
  const match = /^(https?:\/\/)(?:([^@/]*)@)?(.*)$/i.exec(text)
  if (match === null)
    throw new TypeError('parent is no URL with http:// or https://, for example http://proxy.internal:3128')
  const [, scheme, userinfo, rest] = match
  const origin = readUpstream(`${scheme}${rest}`)
  return { origin, credentials: userinfo === undefined ? '' : readCredentialsOf(userinfo) }
}

/** A user alone has an empty password (RFC 7617 2). */
function readCredentialsOf(userinfo: string): string {
  try {
    const credentials = decodeURIComponent(userinfo)
    return credentials.includes(':') ? credentials : `${credentials}:`
  } catch {
    throw new TypeError('parent: the user or the password has a % that is no percent-encoding: write %25')
  }
}

/** `user:password` in base64; null: none is asked for. @throws TypeError */
export function readCredentials(credentials: ProxyOptions['credentials']): ReadonlySet<string> | null {
  if (credentials === undefined) return null
  for (const [i, { user, password }] of credentials.entries()) {
    if (user === '' || user.includes(':'))
      throw new TypeError(`credentials[${i}]: the user name ${shown(user)} is empty or has a colon (RFC 7617 2)`)
    if (/\p{Cc}/u.test(user + password))
      throw new TypeError(`credentials[${i}] has a control character in it (RFC 7617 2)`)
    const kind = hashKind(password)
    // Nobody who knows the password could log in with it, and who knows the hash could.
    if (kind !== '' || readPasswordHash(password) !== null)
      throw new TypeError(
        `credentials[${i}]: the password of ${shown(user)} is ${kind || 'a hash'}: give the password itself, or in users a hash of hopwise password`,
      )
  }
  return new Set(credentials.map(({ user, password }) => Buffer.from(`${user}:${password}`).toString('base64')))
}
