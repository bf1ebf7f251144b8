import { CR, LF, SP, TARGET_OCTET, TCHAR } from './octets.js'
import { type Progress, type Scan, STAGE } from './scan.js'
import { wordOf, wordsOf } from './words.js'

// Local names for what the loops look up byte by byte: an imported binding is fetched again at each use.
const tokenOctets = TCHAR
const targetOctets = TARGET_OCTET
const { method, target, version, status, reason, startLineLf, line } = STAGE

/**
 * Scans `method SP request-target SP HTTP-version CRLF` (RFC 9112 3) from the position of `scan`, in `bytes[base + scan.at, to)`.
 */
export function scanRequestLine(scan: Scan, bytes: Buffer, base: number, to: number): Progress {
  const limit = base + scan.lineMax + 1
  const stop = Math.min(to, limit)
  let { stage } = scan
  let p = base + scan.at
  if (stage === method) {
    while (p < stop && tokenOctets[bytes[p]!] !== 0) p++
    if (p === stop) return pauseInLine(scan, stage, p - base)
    if (bytes[p] !== SP || p === base) {
      const octet = bytes[p]
      return scan.stumble(octet === LF ? 'bareLf' : octet === CR ? 'noVersion' : 'method', stage, p - base)
    }
    scan.methodTo = p - base
    p++
    stage = target
  }
  if (stage === target) {
    while (p < stop && targetOctets[bytes[p]!] === 1) p++
    if (p === stop) return pauseInLine(scan, stage, p - base)
    if (bytes[p] !== SP || p === base + scan.methodTo + 1) {
      const octet = bytes[p]
      return scan.stumble(octet === LF ? 'bareLf' : octet === CR ? 'noVersion' : 'target', stage, p - base)
    }
    scan.targetTo = p - base
    p++
    stage = version
  }
  if (stage === version) {
    const from = base + scan.targetTo + 1
    if (p === from && p + 8 <= stop && isHttp11(bytes, p)) p += 8
    while (p < stop && p < from + 8 && isVersionOctet(p - from, bytes[p]!)) p++
    if (p === stop) return pauseInLine(scan, stage, p - base)
    if (bytes[p] !== CR || p < from + 8) {
      return scan.stumble(bytes[p] === LF ? 'bareLf' : 'version', stage, p - base)
    }
    if (bytes[from + 5] !== ONE) return scan.stumble('major', stage, from + 5 - base)
    scan.minor = bytes[from + 7] === ZERO ? 0 : 1
    p++
    stage = startLineLf
  }
  return scanLineEnd(scan, bytes, base, p, to)
}

/**
 * Scans `HTTP-version SP status-code SP [ reason-phrase ] CRLF` (RFC 9112 4): twelve bytes at fixed offsets, a space, the reason.
 */
export function scanStatusLine(scan: Scan, bytes: Buffer, base: number, to: number): Progress {
  const limit = base + scan.lineMax + 1
  const stop = Math.min(to, limit)
  const reasonOctets = scan.textOctets
  let { stage } = scan
  let p = base + scan.at
  if (stage === status) {
    if (p === base && p + 8 <= stop && isHttp11(bytes, p)) p += 8
    while (p < stop && p < base + 12 && isStatusOctet(p - base, bytes[p]!)) p++
    if (p === stop) return pauseInLine(scan, stage, p - base)
    const octet = bytes[p]
    if (p < base + 12) {
      return scan.stumble(octet === LF ? 'bareLf' : p < base + 9 ? 'version' : 'status', stage, p - base)
    }
    if (bytes[base + 5] !== ONE) return scan.stumble('major', stage, 5)
    const code = (bytes[base + 9]! - ZERO) * 100 + (bytes[base + 10]! - ZERO) * 10 + bytes[base + 11]! - ZERO
    if (code < 100) return scan.stumble('status', stage, 9)
    if (octet !== SP) {
      return scan.stumble(octet === LF ? 'bareLf' : octet === CR ? 'reasonSpace' : 'status', stage, p - base)
    }
    scan.minor = bytes[base + 7] === ZERO ? 0 : 1
    scan.status = code
    p++
    stage = reason
  }
  if (stage === reason) {
    while (p < stop && reasonOctets[bytes[p]!] === 1) p++
    if (p === stop) return pauseInLine(scan, stage, p - base)
    if (bytes[p] !== CR) return scan.stumble(bytes[p] === LF ? 'bareLf' : 'reason', stage, p - base)
    p++
    stage = startLineLf
  }
  return scanLineEnd(scan, bytes, base, p, to)
}

function scanLineEnd(scan: Scan, bytes: Buffer, base: number, p: number, to: number): Progress {
  if (p === to) return scan.pause(startLineLf, p - base)
  if (bytes[p] !== LF) return scan.stumble('bareCr', startLineLf, p - 1 - base)
  scan.at = p + 1 - base
  scan.stage = line
  scan.lines.fieldsAt = scan.at
  return 'done'
}

/** All bytes were read, or the line exceeds its limit: one byte more than allowed was read, and it does not end the line. */
function pauseInLine(scan: Scan, stage: number, at: number): Progress {
  return at > scan.lineMax ? scan.stumble('lineLong', stage, scan.lineMax) : scan.pause(stage, at)
}

/** Matches the version of nearly every start line with two comparisons; anything else is checked byte by byte. */
function isHttp11(bytes: Buffer, at: number): boolean {
  const words = wordsOf(bytes)
  return words.getInt32(at, true) === HTTP && words.getInt32(at + 4, true) === SLASH_1_1
}

/** `HTTP/d.d`, RFC 9112 2.3: case-sensitive, one digit each. */
function isVersionOctet(k: number, octet: number): boolean {
  return k === 5 || k === 7 ? octet >= ZERO && octet <= NINE : octet === VERSION[k]
}

function isStatusOctet(k: number, octet: number): boolean {
  if (k < 8) return isVersionOctet(k, octet)
  return k === 8 ? octet === SP : octet >= ZERO && octet <= NINE
}

const ZERO = 0x30
const ONE = 0x31
const NINE = 0x39
const HTTP = wordOf('HTTP')
const SLASH_1_1 = wordOf('/1.1')
const VERSION = Uint8Array.from('HTTP/1.1', char => char.charCodeAt(0))
