import type { Lines } from '../wire/lines.js'
import { isToken } from '../wire/octets.js'
import { foldedName } from './folded-name.js'
import { WrongText } from './option-error.js'

/**
 * Whether this is the name of a field that identifies the client, or overrides the target of the request, so that only a trusted
 * peer may send it: the `FAMILIES` (`X-Forwarded-*` …), `Forwarded`, `X-Real-IP` and the others of `SAID`, or a name that CGI and
 * WSGI cannot distinguish from one of these because they turn each sign into `_` (RFC 3875 4.1.18).
 * @param lowerName a field name in lower case
 */
export function isIdentityName(lowerName: string): boolean {
  return isSaid(foldedName(lowerName))
}

/**
 * Whether CGI and WSGI cannot distinguish this name from the name of an identity or framing field, although it is not that name.
 */
export function isLookAlike(lowerName: string): boolean {
  const name = foldedName(lowerName)
  return name !== lowerName && (isSaid(name) || FRAMING.has(name))
}

const isSaid = (folded: string): boolean => SAID.has(folded) || FAMILIES.some(family => folded.startsWith(family))

/**
 * Prefixes of names. By convention, fields with the last three carry client certificates to applications; this proxy sends some
 * of them.
 */
const FAMILIES = ['x-forwarded-', 'x-original-', 'x-client-cert', 'ssl-client-', 'x-ssl-'] as const

const SAID: ReadonlySet<string> = new Set([
  // who the client is: proxies and CDNs send these, and applications trust them
  ...['forwarded', 'x-real-ip', 'x-client-ip', 'x-cluster-client-ip', 'true-client-ip', 'cf-connecting-ip'],
  'fastly-client-ip',
  // the certificate of the client (RFC 9440)
  ...['client-cert', 'client-cert-chain'],
  // what was requested: frameworks route by it, which bypasses what a gateway has allowed
  'x-rewrite-url',
])

const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding'])

/** The verdict of the guard about a field whose name is not in `NAMES`. */
export type Suspicion = 'none' | 'identity' | 'look-alike'

/**
 * The suspicion about line `i`. For nearly every line it follows from the first byte, or from that and the length. `identity`
 * includes look-alikes of identity fields.
 */
export function suspicionOf(lines: Lines, i: number): Suspicion {
  const { text } = lines
  const from = lines.from(i)
  const first = text.charCodeAt(from) | 0x20
  if (first === 0x78) {
    const sign = text.charCodeAt(from + 1) | 0x20
    if (sign >= 0x61 && sign <= 0x7a) return 'none' // a letter
    const third = text.charCodeAt(from + 2) | 0x20
    // x-forwarded-, x-original-, x-real-ip, x-rewrite-url, x-client-, x-cluster-client-ip, x-ssl-
    if (third !== 0x66 && third !== 0x6f && third !== 0x72 && third !== 0x63 && third !== 0x73) return 'none'
  } else {
    const length = lines.nameEnd(i) - from
    // transfer-encoding, true-client-ip, content-length, cf-connecting-ip, fastly-client-ip, client-cert, client-cert-chain
    if (first === 0x74) {
      if (length !== 17 && length !== 14) return 'none'
    } else if (first === 0x63 || first === 0x66) {
      if (length !== 14 && length !== 16 && length !== 11 && length !== 17) return 'none'
    } else if (first === 0x73) {
      // ssl-client-
      if ((text.charCodeAt(from + 2) | 0x20) !== 0x6c) return 'none'
    } else return 'none'
  }
  const name = lines.name(i).toLowerCase()
  return isIdentityName(name) ? 'identity' : isLookAlike(name) ? 'look-alike' : 'none'
}

/**
 * Checks that this field may be kept from untrusted peers. Not allowed: the fields that this proxy sends itself, and framing
 * fields.
 * @throws OptionError that says what is wrong and why
 */
export function checkKept(name: string): void {
  const what = `keepFields: ${JSON.stringify(name)}`
  if (!isToken(name)) throw new WrongText(what, 'is not a field name (RFC 9110 5.1)')
  const folded = foldedName(name.toLowerCase())
  if (FRAMING.has(folded))
    throw new WrongText(what, 'cannot be kept', 'it may be mistaken for a field that frames the content')
  if (OURS.has(folded))
    throw new WrongText(
      what,
      'cannot be kept',
      'hopwise sends it itself; the setting trust lists the peers that may send it',
    )
  if (!isSaid(folded)) throw new WrongText(what, 'is never removed', 'leave it out')
}

const OURS: ReadonlySet<string> = new Set(['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'])
