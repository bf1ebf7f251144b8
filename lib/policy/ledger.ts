import { fieldsOf, type Lines } from '../wire/lines.js'
import type { RequestHead } from '../wire/request-head.js'
import type { ResponseHead } from '../wire/response-head.js'
import type { ConnectionOptions } from './connection-options.js'
import type { FieldEdits } from './field-edits.js'
import { judge } from './judge.js'
import { isLogin } from './login.js'
import type { Rules } from './message-rules.js'
import type { RequestContext } from './request-context.js'
import { connectionLine, planRequest } from './rewrite-request.js'
import { planResponse, type ResponseContext } from './rewrite-response.js'
import { ADDITIONS, ON_THE_WAY_BACK, OWN_FIELDS, RULES, type Rule, ruleOf, type Verdict } from './rules.js'
import { judgeTrailer } from './trailers.js'
import { ruleOfBack, valueBack, type WayBack } from './way-back.js'

/** The verdict on one field, with its reason. Rows are in the order of the outbound head, as far as the fields are in it. */
export interface LedgerRow {
  /** The name as received, or as added. */
  field: string
  /** As received, or as added. */
  value: string
  verdict: Verdict
  reason: string
  /** `RFC 9110 7.6.1` */
  section: string
}

/**
 * Every field of a request, received and sent. If a row has the verdict `reject`, the request is not forwarded, so nothing is
 * added.
 * @param closes the request was the last one on its upstream connection
 */
export function explainRequest(
  head: RequestHead,
  options: ConnectionOptions,
  context: RequestContext,
  closes = false,
): LedgerRow[] {
  const { rules, first, last, set, trailers, upgrade } = planRequest(head, options, context)
  const received = receivedRows(head.lines, rules, options)
  if (isRejected(received)) return received
  const ours = last + connectionLine(closes, upgrade !== '', trailers)
  return [...addedRows(first), ...received, ...addedRows(ours), ...setRows(set)]
}

/** Every field of a CONNECT. @param sent our own CONNECT to the next proxy, with its start line; '' for none */
export function explainConnect(lines: Lines, sent: string): LedgerRow[] {
  const received = fieldsOf(lines).map(({ name, value }) => ({ field: name, value, ...rowOf(RULES.tunnel) }))
  return sent === '' ? received : [...received, ...addedRows(fieldsText(sent))]
}

/** Every field of a response, received and sent. */
export function explainResponse(head: ResponseHead, options: ConnectionOptions, context: ResponseContext): LedgerRow[] {
  const { rules, last, set, way, wrongUpgrade } = planResponse(head, options, context)
  const received = receivedRows(head.lines, rules, options, way)
  if (isRejected(received)) return received
  if (wrongUpgrade) return [...received, { field: 'Upgrade', value: '', ...rowOf(RULES.wrongUpgrade) }]
  return [...received, ...addedRows(last.slice(0, last.length - set.length)), ...setRows(set)]
}

/** Every field of a head that this proxy generated. @param head with its start line */
export function explainOwn(head: string): LedgerRow[] {
  return addedRows(fieldsText(head)).map(row => ({ ...row, ...OWN_FIELDS[row.field.toLowerCase()] }))
}

/**
 * Every field of a trailer section, to which nothing is ever added.
 * @param options the options of the head of the same message
 * @param chunked the content is forwarded in chunks; only chunked content has trailers
 */
export function explainTrailers(
  lines: Lines,
  options: ConnectionOptions,
  edits: FieldEdits | null,
  chunked: boolean,
): LedgerRow[] {
  return Array.from({ length: lines.count }, (_, i) => {
    const name = judgeTrailer(lines, i, options, edits)
    const rule = RULES[name === 'keep' && !chunked ? 'noChunks' : name]
    return { field: lines.name(i), value: lines.value(i), ...rowOf(rule) }
  })
}

function receivedRows(lines: Lines, rules: Rules, options: ConnectionOptions, way: WayBack | null = null): LedgerRow[] {
  return Array.from({ length: lines.count }, (_, i) => i).flatMap(i => {
    const rule = receivedRule(lines, i, rules, options)
    const row = { field: lines.name(i), value: lines.value(i), ...rowOf(rule) }
    const back = rule === RULES.keep && way !== null ? valueBack(lines, i, way) : null
    if (back === null) return [row]
    // The field is forwarded in its place with the new value.
    const { section, ...why } = rowOf(ruleOf(ruleOfBack(lines, i)))
    return [
      { ...row, ...why, section },
      { ...row, value: back, verdict: 'add', reason: ON_THE_WAY_BACK, section },
    ]
  })
}

function receivedRule(lines: Lines, i: number, rules: Rules, options: ConnectionOptions): Rule {
  const rule = ruleOf(judge(lines, i, rules, options))
  return rule === RULES.keep && isLogin(lines, i) ? RULES.login : rule
}

/** The field lines of a head, without its start line and its empty line. */
function fieldsText(head: string): string {
  return head.slice(head.indexOf('\r\n') + 2, head.indexOf('\r\n\r\n') + 2)
}

function setRows(set: string): LedgerRow[] {
  const { reason, section } = RULES.setByRoute
  return addedRows(set).map(row => ({ ...row, reason, section }))
}

/** Reads the text that the rewrite adds, so that the ledger cannot differ from what is sent. */
function addedRows(text: string): LedgerRow[] {
  const lines = text.split('\r\n').slice(0, -1)
  return lines.map(line => {
    const colon = line.indexOf(': ')
    const field = line.slice(0, colon)
    return { field, value: line.slice(colon + 2), verdict: 'add', ...(ADDITIONS[field.toLowerCase()] ?? OF_THIS_PROXY) }
  })
}

const OF_THIS_PROXY = { reason: 'a field of this proxy', section: 'RFC 9110 5.1' }

function rowOf({ verdict, reason, section }: { verdict: Verdict; reason: string; section: string }) {
  return { verdict, reason, section }
}

const isRejected = (rows: readonly LedgerRow[]): boolean => rows.some(row => row.verdict === 'reject')
