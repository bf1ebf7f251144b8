import { crc32c } from './crc32c.js'
import { isMapped, readIpv4, readIpv6, writeIpv4, writeIpv6 } from './ip-address.js'
import { latin1 } from './latin1.js'
import { CR, describeOctet, LF } from './octets.js'
import { ProtocolError } from './protocol-error.js'

// The PROXY protocol, version 1 (a line) and version 2 (binary): the preface with which a proxy that relays bytes without reading
// them describes the connection it relays. Section numbers are those of HAProxy's proxy-protocol.txt.

/** Both ends of the relayed connection. */
export interface ProxiedEnds {
  /** An IP address (IPv6 in the form of RFC 5952), or the path of a unix socket. */
  readonly source: string
  readonly sourcePort: number
  readonly destination: string
  readonly destinationPort: number
}

export interface ProxyPreface {
  readonly version: 1 | 2
  /** Null: the ends of the connection itself apply (LOCAL, UNKNOWN, or an address family that carries nothing usable). */
  readonly ends: (ProxiedEnds & { readonly family: 'ipv4' | 'ipv6' | 'unix' }) | null
}

export type PrefaceRead =
  | { readonly state: 'more' }
  /** The preface ended before `next`. */
  | { readonly state: 'done'; readonly next: number; readonly preface: ProxyPreface }

/** The longest line of version 1, including CRLF (2.1). */
const LINE_BYTES_MAX = 107
/**
 * The limit of what follows the 16 bytes that begin version 2: addresses take at most 216 bytes, the rest is for TLVs (names,
 * ids).
 */
export const BLOCK_BYTES_MAX = 4 * 1024

const WORD = Buffer.from('PROXY ', 'latin1')
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const MORE: PrefaceRead = { state: 'more' }

/**
 * Reads a preface at the start of a connection: `bytes[from, to)` is everything received so far. Bytes after the preface are not
 * inspected.
 * @throws ProtocolError for anything else, as early as it can be detected; `offset` counts from the first byte of the connection
 */
export function readProxyPreface(bytes: Buffer, from: number, to: number): PrefaceRead {
  if (from === to) return MORE
  return bytes[from] === SIGNATURE[0] ? readBlock(bytes, from, to) : readLine(bytes, from, to)
}

function refused(version: 1 | 2, what: string, offset: number): ProtocolError {
  return new ProtocolError(400, `PROXY protocol: ${what}`, `PROXY protocol 2.${version}`, offset)
}

/** Throws when the bytes received so far differ from `expected`; returns whether all of it was received. */
function expectStart(expected: Buffer, version: 1 | 2, bytes: Buffer, from: number, to: number): boolean {
  for (let i = 0; i < expected.length; i++) {
    if (from + i === to) return false
    const octet = bytes[from + i]!
    if (octet !== expected[i])
      throw refused(version, `expected a preface, got ${describeOctet(octet)} at byte ${i} of the connection`, i)
  }
  return true
}

// Version 1 -----------------------------------------------------------------------------------------------------------

function readLine(bytes: Buffer, from: number, to: number): PrefaceRead {
  if (!expectStart(WORD, 1, bytes, from, to)) return MORE
  const end = endOfLine(bytes, from, to)
  if (end < 0) return MORE
  const words = latin1(bytes, from + WORD.length, end).split(' ')
  const ends = words[0] === 'UNKNOWN' ? null : endsIn(words)
  return { state: 'done', next: end + 2, preface: { version: 1, ends } }
}

/** The position of the CR of the line, or -1 when the end of the line was not received yet. */
function endOfLine(bytes: Buffer, from: number, to: number): number {
  const last = from + LINE_BYTES_MAX - 2
  for (let at = from + WORD.length; at < to && at <= last; at++) {
    const octet = bytes[at]
    if (octet === LF) throw refused(1, `LF without CR at byte ${at - from}`, at - from)
    if (octet !== CR) continue
    if (at + 1 === to) return -1
    if (bytes[at + 1] !== LF) throw refused(1, `CR without LF at byte ${at - from}`, at - from)
    return at
  }
  if (to > last) throw refused(1, `the line is longer than ${LINE_BYTES_MAX} bytes`, LINE_BYTES_MAX)
  return -1
}

