import type { ExchangeRecord } from '../../proxy/events.js'
import { accessLine, factsPiece, type LineFacts } from './access-line.js'
import { combinedLine, commonLine } from './common-line.js'
import { lineTime } from './line-time.js'

/** How exchanges are written: `json` as all other lines of ours, the other two as Apache and nginx do. */
const ACCESS_FORMATS = ['json', 'common', 'combined'] as const
export type AccessFormat = (typeof ACCESS_FORMATS)[number]

/** What makes the line of an exchange, with its line end. `facts` stand in JSON lines only: the others have no place for them. */
export function accessWriter(format: AccessFormat, facts: LineFacts = {}): (record: ExchangeRecord) => string {
  if (format === 'common') return commonLine
  if (format === 'combined') return combinedLine
  const piece = factsPiece(facts)
  return record => accessLine(record, lineTime(Date.now()), piece)
}
