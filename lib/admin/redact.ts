import type { LedgerRow } from '../policy/ledger.js'
import { visible } from '../wire/visible.js'
import type { Ledger, LedgerSide, LedgerTrailers, Snapshot } from './source.js'

/** A reader of the admin listener need not have the right to log in as a client: secrets are removed before anything is shown. */

const HIDDEN = '[redacted]'
/** `Authorization: Bearer abc` keeps its scheme; so do similar fields such as `X-Forwarded-Authorization`. */
const CREDENTIALS = /authorization$/i
/** `WWW-Authenticate: Negotiate abc` keeps its scheme: what follows it may be as good as a password. */
const CHALLENGES = /authenticate$/i
const COOKIES = /cookie2?$/i
const SET_COOKIES = /set-cookie2?$/i
/** Fields whose names say that their values are secret; and the one field in which a script can send a token for a WebSocket. */
const SECRET_NAME =
  /token|secret|passw|api-?key|access-?key|session|signature|credential|private|jwt|csrf|xsrf|authentication-info|^sec-websocket-protocol$|(?:^|[-_])(?:auth|key|otp|pin|pwd|nonce|dpop|ticket|assertion)(?:$|[-_])/i

/** The identity in a client's certificate is for the application and the log only, as the names of users are. */
const CERTIFICATES = /client[-_]?cert|^ssl[-_]client|^x[-_]ssl[-_]/i

/**
 * A request-target or URL without what may be secret: userinfo, query, fragment, and values in the path (`;jsessionid=`). It
 * still shows that they were there.
 */
