import type { ExchangeRecord } from '../../proxy/events.js'
import { accessLine, factsPiece, type LineFacts } from './access-line.js'
import { combinedLine, commonLine } from './common-line.js'
import { lineTime } from './line-time.js'

/** The format of access log lines: `json` as in all other hopwise lines, the other two as in Apache and nginx. */
const ACCESS_FORMATS = ['json', 'common', 'combined'] as const
export type AccessFormat = (typeof ACCESS_FORMATS)[number]

/**
 * A function that makes the line of an exchange, with its line end. `facts` appear in JSON lines only: the others have no place
 * for them.
 */
export function accessWriter(format: AccessFormat, facts: LineFacts = {}): (record: ExchangeRecord) => string {
  if (format === 'common') return commonLine
  if (format === 'combined') return combinedLine
  const piece = factsPiece(facts)
  return record => accessLine(record, lineTime(Date.now()), piece)
}
