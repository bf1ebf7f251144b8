import type { Lines } from '../wire/lines.js'
import { hashOf } from '../wire/names.js'
import type { FieldEdits } from './field-edits.js'

/**
 * off: the field has no special meaning. keep: a received id is kept, else one is generated. make: the id is always generated.
 */
export type RequestIdMode = 'off' | 'keep' | 'make'

/** The id of an exchange: in `X-Request-Id` to the upstream and to the client, and in the log. '' when the mode is off. */
export function chosenRequestId(lines: Lines, mode: RequestIdMode, fresh: () => string): string {
  if (mode === 'off') return ''
  const received = mode === 'keep' ? receivedId(lines) : ''
  return received === '' ? fresh() : received
}

/** Our X-Request-Id line, unless the route edits that field. */
export function requestIdLine(requestId: string, edits: FieldEdits | null): string {
  const line = `X-Request-Id: ${requestId}\r\n`
  return edits === null ? line : edits.without(line)
}

/** The only received value, if it can be used in logs, URLs and tables without quoting; else ''. */
function receivedId(lines: Lines): string {
  let line = -1
  for (let i = 0; i < lines.count; i++) {
    if (!lines.isNamed(i, NAME, HASH)) continue
    if (line >= 0) return ''
    line = i
  }
  const value = line < 0 ? '' : lines.value(line)
  return /^[A-Za-z0-9._~+/=:@-]{1,128}$/.test(value) ? value : ''
}

const NAME = 'x-request-id'
const HASH = hashOf(NAME)
