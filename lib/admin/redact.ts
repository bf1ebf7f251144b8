import type { LedgerRow } from '../policy/ledger.js'
import type { Ledger, LedgerSide, Snapshot } from './source.js'

/** Who may see the admin listener need not be who may log in as a client: secrets are taken out here, before anything is shown. */

const HIDDEN = '[redacted]'
/** `Authorization: Bearer abc` keeps its scheme. */
const CREDENTIALS = /^(?:proxy-)?authorization$/i
const COOKIES = /^cookie2?$/i
const SET_COOKIES = /^set-cookie2?$/i
/** Fields whose names say that their values are secret. */
const SECRET_NAME =
  /(?:token|secret|passw|api-?key|auth-?key|access-?key|session|signature|credential|private|jwt|csrf|xsrf)/i

/** A request-target or URL without what may be secret: userinfo and query. That there was a query is still seen. */
export function redactTarget(target: string): string {
  const bare = target.includes('@') ? target.replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/?#]*@/i, `$1//${HIDDEN}@`) : target
  const query = bare.indexOf('?')
  return query < 0 ? bare : `${bare.slice(0, query)}?${HIDDEN}`
}

/** What may be shown of a field's value. */
export function redactValue(field: string, value: string): string {
  if (CREDENTIALS.test(field))
    return value.replace(/^(\S+)\s.*$|^.*$/, (_, scheme) => `${scheme ?? ''} ${HIDDEN}`.trim())
  if (COOKIES.test(field)) return value.split(';').map(hidePair).join(';')
  if (SET_COOKIES.test(field)) return value.replace(/^[^;]*/, hidePair)
  if (SECRET_NAME.test(field)) return HIDDEN
  // URLs stand in Referer, Location, Link and in fields that nobody knows.
  return value.replace(/(\/[^\s?"<>]*)\?[^\s"<>;,]+/g, `$1?${HIDDEN}`).replace(/(\/\/)[^/?#\s"<>@]+@/g, `$1${HIDDEN}@`)
}

/** `name=value` with its value hidden; what has no name is hidden whole. */
function hidePair(pair: string): string {
  const equals = pair.indexOf('=')
  if (equals >= 0) return `${pair.slice(0, equals + 1)}${HIDDEN}`
  return pair.trim() === '' ? pair : HIDDEN
}

export function redactSnapshot(snapshot: Snapshot): Snapshot {
  const { exchanges } = snapshot
  const list = exchanges.list.map(exchange => ({ ...exchange, target: redactTarget(exchange.target) }))
  return { ...snapshot, exchanges: { ...exchanges, list } }
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
    notes: side.notes.map(line),
  }
}
