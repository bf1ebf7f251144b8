import type { Lines } from '../wire/lines.js'
import { isToken } from '../wire/octets.js'
import { foldedName } from './folded-name.js'

/**
 * Is this the name of a field that says who the client is, or where the request goes beside its target, and that only a trusted peer may
 * say: the `FAMILIES` (`X-Forwarded-*` …), `Forwarded`, `X-Real-IP` and the others of `SAID`, or a name that CGI and WSGI cannot tell
 * from one of these, because they turn each sign into `_` (RFC 3875 4.1.18)?
 * @param lowerName a field name in lower case
 */
export function isIdentityName(lowerName: string): boolean {
  return isSaid(foldedName(lowerName))
}

/** Is this a name that CGI and WSGI cannot tell from one that identifies or frames, and that is not that name itself? */
export function isLookAlike(lowerName: string): boolean {
  const name = foldedName(lowerName)
  return name !== lowerName && (isSaid(name) || FRAMING.has(name))
}

const isSaid = (folded: string): boolean => SAID.has(folded) || FAMILIES.some(family => folded.startsWith(family))

/** All that begins with one of these. By the last three applications are told the certificates of clients, by us and by habit. */
const FAMILIES = ['x-forwarded-', 'x-original-', 'x-client-cert', 'ssl-client-', 'x-ssl-'] as const

const SAID: ReadonlySet<string> = new Set([
  // who the client is: proxies and content networks say it in these, and applications believe them
  ...['forwarded', 'x-real-ip', 'x-client-ip', 'x-cluster-client-ip', 'true-client-ip', 'cf-connecting-ip'],
  'fastly-client-ip',
  // by which certificate it is known (RFC 9440)
  ...['client-cert', 'client-cert-chain'],
  // what was asked for: frameworks route by it, past what a gateway has allowed
  'x-rewrite-url',
])

const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding'])

/** What a guard says of a field with a name that is none of `NAMES`. */
export type Suspicion = 'none' | 'identity' | 'look-alike'

/** Of line `i`: answered from its first byte, or from that and its length, for nearly every line. `identity`: a look-alike of it, too. */
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
 * May this field be kept although a stranger says it? Not what we say ourselves, nor what frames a message.
 * @throws TypeError with what is wrong and why
 */
export function checkKept(name: string): void {
  const what = `keepFields: ${JSON.stringify(name)}`
  if (!isToken(name)) throw new TypeError(`${what} is no field name (RFC 9110 5.1)`)
  const folded = foldedName(name.toLowerCase())
  if (FRAMING.has(folded)) throw new TypeError(`${what} cannot be kept: it may be taken for what frames the content`)
  if (OURS.has(folded))
    throw new TypeError(`${what} cannot be kept: hopwise says it itself; name in trust who may say it`)
  if (!isSaid(folded)) throw new TypeError(`${what} is taken from nobody: leave it out`)
}

const OURS: ReadonlySet<string> = new Set(['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'])
