import { LOWER_CASE, wordOf } from './words.js'

export { isToken, TCHAR } from './octets.js'

/**
 * The field names that the layers above treat specially, in lower case. The index in this list is the id of the name; 0 is any
 * other.
 */
export const NAMES = [
  '',
  // connection-specific, RFC 9110 7.6.1
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
  'x-forwarded-prefix',
  'x-forwarded-server',
  'x-forwarded-by',
  'x-real-ip',
  // what CGI and WSGI map to one of these (R224)
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

/** The id of a known name, as `Lines.id` returns it and `Lines.find` takes it. */
export const ID = Object.fromEntries(NAMES.map((name, id) => [name, id])) as Record<KnownName, number>

/**
 * The case-insensitive hash of a name, which must be a token: over its length and five of its bytes, those in which the known
 * names differ. Equal names have equal hashes; equal hashes prove nothing.
 */
export function hashOf(name: string): number {
  const octet = (i: number): number => name.charCodeAt(Math.min(i, name.length - 1))
  return mix(name.length, octet(0), octet(1), octet(6), octet(11), octet(12))
}

/** `hashOf` the name whose bytes are `bytes[from, to)`. */
export function hashOfOctets(bytes: Uint8Array, from: number, to: number): number {
  const last = to - 1
  const a = bytes[from]!
  const b = bytes[Math.min(from + 1, last)]!
  const c = bytes[Math.min(from + 6, last)]!
  const d = bytes[Math.min(from + 11, last)]!
  const e = bytes[Math.min(from + 12, last)]!
  return mix(to - from, a, b, c, d, e)
}

function mix(length: number, a: number, b: number, c: number, d: number, e: number): number {
  const start = Math.imul(length, 31) + (a | CASE)
  return (
    (Math.imul(Math.imul(Math.imul(Math.imul(start, 31) + (b | CASE), 31) + (c | CASE), 31) + (d | CASE), 31) +
      (e | CASE)) |
    0
  )
}

/**
 * The id of the name in `[from, to)` of these words, or 0. The name is a token, and `hash` is its hash. Every byte is compared.
 */
export function idOfOctets(words: DataView, from: number, to: number, hash: number): number {
  const id = SLOTS[slotOf(hash)]!
  const length = to - from
  if (id === 0 || LENGTHS[id] !== length) return 0
  if (length < 4) return isShortName(words, from, id) ? id : 0
  let known = id * NAME_WORDS
  const last = to - 4
  for (let at = from; at < last; at += 4) if ((words.getInt32(at, true) | LOWER_CASE) !== KNOWN[known++]) return 0
  return (words.getInt32(last, true) | LOWER_CASE) === KNOWN[known] ? id : 0
}

function isShortName(words: DataView, from: number, id: number): boolean {
  const name = NAMES[id]!
  for (let i = 0; i < name.length; i++) if ((words.getUint8(from + i) | CASE) !== name.charCodeAt(i)) return false
  return true
}

// An odd number with which no two known names share a slot. A new name may need another number: the test of this file then fails
// and suggests one.
const SPREAD = 169_775
const SLOT_BITS = 10

/** The slot in which a hash is looked up; exported for the test that no two names collide. */
export function slotOf(hash: number, spread: number = SPREAD): number {
  return Math.imul(hash, spread) >>> (32 - SLOT_BITS)
}

const CASE = 0x20

const LENGTHS = Uint8Array.from(NAMES, name => name.length)

/** The length of the longest name in words. */
const NAME_WORDS = 7
/** The words of each name in lower case; the last one ends with the name and may overlap the one before. */
const KNOWN = new Int32Array(NAMES.length * NAME_WORDS)
for (const [id, name] of NAMES.entries()) {
  for (let at = 0, word = 0; at < name.length && name.length >= 4; at += 4, word++)
    KNOWN[id * NAME_WORDS + word] = wordOf(name, Math.min(at, name.length - 4)) | LOWER_CASE
}
const SLOTS = new Uint8Array(1 << SLOT_BITS)
for (let id = 1; id < NAMES.length; id++) SLOTS[slotOf(hashOf(NAMES[id]!))] = id
