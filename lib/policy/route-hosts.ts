import ipaddr from 'ipaddr.js'
import { readAuthority } from '../wire/authority.js'
import { hostHabit } from './habits.js'

/** The host of an authority as hosts are compared: without port and final dot, in lower case, IPv6 in its shortest form (RFC 5952). */
export function canonicalHost(authority: string): string {
  if (authority.startsWith('[')) {
    const literal = authority.slice(1, authority.indexOf(']'))
    return ipaddr.IPv6.isValid(literal) ? `[${ipaddr.IPv6.parse(literal).toRFC5952String()}]` : authority
  }
  const colon = authority.indexOf(':')
  const host = (colon < 0 ? authority : authority.slice(0, colon)).toLowerCase()
  return host.endsWith('.') ? host.slice(0, -1) : host
}

/**
 * A host in a route, as hosts are compared: `app.example`, `*.example` for one or more labels in front of it, `[::1]`, `192.0.2.1`.
 * @throws TypeError with what is wrong and what would be right
 */
export function hostPattern(host: string): string {
  const what = `host ${JSON.stringify(host)}`
  const bare = host.startsWith('*.') ? host.slice(2) : host
  const habit = hostHabit(host)
  if (habit !== null) throw new TypeError(`${what} ${habit.what}: ${habit.right}`)
  if (bare.includes('*')) throw new TypeError(`${what}: * stands only for whole labels in front, as in *.example`)
  if (bare.includes('://')) throw new TypeError(`${what}: write the host alone, without scheme and path`)
  if (/[^!-~]/.test(bare)) throw new TypeError(`${what}: write the name as it is sent, in ASCII (xn--…)`)
  const literal = ipaddr.IPv6.isValid(bare) && bare.includes(':') ? `[${bare}]` : bare
  const authority = readAuthority(literal)
  if (authority === undefined || bare.startsWith('.') || (bare !== host && literal.startsWith('[')))
    throw new TypeError(`${what} is no host name and no address`)
  if (authority.port >= 0) throw new TypeError(`${what}: leave the port off, a route takes every port`)
  return bare === host ? canonicalHost(literal) : `*.${canonicalHost(literal)}`
}

interface Hosted {
  /** Patterns; null: every host. */
  readonly hosts: readonly string[] | null
}

/** Which rows are there for a host, in their order: one look-up for a name. It is for short lists, `RouteIndex` for long ones. */
export class HostIndex<R extends Hosted> {
  readonly #exact = new Map<string, readonly R[]>()
  /** By what follows the `*`: `.example`. */
  readonly #wild = new Map<string, readonly R[]>()
  /** How long the longest of these is: no longer end of a host has to be looked up, however long somebody makes that. */
  readonly #longest: number
  /** For any other host. */
  readonly #rest: readonly R[]

  constructor(rows: readonly R[]) {
    this.#rest = rows.filter(({ hosts }) => hosts === null)
    for (const pattern of new Set(rows.flatMap(({ hosts }) => hosts ?? []))) {
      const [index, name] = pattern.startsWith('*') ? [this.#wild, pattern.slice(1)] : [this.#exact, pattern]
      index.set(
        name,
        rows.filter(({ hosts }) => hosts === null || hosts.some(other => covers(other, name))),
      )
    }
    this.#longest = [...this.#wild.keys()].reduce((longest, { length }) => Math.max(longest, length), 0)
  }

  /** @param host as received, '' for none */
  find(host: string): readonly R[] {
    if (this.#exact.size === 0 && this.#wild.size === 0) return this.#rest
    return this.#exact.get(host) ?? this.#findCanonical(canonicalHost(host))
  }

  /** The longest of the wildcards that fit has those of the shorter ones among its rows. */
  #findCanonical(host: string): readonly R[] {
    const exact = this.#exact.get(host)
    if (exact !== undefined) return exact
    if (this.#wild.size === 0) return this.#rest
    const from = Math.max(1, host.length - this.#longest)
    for (let dot = host.indexOf('.', from); dot > 0; dot = host.indexOf('.', dot + 1)) {
      const rows = this.#wild.get(host.slice(dot))
      if (rows !== undefined) return rows
    }
    return this.#rest
  }
}

/** Does a pattern take in a host, or all that a wildcard does (given by what follows its `*`)? */
function covers(pattern: string, name: string): boolean {
  return pattern.startsWith('*') ? name.endsWith(pattern.slice(1)) : pattern === name
}
