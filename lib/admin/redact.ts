import type { LedgerRow } from '../policy/ledger.js'
import type { Ledger, LedgerSide, Snapshot } from './source.js'

/** Who may see the admin listener need not be who may log in as a client: secrets are taken out here, before anything is shown. */

const HIDDEN = '[redacted]'
/** `Authorization: Bearer abc` keeps its scheme; so do `X-Forwarded-Authorization` and the like. */
const CREDENTIALS = /authorization$/i
const COOKIES = /cookie2?$/i
const SET_COOKIES = /set-cookie2?$/i
/** Fields whose names say that their values are secret; and one in which tokens travel, as scripts can set no other for a WebSocket. */
const SECRET_NAME =
  /token|secret|passw|api-?key|access-?key|session|signature|credential|private|jwt|csrf|xsrf|authentication-info|^sec-websocket-protocol$|(?:^|[-_])(?:auth|key|otp|pin|pwd|nonce|dpop|ticket|assertion)(?:$|[-_])/i

/** A request-target or URL without what may be secret: userinfo, query, fragment, and values in the path (`;jsessionid=`). That they were there is still seen. */
export function redactTarget(target: string): string {
  const bare = target.includes('@') ? target.replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/?#]*@/i, `$1//${HIDDEN}@`) : target
  const end = bare.search(/[?#]/)
  const path = (end < 0 ? bare : bare.slice(0, end)).replace(/(;[^/;=]*=)[^/;]*/g, `$1${HIDDEN}`)
  return end < 0 ? path : `${path}${bare[end]}${HIDDEN}`
}

/** What may be shown of a field's value. */
export function redactValue(field: string, value: string): string {
  if (CREDENTIALS.test(field))
    return value.replace(/^(\S+)\s.*$|^.*$/, (_, scheme) => `${scheme ?? ''} ${HIDDEN}`.trim())
  if (SET_COOKIES.test(field)) return value.replace(/^[^;]*/, hidePair)
  if (COOKIES.test(field)) return value.split(';').map(hidePair).join(';')
  if (SECRET_NAME.test(field)) return HIDDEN
  return redactText(value)
}

/** URLs stand in Referer, Location, Link, in fields that nobody knows, and in sentences. Word by word: a search through all of a long value could take seconds. */
function redactText(text: string): string {
  return text.replace(/[^\s"<>]+/g, redactWord)
}

function redactWord(word: string): string {
  const bare = word.replace(/\/\/[^/?#]*@/g, `//${HIDDEN}@`)
  const end = bare.search(/[?#]/)
  if (end < 0) return bare
  // `?0` is a Boolean of a structured field, `#1` is no fragment.
  const isUrl = bare.lastIndexOf('/', end) >= 0 || bare.includes('=', end)
  return isUrl ? `${bare.slice(0, end + 1)}${HIDDEN}` : bare
}

/** `name=value` with its value hidden; what has no name is hidden whole. */
function hidePair(pair: string): string {
  const equals = pair.indexOf('=')
  if (equals >= 0) return `${pair.slice(0, equals + 1)}${HIDDEN}`
  return pair.trim() === '' ? pair : HIDDEN
}

export function redactSnapshot(snapshot: Snapshot): Snapshot {
  const { exchanges, closed } = snapshot
  const list = exchanges.list.map(exchange => ({
    ...exchange,
    method: shortened(exchange.method),
    target: shortened(redactTarget(exchange.target)),
    host: shortened(exchange.host),
  }))
  const ends = closed.map(one => (one.detail === undefined ? one : { ...one, detail: redactText(one.detail) }))
  return { ...snapshot, exchanges: { ...exchanges, list }, closed: ends }
}

const SHOWN_LETTERS_MAX = 300

/** What a client makes as long as it likes, of hundreds of exchanges, each second, to everybody who looks. The ledger has all of it. */
function shortened(text: string): string {
  return text.length > SHOWN_LETTERS_MAX ? `${text.slice(0, SHOWN_LETTERS_MAX)}…` : text
}

export function redactLedger(ledger: Ledger): Ledger {
  return { ...ledger, request: redactSide(ledger.request), response: redactSide(ledger.response) }
}

function redactSide(side: LedgerSide | null): LedgerSide | null {
  if (side === null) return null
  const line = (text: string) => text.split(' ').map(redactTarget).join(' ')
  const row = (it: LedgerRow) => ({ ...it, value: redactValue(it.field, it.value) })
  return {
    startLine: line(side.startLine),
    sentLine: line(side.sentLine),
    rows: side.rows.map(row),
    notes: side.notes.map(redactText),
  }
}