function endsIn(words: readonly string[]): ProxyPreface['ends'] {
  const [family = '', source = '', destination = '', sourcePort = '', destinationPort = ''] = words
  if (family !== 'TCP4' && family !== 'TCP6')
    throw refused(1, `expected TCP4, TCP6 or UNKNOWN, got ${JSON.stringify(family)}`, WORD.length)
  if (words.length !== 5) throw refused(1, `expected 4 words after ${family}, got ${words.length - 1}`, WORD.length)
  const addressOf = family === 'TCP4' ? ip4 : ip6
  return {
    family: family === 'TCP4' ? 'ipv4' : 'ipv6',
    source: addressOf(source),
    sourcePort: portOf(sourcePort),
    destination: addressOf(destination),
    destinationPort: portOf(destinationPort),
  }
}

function ip4(text: string): string {
  if (readIpv4(text) === null) throw refused(1, `${JSON.stringify(text)} is not an IPv4 address`, -1)
  return text
}

function ip6(text: string): string {
  const octets = readIpv6(text)
  if (octets === null) throw refused(1, `${JSON.stringify(text)} is not an IPv6 address`, -1)
  return writeIpv6(octets, 0)
}

function portOf(text: string): number {
  const port = /^(?:0|[1-9]\d{0,4})$/.test(text) ? Number(text) : 65_536
  if (port > 65_535) throw refused(1, `${JSON.stringify(text)} is not a port`, -1)
  return port
}

// Version 2 -----------------------------------------------------------------------------------------------------------

const HEAD_BYTES = 16
/** By address family: the size of the two ends in bytes. */
const ENDS_BYTES = [0, 12, 36, 216] as const
const LOCAL = 0
const PROXY = 1
const UNSPEC = 0
const INET = 1
const INET6 = 2
const STREAM = 1
const DGRAM = 2
const CRC32C = 3

function readBlock(bytes: Buffer, from: number, to: number): PrefaceRead {
  if (!expectStart(SIGNATURE, 2, bytes, from, to) || to - from < HEAD_BYTES) return MORE
  const [about, kind] = [bytes[from + 12]!, bytes[from + 13]!]
  if (about >> 4 !== 2) throw refused(2, `expected version 2, got ${about >> 4}`, 12)
  const command = about & 0xf
  if (command > PROXY) throw refused(2, `command ${command} is neither LOCAL (0) nor PROXY (1)`, 12)
  const length = bytes.readUInt16BE(from + 14)
  if (length > BLOCK_BYTES_MAX) throw refused(2, `a block of ${length} bytes, the limit is ${BLOCK_BYTES_MAX}`, 14)
  const next = from + HEAD_BYTES + length
  const family = kind >> 4
  const transport = kind & 0xf
  // With LOCAL, nothing but the length counts (2.2): the sender opened the connection on its own behalf.
  if (command === PROXY && (family >= ENDS_BYTES.length || transport > DGRAM))
    throw refused(2, `unassigned address family and protocol 0x${kind.toString(16).padStart(2, '0')}`, 13)
  if (to < next) return MORE
  const ends = command === PROXY ? endsAt(bytes, from, next, family, transport) : null
  return { state: 'done', next, preface: { version: 2, ends } }
}

function endsAt(bytes: Buffer, from: number, next: number, family: number, transport: number): ProxyPreface['ends'] {
  if (family === UNSPEC || transport === UNSPEC) return null
  const at = from + HEAD_BYTES
  const tlvs = at + ENDS_BYTES[family as 1 | 2 | 3]
  if (tlvs > next) throw refused(2, `${next - at} bytes are too few for the addresses`, 14)
  checkTlvs(bytes, from, tlvs, next)
  if (transport !== STREAM) return null
  if (family === INET) return ipEnds(bytes, at, 'ipv4', 4, writeIpv4)
  if (family === INET6) return ipEnds(bytes, at, 'ipv6', 16, writeIpv6)
  const [source, destination] = [pathAt(bytes, at), pathAt(bytes, at + 108)]
  return { family: 'unix', source, sourcePort: 0, destination, destinationPort: 0 }
}