export function bareTarget(target: string): string {
  const bare = target.includes('@') ? target.replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/?#]*@/i, `$1//${HIDDEN}@`) : target
  const end = bare.search(/[?#]/)
  const path = (end < 0 ? bare : bare.slice(0, end)).replace(/(;[^/;=]*=)[^/;]*/g, `$1${HIDDEN}`)
  return end < 0 ? path : `${path}${bare[end]}${HIDDEN}`
}

/** What may be shown of a field's value, on one line, with nothing in it that a page or a terminal would act on. */
export function redactValue(field: string, value: string): string {
  return visible(redacted(field, value))
}

function redacted(field: string, value: string): string {
  if (CERTIFICATES.test(field)) return HIDDEN
  if (CREDENTIALS.test(field))
    return value.replace(/^(\S+)\s.*$|^.*$/, (_, scheme) => `${scheme ?? ''} ${HIDDEN}`.trim())
  if (CHALLENGES.test(field)) return redactChallenges(value)
  if (SET_COOKIES.test(field)) return value.replace(/^[^;]*/, hidePair)
  if (COOKIES.test(field)) return value.split(';').map(hidePair).join(';')
  if (SECRET_NAME.test(field)) return HIDDEN
  return redactText(value)
}

/** Challenges (RFC 9110 11.6.1): schemes, the names of parameters, and the values of parameters that are never secret. */
function redactChallenges(value: string): string {
  let shown = ''
  let from = 0
  let quoted = false
  for (let at = 0; at <= value.length; at++) {
    const letter = value[at]
    if (letter === '"') quoted = !quoted
    else if (letter === '\\' && quoted) at++
    else if (letter === undefined || (letter === ',' && !quoted)) {
      shown += `${shown === '' ? '' : ', '}${redactChallenge(value.slice(from, at).trim())}`
      from = at + 1
    }
  }
  return shown
}

/** The text between two commas: `Basic realm="a"`, `Negotiate abc==`, `NTLM`, `nonce="b"`. */
function redactChallenge(text: string): string {
  const blank = text.search(/[ \t]/)
  const scheme = blank < 0 ? text : text.slice(0, blank)
  const rest = blank < 0 ? '' : text.slice(blank).trim()
  if (scheme.includes('=') || rest.startsWith('=')) return redactParameter(text)
  if (rest !== '') return `${scheme} ${redactParameter(rest)}`
  return text === '' || SCHEMES.test(text) ? text : HIDDEN
}

function redactParameter(text: string): string {
  const equals = text.indexOf('=')
  // A token68 may end with "=", which looks like a parameter without a value.
  if (equals < 0 || /^=*$/.test(text.slice(equals))) return HIDDEN
  const name = text.slice(0, equals).trim()
  return NEVER_SECRET.test(name) ? text : `${name}=${HIDDEN}`
}

const NEVER_SECRET = /^(?:realm|charset|algorithm|qop|stale|error|scope)$/i
/** Schemes that may appear without parameters: IANA's list, and Microsoft's. */
const SCHEMES =
  /^(?:basic|bearer|concealed|digest|dpop|gnap|hoba|kerberos|mutual|negotiate|ntlm|oauth|privatetoken|scram-sha-\d+|vapid)$/i

/**
 * URLs occur in Referer, Location, Link, in unknown fields, and in sentences. Word by word: a search through the whole of a long
 * value could take seconds.
 */
function redactText(text: string): string {
  return text.replace(/[^\s"<>]+/g, redactWord)
}

function redactWord(word: string): string {
  const bare = word.replace(/\/\/[^/?#]*@/g, `//${HIDDEN}@`)
  const end = bare.search(/[?#]/)
  if (end < 0) return bare
  // `?0` is a Boolean of a structured field, and `#1` is not a fragment.
  const isUrl = bare.lastIndexOf('/', end) >= 0 || bare.includes('=', end)
  return isUrl ? `${bare.slice(0, end + 1)}${HIDDEN}` : bare
}

/** `name=value` with its value hidden; text without a name is hidden whole. */
function hidePair(pair: string): string {
  const equals = pair.indexOf('=')
  if (equals >= 0) return `${pair.slice(0, equals + 1)}${HIDDEN}`
  return pair.trim() === '' ? pair : HIDDEN
}

export function redactSnapshot(snapshot: Snapshot): Snapshot {
  const { exchanges, closed } = snapshot
  const list = exchanges.list.map(exchange => ({
    ...exchange,
    method: visible(shortened(exchange.method)),
    target: visible(shortened(bareTarget(exchange.target))),
    host: visible(shortened(exchange.host)),
  }))
  const ends = closed.map(one => (one.detail === undefined ? one : { ...one, detail: visible(redactText(one.detail)) }))
  return { ...snapshot, exchanges: { ...exchanges, list }, closed: ends }
}

const SHOWN_LETTERS_MAX = 300

/** A client can make these as long as it likes, and each look sends hundreds of them to each page. The ledger has all of it. */
function shortened(text: string): string {
  return text.length > SHOWN_LETTERS_MAX ? `${text.slice(0, SHOWN_LETTERS_MAX)}…` : text
}

export function redactLedger(ledger: Ledger): Ledger {
  const { request, requestTrailers, interim, response, responseTrailers, ...rest } = ledger
  return {
    ...rest,
    request: request && redactSide(request),
    requestTrailers: requestTrailers && redactTrailers(requestTrailers),
    interim: interim.map(redactSide),
    response: response && redactSide(response),
    responseTrailers: responseTrailers && redactTrailers(responseTrailers),
  }
}

function redactSide({ startLine, sentLine, rows, notes }: LedgerSide): LedgerSide {
  const line = (text: string) => visible(text.split(' ').map(bareTarget).join(' '))
  return {
    startLine: line(startLine),
    sentLine: line(sentLine),
    rows: rows.map(redactRow),
    notes: notes.map(note => visible(redactText(note))),
  }
}

const redactTrailers = ({ sent, rows }: LedgerTrailers): LedgerTrailers => ({ sent, rows: rows.map(redactRow) })

const redactRow = (row: LedgerRow): LedgerRow => ({
  ...row,
  field: visible(row.field),
  value: redactValue(row.field, row.value),
})
