import { FIELD_OCTET, isToken, TARGET_OCTET } from './octets.js'

// The counterpart of the readers: writes latin1 strings. Anything that would not read back equal is a TypeError: a bug here,
// never an error of a peer.

/** `GET / HTTP/1.1` CRLF (RFC 9112 3). Always our own version, whatever was received (RFC 9112 2.3). */
export function requestLine(method: string, target: string): string {
  if (!isToken(method)) throw new TypeError(`not a method: ${JSON.stringify(method)}`)
  if (target === '' || !consistsOf(target, TARGET_OCTET)) {
    throw new TypeError(`not a request-target: ${JSON.stringify(target)}`)
  }
  return `${method} ${target} HTTP/1.1\r\n`
}

/** `HTTP/1.1 200 OK` CRLF. The space after the status code is there even without a reason phrase (RFC 9112 4). */
export function statusLine(status: number, reason: string): string {
  if (!Number.isInteger(status) || status < 100 || status > 999) throw new TypeError(`not a status: ${status}`)
  if (!consistsOf(reason, FIELD_OCTET)) throw new TypeError(`not a reason: ${JSON.stringify(reason)}`)
  return `HTTP/1.1 ${status} ${reason}\r\n`
}

/** `Name: value` CRLF (RFC 9112 5). The value must not have whitespace around it. */
export function fieldLine(name: string, value: string): string {
  if (!isToken(name)) throw new TypeError(`not a field name: ${JSON.stringify(name)}`)
  if (!consistsOf(value, FIELD_OCTET) || /^[ \t]|[ \t]$/.test(value)) {
    throw new TypeError(`not a value of field ${name}: ${JSON.stringify(value)}`)
  }
  return `${name}: ${value}\r\n`
}

/** The line before a chunk of `size` bytes, at least 1 (RFC 9112 7.1). */
export function chunkHeader(size: number): string {
  if (!Number.isSafeInteger(size) || size < 1) throw new TypeError(`not the size of a chunk: ${size}`)
  return `${size.toString(16)}\r\n`
}

/** What follows the data of a chunk. */
export const CHUNK_END = '\r\n'

/** The end of chunked content without trailers. */
export const LAST_CHUNK = '0\r\n\r\n'

/** The end of chunked content with trailers: `fieldLines` are complete lines, made by `fieldLine` or kept as received. */
export function lastChunk(fieldLines: string): string {
  return `0\r\n${fieldLines}\r\n`
}

function consistsOf(text: string, octets: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (octets[text.charCodeAt(i)] !== 1) return false
  return true
}