function ipEnds(
  bytes: Buffer,
  at: number,
  family: 'ipv4' | 'ipv6',
  size: number,
  write: (octets: Buffer, at: number) => string,
): ProxyPreface['ends'] {
  return {
    family,
    source: write(bytes, at),
    sourcePort: bytes.readUInt16BE(at + 2 * size),
    destination: write(bytes, at + size),
    destinationPort: bytes.readUInt16BE(at + 2 * size + 2),
  }
}

/** A path in a field of 108 bytes, terminated by NUL when it is shorter. */
function pathAt(bytes: Buffer, at: number): string {
  const nul = bytes.subarray(at, at + 108).indexOf(0)
  return latin1(bytes, at, at + (nul < 0 ? 108 : nul))
}

/**
 * Checks the TLVs (type, length in two bytes, value): they must fill the rest of the block exactly, and a checksum must be
 * correct.
 */
function checkTlvs(bytes: Buffer, from: number, first: number, next: number): void {
  let summed = false
  for (let at = first; at < next; ) {
    const value = at + 3
    const end = value > next ? value : value + bytes.readUInt16BE(at + 1)
    if (end > next) throw refused(2, `the TLV at byte ${at - from} extends past its block`, at - from)
    if (bytes[at] === CRC32C) {
      if (summed || end - value !== 4) throw refused(2, 'more than one checksum, or one that is not 4 bytes', at - from)
      summed = true
      checkSum(bytes, from, value, next)
    }
    at = end
  }
}

const NO_SUM = Buffer.alloc(4)

/** Checks the CRC32c of the preface, computed with zeros in place of the checksum itself (2.2.3). */
function checkSum(bytes: Buffer, from: number, at: number, next: number): void {
  const sum = crc32c(bytes, at + 4, next, crc32c(NO_SUM, 0, 4, crc32c(bytes, from, at)))
  if (sum !== bytes.readUInt32BE(at)) throw refused(2, 'the checksum is wrong', at - from)
}

// Writing -------------------------------------------------------------------------------------------------------------

/**
 * The preface for a relayed connection, or with `'local'` for one of our own (a health check). Ends that are not IP addresses (of
 * a unix socket) are not sent: the receiver then uses the ends of the connection itself, as for LOCAL, which a receiver must not
 * reject. An IPv6 zone is left out, and an IPv4 end together with an IPv6 end is written as `::ffff:a.b.c.d`.
 */
export function writeProxyPreface(version: 1 | 2, ends: ProxiedEnds | 'local'): Buffer {
  const known = ends === 'local' ? null : octetsOfEnds(ends)
  if (known === null) return version === 1 ? Buffer.from('PROXY UNKNOWN\r\n') : block(LOCAL, 0, [])
  const { source, destination, sourcePort, destinationPort } = known
  const wide = source.length === 16
  if (version === 2) {
    const ports = [sourcePort >> 8, sourcePort & 0xff, destinationPort >> 8, destinationPort & 0xff]
    return block(PROXY, ((wide ? INET6 : INET) << 4) | STREAM, [...source, ...destination, ...ports])
  }
  const write = wide ? writeIpv6 : writeIpv4
  const addresses = `${write(source, 0)} ${write(destination, 0)}`
  return Buffer.from(`PROXY ${wide ? 'TCP6' : 'TCP4'} ${addresses} ${sourcePort} ${destinationPort}\r\n`)
}

function block(command: typeof LOCAL | typeof PROXY, kind: number, ends: readonly number[]): Buffer {
  return Buffer.from([...SIGNATURE, 0x20 | command, kind, 0, ends.length, ...ends])
}

interface Octets {
  readonly source: readonly number[]
  readonly sourcePort: number
  readonly destination: readonly number[]
  readonly destinationPort: number
}

/** Both addresses in one family: IPv4 when both are IPv4 or IPv4-mapped, else IPv6. */
function octetsOfEnds(ends: ProxiedEnds): Octets | null {
  const [source, destination] = [mapped(ends.source), mapped(ends.destination)]
  if (source === null || destination === null) return null
  const narrow = isMapped(source, 0) && isMapped(destination, 0)
  const begin = narrow ? 12 : 0
  return { ...ends, source: source.slice(begin), destination: destination.slice(begin) }
}

function mapped(address: string): number[] | null {
  const four = readIpv4(address)
  if (four !== null) return [...new Array<number>(10).fill(0), 0xff, 0xff, ...four]
  return readIpv6(address.split('%', 1)[0]!)
}
