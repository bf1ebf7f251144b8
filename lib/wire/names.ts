import { TCHAR } from './octets.js'

export { isToken, TCHAR } from './octets.js'

/** Field names that a floor above has an opinion about, lower case. The place in this list is the name's id; 0 is any other name. */
export const NAMES = [
  '',
  // this connection, RFC 9110 7.6.1
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'close',
  'alpn',
  // framing and routing
  'content-length',
  'host',
  'via',
  'max-forwards',
  'expect',
  // credentials
  'proxy-authorization',
  'proxy-authenticate',
  'proxy-authentication-info',
  'authorization',
  'www-authenticate',
  'authentication-info',
  'cookie',
  'set-cookie',
  // who the client is
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-server',
  'x-forwarded-by',
  'x-real-ip',
  // what CGI and WSGI take for one of these (R224)
  'proxy',
  'x_forwarded_for',
  'x_forwarded-for',
  'x-forwarded_for',
  'x_forwarded_host',
  'x_forwarded-host',
  'x-forwarded_host',
  'x_forwarded_proto',
  'x_forwarded-proto',
  'x-forwarded_proto',
  'x_forwarded_port',
  'x_forwarded-port',
  'x-forwarded_port',
  'x_forwarded_server',
  'x_forwarded-server',
  'x-forwarded_server',
  'x_forwarded_by',
  'x_forwarded-by',
  'x-forwarded_by',
  'x_real_ip',
  'x_real-ip',
  'x-real_ip',
  // control, RFC 9110 6.5.1
  'accept',
  'age',
  'allow',
  'cache-control',
  'date',
  'expires',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'location',
  'pragma',
  'proxy-status',
  'range',
  'retry-after',
  'server',
  'vary',
  'warning',
  // the content's format
  'content-encoding',
  'content-language',
  'content-location',
  'content-range',
  'content-type',
] as const

export type KnownName = (typeof NAMES)[number]

/** The id of a known name: what `Lines.id` and `Lines.find` speak. */
export const ID = Object.fromEntries(NAMES.map((name, id) => [name, id])) as Record<KnownName, number>

/** The hash of a name without regard to case; the same that a reader computes octet by octet with `hashStep`. Only of tokens. */
export function hashOf(name: string): number {
  let hash = 0
  for (let i = 0; i < name.length; i++) hash = hashStep(hash, TCHAR[name.charCodeAt(i)]!)
  return hash
}

export function hashStep(hash: number, lowerOctet: number): number {
  return (Math.imul(hash, 31) + lowerOctet) | 0
}

/** The id of the name whose octets are `bytes[from, to)` and whose hash is known, or 0. The hash is no proof: the octets are compared. */
export function idOfOctets(bytes: Uint8Array, from: number, to: number, hash: number): number {
  const id = SLOTS[slotOf(hash)]!
  if (id === 0) return 0
  const octets = OCTETS[id]!
  if (octets.length !== to - from) return 0
  for (let i = 0; i < octets.length; i++) if (tokenOctets[bytes[from + i]!] !== octets[i]) return 0
  return id
}

// An odd number under which no two known names share a slot. A new name may need another one: the test of this file says so, and tells one.
const SPREAD = 109
const SLOT_BITS = 10

/** Where a hash is looked up; exported for the test that nothing collides. */
export function slotOf(hash: number, spread: number = SPREAD): number {
  return Math.imul(hash, spread) >>> (32 - SLOT_BITS)
}

const tokenOctets = TCHAR // an own name: an imported binding is fetched anew at each use
const OCTETS = NAMES.map(name => Uint8Array.from(name, char => char.charCodeAt(0)))
const SLOTS = new Uint8Array(1 << SLOT_BITS)
for (let id = 1; id < NAMES.length; id++) SLOTS[slotOf(hashOf(NAMES[id]!))] = id
