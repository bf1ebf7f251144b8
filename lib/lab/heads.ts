import { upgradesOf } from '../policy/upgrade.js'
import { type Explanation, explainRequestBytes, explainResponseBytes } from '../proxy/explain-head.js'
import { settingsOf } from '../proxy/options/options.js'
import { GRAMMAR_LIMITS } from '../wire/limits.js'
import type { SeenField, SeenHead } from './events.js'

// What a correct proxy would do with the heads that pass by. It judges everything on the wire, whichever party sent it, so a
// field that a dumb proxy passed on stands out.

const REQUEST_LINE = /[A-Z]{3,16} \S+ HTTP\/1\.[01]\r\n/y
const STATUS_LINE = /HTTP\/1\.[01] \d{3}[^\r\n]*\r\n/y
const HEADS_MAX = 32

const SETTINGS = settingsOf({ mode: 'reverse', upstream: 'http://127.0.0.1', name: 'hopwise' })

/**
 * The heads in bytes that one end sent at once. Content of known length between them is skipped; anything that is not a head is
 * left out.
 */
export function headsIn(text: string): SeenHead[] {
  const heads: SeenHead[] = []
  let at = 0
  while (heads.length < HEADS_MAX) {
    const head = headAt(text, at)
    if (head === null) return heads
    heads.push(head)
    at = head.to + contentLength(head)
  }
  return heads
}

function headAt(text: string, from: number): SeenHead | null {
  const request = matches(REQUEST_LINE, text, from)
  if (!request && !matches(STATUS_LINE, text, from)) return null
  const end = text.indexOf('\r\n\r\n', from)
  if (end < 0) return null
  const to = end + 4
  const octets = Buffer.from(text.slice(from, to), 'latin1')
  const explanation = request ? explainRequest(octets) : explainResponse(octets)
  return {
    from,
    to,
    startLine: text.slice(from, text.indexOf('\r\n', from)),
    fields: explanation?.rows.filter(({ verdict }) => verdict !== 'add').map(seen) ?? [],
  }
}

function seen({ field, value, verdict, reason, section }: Explanation['rows'][number]): SeenField {
  return { name: field, value, verdict, reason, section }
}

function explainRequest(octets: Buffer): Explanation | null {
  return explainRequestBytes(octets, SETTINGS, head => ({
    goesOn: false,
    closes: false,
    connect: '',
    authority: head.host,
    target: head.path,
    clientAddress: '127.0.0.1',
    clientPort: 0,
    scheme: 'http',
    trustedPeer: false,
    edits: null,
    prefix: '',
    certificate: null,
    requestId: '',
    framing: head.framing,
  }))
}

function explainResponse(octets: Buffer): Explanation | null {
  const how = { grammar: GRAMMAR_LIMITS, strict: false, method: 'GET' }
  return explainResponseBytes(octets, SETTINGS, how, ({ framing, lines }) => ({
    clientMinor: 1,
    method: 'GET',
    framing: framing === 'close' ? 'chunked' : framing,
    // The offer is not visible here: a 101 is assumed to answer it.
    upgrade: upgradesOf(lines).join(', '),
    edits: null,
    way: null,
    requestId: '',
    extra: '',
    now: () => '',
    verdict: 'keep',
    requests: 1,
    withheld: null,
  }))
}

function contentLength({ fields }: SeenHead): number {
  const value = fields.find(({ name }) => name.toLowerCase() === 'content-length')?.value
  return /^\d{1,15}$/.test(value ?? '') ? Number(value) : 0
}

function matches(pattern: RegExp, text: string, from: number): boolean {
  pattern.lastIndex = from
  return pattern.test(text)
}
