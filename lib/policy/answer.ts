import type { RequestHead } from '../wire/request-head.js'
import { fieldLine, statusLine } from '../wire/writer.js'
import { prefersJson } from './accept.js'
import { proxyStatus } from './proxy-status.js'
import { REASON_PHRASES } from './reason-phrases.js'

/** The context of every answer that the proxy generates. */
export interface AnswerContext {
  /** The name of the deployment, for Proxy-Status. */
  name: string
  /** The current time as an IMF-fixdate (RFC 9110 5.6.7). */
  date: string
  /** The option to send in Connection. */
  persist: '' | 'close' | 'keep-alive'
  /** The value of Keep-Alive, sent only with `persist: 'keep-alive'`. */
  keepAlive: string
  /** The value of X-Request-Id, '' for none. */
  requestId?: string
}

/** Why the proxy answers itself, in words for the reader of the answer. */
export interface Problem {
  status: number
  /** A proxy error type (RFC 9209 2.3), '' for none. */
  error: string
  /** What happened; also the `details` of Proxy-Status. */
  what: string
  /** Where it happened: at which byte, on the way to which upstream. May be ''. */
  where: string
  /** What the reader can do about it. May be ''. */
  todo: string
  /** The method of the request; '' when there is none. */
  method: string
  /** The request's Accept lines as one value. */
  accept: string
  /** Additional fields: a 405 needs `Allow`, a 407 `Proxy-Authenticate`, a 426 `Upgrade`. */
  fields?: readonly (readonly [name: string, value: string])[]
}

/**
 * A complete response that describes the problem, as latin1: short plain text, or JSON for a client that prefers it. The response
 * to HEAD is the same without the content (RFC 9110 9.3.2). Never cacheable, although some of these codes would be (RFC 9110
 * 15.1).
 * @throws TypeError for a status without its required field, or for a field that cannot be written: a bug of the caller
 */
export function answerProblem(problem: Problem, context: AnswerContext): string {
  const { status, error, what, method, accept, fields = [] } = problem
  const needed = NEEDED[status]
  if (needed !== undefined && !fields.some(([name]) => name.toLowerCase() === needed)) {
    throw new TypeError(`an answer ${status} without ${needed}`)
  }
  const json = prefersJson(accept)
  const content = json ? jsonOf(problem, context) : textOf(problem, context)
  const type = json ? 'application/json' : 'text/plain; charset=utf-8'
  const head = headOf(status, context, { error, details: what }, [['Content-Type', type], ...fields], content.length)
  return method === 'HEAD' ? head : head + content
}

/**
 * The answer to a TRACE that ends here: the request as received, but only with fields that are known to contain no secrets (RFC
 * 9110 9.3.8). The reader of the answer is not always the sender of the request: a script must not see the cookies of its page,
 * nor a client the fields that were added on the path.
 */
export function answerTrace({ lines }: RequestHead, context: AnswerContext): string {
  let content = lines.text.slice(0, lines.fieldsAt)
  for (let i = 0; i < lines.count; i++) {
    if (REFLECTED.has(lines.name(i).toLowerCase())) content += lines.text.slice(lines.from(i), lines.to(i))
  }
  content += '\r\n'
  return headOf(200, context, NO_ERROR, [['Content-Type', 'message/http']], content.length) + content
}

/** The answer to an OPTIONS that ends here (RFC 9110 9.3.7). */
export function answerOptions(allow: string, context: AnswerContext): string {
  return headOf(200, context, NO_ERROR, [['Allow', allow]], 0)
}

/** The answer to a CONNECT whose tunnel is established: no framing field, the tunnel begins after it (RFC 9110 9.3.6). */
export function answerConnect({ name, date, requestId = '' }: AnswerContext): string {
  const line = statusLine(200, 'Connection Established')
  const status = fieldLine('Proxy-Status', proxyStatus({ name, ...NO_ERROR }))
  return `${line}${fieldLine('Date', date)}${status}${idLine(requestId)}\r\n`
}

/** A 100 (Continue) of our own, for when the upstream does not send one (RFC 9110 10.1.1). */
export const CONTINUE = `${statusLine(100, 'Continue')}\r\n`

const NO_ERROR = { error: '', details: '' }

/** The field that a status requires (RFC 9110 15.5.6, 15.5.8, 15.5.22). */
const NEEDED: Partial<Record<number, string>> = { 405: 'allow', 407: 'proxy-authenticate', 426: 'upgrade' }

/**
 * The fields that a TRACE answer contains: how the message was generated and forwarded, and what its sender can read. This is an
 * allow list, because secrets may be in fields of any name.
 */
const REFLECTED: ReadonlySet<string> = new Set([
  ...['host', 'via', 'max-forwards', 'date', 'user-agent', 'cache-control', 'pragma'],
  ...['accept', 'accept-charset', 'accept-encoding', 'accept-language', 'range'],
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'],
  ...['content-length', 'content-type', 'content-encoding', 'content-language'],
])

function headOf(
  status: number,
  { name, date, persist, keepAlive, requestId = '' }: AnswerContext,
  { error, details }: { error: string; details: string },
  fields: readonly (readonly [string, string])[],
  length: number,
): string {
  let head = statusLine(status, REASON_PHRASES[status] ?? '')
  head += fieldLine('Date', date)
  for (const [field, value] of fields) head += fieldLine(field, value)
  head += fieldLine('Content-Length', `${length}`)
  head += fieldLine('Cache-Control', 'no-store')
  head += fieldLine('X-Content-Type-Options', 'nosniff') // the content may quote a peer: it must not be interpreted as a page
  head += fieldLine('Proxy-Status', proxyStatus({ name, error, details }))
  head += idLine(requestId)
  const upgrade = fields.some(([field]) => field.toLowerCase() === 'upgrade')
  const options = [persist, upgrade ? 'upgrade' : ''].filter(option => option !== '')
  if (options.length > 0) head += fieldLine('Connection', options.join(', '))
  if (persist === 'keep-alive' && keepAlive !== '') head += fieldLine('Keep-Alive', keepAlive)
  return `${head}\r\n`
}

const idLine = (requestId: string): string => (requestId === '' ? '' : fieldLine('X-Request-Id', requestId))

/** Short lines: what happened, where, what to do. ASCII only, because it may quote what a peer sent. */
function textOf({ status, error, what, where, todo }: Problem, { name }: AnswerContext): string {
  const title = `${status} ${REASON_PHRASES[status] ?? ''}`.trim()
  const lines = [`${title}: ${what}`, where, todo, error === '' ? name : `${name}: ${error}`]
  return lines
    .filter(line => line !== '')
    .map(line => `${escaped(line)}\n`)
    .join('')
}

function jsonOf({ status, error, what, where, todo }: Problem, { name }: AnswerContext): string {
  const title = REASON_PHRASES[status] ?? ''
  return `${JSON.stringify({ status, title, error, what, where, todo, proxy: name }).replace(/[^ -~]/g, unicode)}\n`
}

const escaped = (text: string): string => text.replace(/[^ -~]/g, unicode)
const unicode = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
