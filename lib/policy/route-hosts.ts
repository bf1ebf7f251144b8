import ipaddr from 'ipaddr.js'
import { readAuthority } from '../wire/authority.js'
import { hostHabit } from './habits.js'
import { WrongText } from './option-error.js'

/** The host of an authority in canonical form: without port and final dot, in lower case, IPv6 in the form of RFC 5952. */
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
 * A host of a route in canonical form: `app.example`, `*.example` for one or more labels before it, `[::1]`, `192.0.2.1`.
 * @throws OptionError that says what is wrong and how to write it
 */
export function hostPattern(host: string): string {
  const what = `host ${JSON.stringify(host)}`
  const bare = host.startsWith('*.') ? host.slice(2) : host
  const habit = hostHabit(host)
  if (habit !== null) throw new WrongText(what, habit.what, habit.right)
  if (bare.includes('*')) throw new WrongText(what, '', '* is allowed only as the first label, as in *.example')
  if (bare.includes('://')) throw new WrongText(what, '', 'write the host alone, without scheme and path')
  if (/[^!-~]/.test(bare)) throw new WrongText(what, '', 'write the name as it is sent, in ASCII (xn--…)')
  const literal = ipaddr.IPv6.isValid(bare) && bare.includes(':') ? `[${bare}]` : bare
  const authority = readAuthority(literal)
  if (authority === undefined || bare.startsWith('.') || (bare !== host && literal.startsWith('[')))
    throw new WrongText(what, 'is neither a host name nor an address')
  if (authority.port >= 0) throw new WrongText(what, '', 'remove the port, a route matches every port')
  return bare === host ? canonicalHost(literal) : `*.${canonicalHost(literal)}`
}

interface Hosted {
  /** The host patterns; null for every host. */
  readonly hosts: readonly string[] | null
}

/** The rows for each host, in their order: one lookup per name. For short lists; long ones use `RouteIndex`. */
export class HostIndex<R extends Hosted> {
  readonly #exact = new Map<string, readonly R[]>()
  /** By the part after the `*`: `.example`. */
  readonly #wild = new Map<string, readonly R[]>()
  /** The length of the longest of these: bounds the suffixes of a host that are looked up, however long the host is. */
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

  /** The rows of the longest matching wildcard include those of the shorter ones. */
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

/** Whether a pattern covers a host, or everything that a wildcard covers (given by the part after its `*`). */
function covers(pattern: string, name: string): boolean {
  return pattern.startsWith('*') ? name.endsWith(pattern.slice(1)) : pattern === name
}
