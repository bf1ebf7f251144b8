import { ProxyError } from '../../link/proxy-error.js'
import { destinationHabit } from '../../policy/habits.js'
import { WrongText } from '../../policy/option-error.js'
import { type Address, readLiteral } from '../names/resolver.js'
import { type Network, Networks } from '../networks.js'
import { innerOf, isMetadata, kindOf, METADATA_NAMES, type ParsedAddress, parseAddress } from './special-addresses.js'

/**
 * Where a forward proxy may connect: the public Internet, and what the operator has allowed. Every address that has a meaning
 * only near the proxy (loopback, private, link-local, carrier-grade, …) is refused, since a client would reach it from the
 * proxy's position in the network; so is every IPv6 address that embeds an IPv4 address, since a gateway on the path may unpack
 * it.
 *
 * Check twice: `refuseHost` before a name is resolved, then `check` with the addresses, and connect only to those that `check`
 * returns (a second resolution could give a different answer: DNS rebinding).
 */
export class Destinations {
  readonly #allowed: Places
  readonly #only: Places | null
  readonly #denied: Places

  /**
   * Each list: CIDR blocks, addresses, host names, `*.suffix` (every name below the suffix, not the suffix itself).
   * @param allow destinations that are permitted although they are not public
   * @param only the only permitted destinations, public or not; empty: no such limit
   * @param deny destinations that are refused, whatever the other two lists say
   * @throws OptionError that names the first invalid entry
   */
  constructor(allow: readonly string[], only: readonly string[] = [], deny: readonly string[] = []) {
    this.#allowed = new Places(allow)
    this.#only = only.length === 0 ? null : new Places(only)
    this.#denied = new Places(deny)
  }

