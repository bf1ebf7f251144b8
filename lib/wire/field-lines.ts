import type { FaultName } from './faults.js'
import { hashOfOctets, idOfOctets } from './names.js'
import { CR, HTAB, LF, SP, TCHAR } from './octets.js'
import { type Progress, type Scan, STAGE } from './scan.js'
import { arePlain, wordsOf } from './words.js'

// Local names for what the loops look up byte by byte: an imported binding is fetched again at each use.
const tokenOctets = TCHAR
const { line, name, valueSpace, value, lineLf, blankLf } = STAGE

/**
 * Scans field lines up to and including the empty line (RFC 9112 5) into `scan.lines`, from the position of `scan`, in
 * `bytes[base + scan.at, to)`. One pass: when the bytes run out, the next call continues at exactly that byte.
 */
export function scanFieldLines(scan: Scan, bytes: Buffer, base: number, to: number): Progress {
  const { lines, fieldsMax, textOctets: valueOctets } = scan
  const limit = base + lines.fieldsAt + scan.sectionMax
  const stop = Math.min(to, limit)
  const words = wordsOf(bytes)
  let { stage } = scan
  let p = base + scan.at
  let lineFrom = base + scan.lineFrom
  let nameTo = base + scan.nameTo
  let valueFrom = base + scan.valueFrom
  for (;;) {
    if (stage === line) {
      if (p === stop) break
      const octet = bytes[p]!
      if (octet === CR) {
        p++
        stage = blankLf
      } else {
        if (tokenOctets[octet] === 0) return scan.stumble(firstOctetFault(octet, lines.count), stage, p - base)
        if (lines.count === fieldsMax) return scan.stumble('fieldsMany', stage, p - base)
        lineFrom = p
        stage = name
      }
    }
    if (stage === name) {
      while (p < stop && tokenOctets[bytes[p]!] !== 0) p++
      if (p === stop) break
      if (bytes[p] !== COLON) return scan.stumble(nameFault(bytes[p]!), stage, p - base)
      nameTo = p
      p++
      stage = valueSpace
    }
    if (stage === valueSpace) {
      while (p < stop && (bytes[p] === SP || bytes[p] === HTAB)) p++
      if (p === stop) break
      valueFrom = p
      stage = value
    }
    if (stage === value) {
      while (p + 4 <= stop && arePlain(words.getInt32(p, true))) p += 4
      while (p < stop && valueOctets[bytes[p]!] === 1) p++
      if (p === stop) break
      if (bytes[p] !== CR) {
        keepLine(scan, base, lineFrom, nameTo, valueFrom)
        return scan.stumble(bytes[p] === LF ? 'bareLf' : 'value', stage, p - base)
      }
      p++
      stage = lineLf
    }
    if (stage === lineLf) {
      if (p === stop) break
      if (bytes[p] !== LF) {
        keepLine(scan, base, lineFrom, nameTo, valueFrom)
        return scan.stumble('bareCr', stage, p - 1 - base)
      }
      let valueTo = p - 1
      while (valueTo > valueFrom && (bytes[valueTo - 1] === SP || bytes[valueTo - 1] === HTAB)) valueTo--
      p++
      const hash = hashOfOctets(bytes, lineFrom, nameTo)
      const id = idOfOctets(words, lineFrom, nameTo, hash)
      lines.add(lineFrom - base, nameTo - base, valueFrom - base, valueTo - base, p - base, hash, id)
      stage = line
      continue
    }
    if (p === stop) break
    if (bytes[p] !== LF) return scan.stumble('bareCr', stage, p - 1 - base)
    scan.at = p + 1 - base
    return 'done'
  }
  keepLine(scan, base, lineFrom, nameTo, valueFrom)
  return p < to ? scan.stumble('sectionLong', stage, p - base) : scan.pause(stage, p - base)
}

function keepLine(scan: Scan, base: number, lineFrom: number, nameTo: number, valueFrom: number): void {
  scan.lineFrom = lineFrom - base
  scan.nameTo = nameTo - base
  scan.valueFrom = valueFrom - base
}

/** The fault of a line that starts neither with a name nor with CR. */
function firstOctetFault(octet: number, linesBefore: number): FaultName {
  if (octet === SP || octet === HTAB) return linesBefore === 0 ? 'leadingSpace' : 'fold'
  return octet === COLON ? 'emptyName' : octet === LF ? 'bareLf' : 'name'
}

/** The fault of a name that does not end with a colon. */
function nameFault(octet: number): FaultName {
  if (octet === SP || octet === HTAB) return 'spaceBeforeColon'
  return octet === CR ? 'noColon' : octet === LF ? 'bareLf' : 'name'
}

const COLON = 0x3a
