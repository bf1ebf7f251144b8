import type { Address } from '../address.js'
import { readLiteral } from '../address.js'

/** The contents of `/etc/hosts`: names in lower case, each with its addresses in the order of the lines. */
export type Hosts = ReadonlyMap<string, readonly Address[]>

/** Reads hosts(5): an address and its names on each line, `#` begins a comment. A line without an address is ignored. */
export function readHosts(text: string): Hosts {
  const hosts = new Map<string, Address[]>()
  for (const line of text.split('\n')) {
    const [place = '', ...names] = line.replace(/#.*/s, '').trim().split(/\s+/)
    const address = readLiteral(place)
    if (address === null || place.startsWith('[')) continue
    for (const name of names) add(hosts, bareName(name), address)
  }
  return hosts
}

function add(hosts: Map<string, Address[]>, name: string, address: Address): void {
  const known = hosts.get(name)
  if (known === undefined) hosts.set(name, [address])
  else if (!known.some(one => one.address === address.address)) known.push(address)
}

/** The form in which names are compared: in lower case, without the trailing dot. */
export function bareName(name: string): string {
  const lower = name.toLowerCase()
  return lower.endsWith('.') ? lower.slice(0, -1) : lower
}

/** Such a name never exists (RFC 6761 6.4). */
export function isInvalid(name: string): boolean {
  const bare = bareName(name)
  return bare === 'invalid' || bare.endsWith('.invalid')
}

/** `localhost` and every name below it always mean this machine (RFC 6761 6.3). */
export function isLocalhost(name: string): boolean {
  const bare = bareName(name)
  return bare === 'localhost' || bare.endsWith('.localhost')
}
