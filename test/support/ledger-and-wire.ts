import type { Ledger, LedgerSide, LedgerTrailers } from '../../lib/admin/source.js'
import type { WireBytes, WireMessage } from './wire-sections.js'

// What a ledger says was sent, and what was sent: line by line, in the same order.

/** Each section under its name, with its lines. Trailer sections without lines are left out: they do not show on the wire. */
export type Sections = readonly (readonly [name: string, lines: readonly string[]])[]

/** What was sent to the upstream, according to the ledger. */
export function toldRequest({ request, requestTrailers }: Ledger): Sections {
  if (request === null || request.sentLine === '') return []
  return [['request', headOf(request)], ...trailersOf('request trailers', sentRows(requestTrailers))]
}

/** What was sent to the client, according to the ledger. */
export function toldResponses({ interim, response, responseTrailers }: Ledger): Sections {
  const heads = (response === null ? interim : [...interim, response]).filter(({ sentLine }) => sentLine !== '')
  return [
    ...heads.map(side => [`response ${side.sentLine.slice(9, 12)}`, headOf(side)] as const),
    ...trailersOf('response trailers', sentRows(responseTrailers)),
  ]
}

/** The request as it was on the wire. */
export function seenRequest(message: WireMessage | null): Sections {
  if (message === null) return []
  return [['request', seenHead(message)], ...trailersOf('request trailers', seenTrailers(message))]
}

/** The responses to a request with this method as they were on the wire, up to and including the final one. */
export function seenResponses(bytes: WireBytes, method: string): Sections {
  const sections: Sections[number][] = []
  for (;;) {
    const message = bytes.response(method)
    if (message === null) return sections
    sections.push([`response ${message.status}`, seenHead(message)])
    sections.push(...trailersOf('response trailers', seenTrailers(message)))
    if (message.status >= 200 || message.status === 101) return sections
  }
}

const headOf = ({ sentLine, rows }: LedgerSide): string[] => [sentLine, ...sentOf(rows)]
const sentRows = (trailers: LedgerTrailers | null): string[] => (trailers?.sent === true ? sentOf(trailers.rows) : [])

function sentOf(rows: LedgerSide['rows']): string[] {
  return rows
    .filter(({ verdict }) => verdict === 'keep' || verdict === 'add')
    .map(({ field, value }) => `${field}: ${value}`)
}

function seenHead({ head: [startLine = '', ...lines] }: WireMessage): string[] {
  return [startLine, ...lines.map(trimmed)]
}

const seenTrailers = ({ trailers }: WireMessage): string[] => (trailers ?? []).map(trimmed)

/** A kept line is forwarded with its whitespace; a ledger has the name and the value. Values may be long, and all whitespace. */
function trimmed(line: string): string {
  const colon = line.indexOf(':')
  let from = colon + 1
  let to = line.length
  while (from < to && isBlank(line[from])) from++
  while (to > from && isBlank(line[to - 1])) to--
  return `${line.slice(0, colon)}: ${line.slice(from, to)}`
}

const isBlank = (letter: string | undefined): boolean => letter === ' ' || letter === '\t'

const trailersOf = (name: string, lines: readonly string[]): Sections => (lines.length === 0 ? [] : [[name, lines]])