  /** The check of a host before it is resolved, or when another proxy resolves it; null: nothing against it. */
  refuseName(host: string): ProxyError | null {
    const odd = this.refuseHost(host)
    if (odd !== null) return odd
    const literal = readLiteral(host)
    if (literal !== null) return this.#refuseLiteral(host, parseAddress(literal.address))
    // The next proxy may decode it before resolving, and would then use a different name from the one checked against the lists.
    if (!NAME.test(host)) return oddName(host)
    if (this.#denied.hasName(host)) return denied(host)
    if (METADATA_NAMES.has(bareName(host)) && !this.#allowed.hasName(host)) return metadataName(host)
    // A host that only an address entry could permit is refused, since its address is not known here.
    return this.#only === null || this.#only.hasName(host) ? null : denied(host)
  }

  /**
   * A cloud's metadata service serves the host that connects, so no proxy is asked for it; the next proxy judges everything
   * else.
   */
  #refuseLiteral(host: string, address: ParsedAddress): ProxyError | null {
    if (!this.#mayReach(host, address)) return denied(host)
    const inner = innerOf(address)
    if (!isMetadata(address) && (inner === null || !isMetadata(inner.address))) return null
    const refusal = this.#refuse(address)
    return refusal === null ? null : prohibited(host, true, refusal)
  }

  /**
   * Refuses what is neither a name nor an address, but which the system resolver reads as one: `0x7f.1`, `2130706433`, `127.1`.
   */
  refuseHost(host: string): ProxyError | null {
    return isOddLiteral(host) ? oddName(host) : null
  }

  /**
   * The permitted addresses, in their order; or an error that says why none is permitted.
   *
   * @param host as in the request-target, an IPv6 literal with its brackets
   */
  check(host: string, addresses: readonly Address[]): Address[] | ProxyError {
    const odd = this.refuseHost(host)
    if (odd !== null) return odd
    if (this.#denied.hasName(host)) return denied(host)
    const within = addresses.filter(({ address }) => this.#mayReach(host, parseAddress(address)))
    if (within.length === 0 && addresses.length > 0) return denied(host)
    const literal = readLiteral(host) !== null
    if (!literal && this.#allowed.hasName(host)) return within
    const permitted: Address[] = []
    let refusal: Refusal | null = null
    for (const address of within) {
      const why = this.#refuse(parseAddress(address.address))
      if (why === null) permitted.push(address)
      else refusal ??= why
    }
    if (permitted.length > 0) return permitted
    return prohibited(host, literal, refusal)
  }

  /** Applies `only` and `deny`. An address that embeds another one is refused if either of them is denied. */
  #mayReach(host: string, address: ParsedAddress): boolean {
    const inner = innerOf(address)
    if (this.#denied.hasAddress(address) || (inner !== null && this.#denied.hasAddress(inner.address))) return false
    const only = this.#only
    if (only === null || only.hasName(host) || only.hasAddress(address)) return true
    return inner?.isMapped === true && only.hasAddress(inner.address)
  }

  /**
   * Null: permitted. If an address embeds another one, both must be permitted; except that for a mapped address the inner address
   * decides for both, since to every socket a mapped address *is* the inner one.
   */
  #refuse(address: ParsedAddress): Refusal | null {
    const inner = innerOf(address)
    if (inner?.isMapped && this.#allowed.hasAddress(inner.address)) return null
    if (!this.#allowed.hasAddress(address)) {
      const kind = kindOf(address)
      return kind === null ? null : { what: kind, option: inner?.isMapped ? inner.address : address }
    }
    const refusal = inner === null ? null : this.#refuse(inner.address)
    return refusal === null ? null : { what: `an address that embeds ${refusal.what}`, option: refusal.option }
  }
}

/** A list of hosts, by name and by address. */
class Places {
  readonly #networks: Networks
  readonly #names = new Set<string>()
  /** What follows the `*`: `.example.org`. */
  readonly #suffixes = new Set<string>()

  /** @throws OptionError */
  constructor(entries: readonly string[]) {
    const networks: Network[] = []
    for (const entry of entries) {
      const network = readNetwork(entry)
      if (network === null) this.#add(entry)
      else networks.push(network)
    }
    this.#networks = new Networks(networks)
  }

  #add(entry: string): void {
    if (NAME.test(entry) && !isOddLiteral(entry)) {
      const name = bareName(entry)
      if (name.startsWith('*')) this.#suffixes.add(name.slice(1))
      else this.#names.add(name)
    } else {
      const habit = destinationHabit(entry)
      const right = habit === null ? '' : `; ${habit.right}`
      const forms = `write an address, a CIDR block, a host name or *.suffix${right}`
      throw new WrongText(`"${entry}"`, 'is not a destination', forms)
    }
  }

  hasName(host: string): boolean {
    const name = bareName(host)
    return this.#names.has(name) || (this.#suffixes.size > 0 && this.#hasSuffixOf(name))
  }

  /** Tries the rest from each dot on, except a leading dot. */
  #hasSuffixOf(name: string): boolean {
    for (let dot = name.indexOf('.', 1); dot > 0; dot = name.indexOf('.', dot + 1))
      if (this.#suffixes.has(name.slice(dot))) return true
    return false
  }

  hasAddress(address: ParsedAddress): boolean {
    return this.#networks.has(address.toByteArray())
  }
}

/**
 * A host that ends in a number (as defined by the URL standard) but is not an address in its usual form. No top-level domain is
 * numeric, but `getaddrinfo` reads such hosts as IPv4, in octal and hexadecimal too.
 */
function isOddLiteral(host: string): boolean {
  if (readLiteral(host) !== null) return false
  if (host.startsWith('[')) return true
  const name = bareName(host)
  return /^(?:\d+|0x[0-9a-f]*)$/.test(name.slice(name.lastIndexOf('.') + 1))
}

function bareName(host: string): string {
  const name = host.toLowerCase()
  return name.endsWith('.') ? name.slice(0, -1) : name
}

function readNetwork(entry: string): Network | null {
  const [address, length, more] = entry.split('/')
  const literal = readLiteral(address!)
  if (literal === null || more !== undefined) return null
  const bits = literal.family === 4 ? 32 : 128
  if (length !== undefined && (!/^\d{1,3}$/.test(length) || Number(length) > bits)) return null
  return { octets: parseAddress(literal.address).toByteArray(), bits: length === undefined ? bits : Number(length) }
}

/**
 * For a name, the text gives the kind of address, not the address: that is the proxy's own view of the network (RFC 9209
 * 2.1.5).
 */
function prohibited(host: string, literal: boolean, refusal: Refusal | null): ProxyError {
  const facts = { stage: 'route', side: 'client', status: 403 } as const
  if (refusal === null)
    return new ProxyError('dns_error', `${host} has no address`, { stage: 'resolve', side: 'upstream' })
  const { what, option } = refusal
  const entry = literal ? `${option}/${option.toByteArray().length * 8}` : bareName(host)
  const remedy = { settings: ['allow'], value: [entry] } as const
  return new ProxyError('destination_ip_prohibited', `${host} ${literal ? 'is' : 'has'} ${what}`, { ...facts, remedy })
}

function oddName(host: string): ProxyError {
  return new ProxyError('http_request_error', `${host} is neither a host name nor an address in its usual form`, {
    stage: 'route',
    side: 'client',
  })
}

function metadataName(host: string): ProxyError {
  const text = `${host} is the name of a cloud metadata service`
  const remedy = { settings: ['allow'], value: [bareName(host)] } as const
  return new ProxyError('destination_ip_prohibited', text, { stage: 'route', side: 'client', status: 403, remedy })
}

/** Refused by one of the operator's lists; the contents of the list are not disclosed. */
function denied(host: string): ProxyError {
  const text = `${host} is not a destination that this proxy serves`
  const remedy = { settings: ['only', 'deny'] } as const
  return new ProxyError('destination_ip_prohibited', text, { stage: 'route', side: 'client', status: 403, remedy })
}

const NAME = /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/i

interface Refusal {
  /** What kind of address it is, in words. */
  readonly what: string
  /** The address to allow. */
  readonly option: ParsedAddress
}
