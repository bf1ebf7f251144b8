import { hostAndPort } from '../../wire/authority.js'
import { visibleLines } from '../../wire/visible.js'

/** Log lines for people: the content of the JSON line, on one line of a terminal. */

interface Line {
  level?: string
  time?: string
  msg?: string
  [field: string]: unknown
}

const COLOURS: Readonly<Record<string, number>> = { fatal: 31, error: 31, warn: 33, info: 32, debug: 36, trace: 90 }

/** One JSON line as text, with its line end. What is not JSON is returned as it is, with control characters made visible. */
export function readable(json: string, colours: boolean): string {
  const line = parse(json)
  if (!line) return `${visibleLines(json.trimEnd())}\n`
  const { level = 'info', time = '', msg = '', ...fields } = line
  const paint = (code: number, text: string) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text)
  const clock = paint(90, time.slice(11, 23))
  const sentence = msg.startsWith('draining: ') ? draining(msg) : SENTENCES[msg]
  const text = sentence?.(fields).replaceAll('\n', '\\n') ?? fieldsAfter(msg)(fields)
  return `${clock} ${paint(COLOURS[level] ?? 0, level.padEnd(5))} ${visibleLines(text)}\n`
}

function parse(json: string): Line | undefined {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** The most frequent lines have their own form. */
const SENTENCES: Readonly<Record<string, (fields: Record<string, unknown>) => string>> = {
  exchange,
  listening,
  stopped,
}

const fieldsAfter = (msg: string) => (fields: Record<string, unknown>) =>
  [msg, ...Object.entries(fields).map(field)].filter(part => part !== '').join('  ')

/** `listening on http://127.0.0.1:8080  mode=reverse …` */
function listening({ address, port, ...fields }: Record<string, unknown>): string {
  const where = port === 0 ? `unix:${address}` : `http://${hostAndPort(String(address), Number(port))}`
  return fieldsAfter(`listening on ${where}`)(fields)
}

/** After Ctrl-C the user may want to exit at once. */
const draining = (msg: string) => (fields: Record<string, unknown>) =>
  fieldsAfter(`${msg}; ${fields.signal === 'SIGINT' ? 'press Ctrl-C again' : 'send a second signal'} to exit at once`)(
    fields,
  )

/** `stopped after 2 requests over 2 client connections and 1 upstream connection`: the JSON line has all numbers. */
function stopped({ client, upstream, exchanges, logLinesDropped }: Record<string, unknown>): string {
  const { total, failures } = record(exchanges)
  const after =
    total === undefined
      ? 'stopped'
      : `stopped after ${many(total, 'request')} over ${many(record(client).accepted, 'client connection')} and ${many(record(upstream).dialed, 'upstream connection')}`
  const failed = Object.entries(record(failures)).map(([type, count]) => `${type} ${count}`)
  return fieldsAfter(`${after}${failed.length === 0 ? '' : `; failed: ${failed.join(', ')}`}`)(
    Number(logLinesDropped ?? 0) > 0 ? { logLinesDropped } : {},
  )
}

const many = (count: unknown, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

function field([name, value]: [string, unknown]): string {
  if (name === 'err' && isRecord(value)) return String(value.stack ?? value.message)
  return `${name}=${typeof value === 'string' && !/[\s"]/.test(value) ? value : JSON.stringify(value)}`
}

/** `GET http://a/ 200 1.2 kB in 3 ms  c4#2 -> u1#7  keep / keep` */
function exchange(fields: Record<string, unknown>): string {
  const client = record(fields.client)
  const upstream = record(fields.upstream)
  const bytes = record(fields.bytes)
  const ms = record(fields.ms)
  const error = record(fields.error)
  const connection = (side: Record<string, unknown>) => `${side.id}#${side.nth}`
  const parts = [
    `${fields.method} ${String(fields.target).startsWith('/') ? `${fields.host}${fields.target}` : fields.target}`,
    fields.status === 0 ? 'no answer' : String(fields.status),
    `${size(bytes.requestContent)} up, ${size(bytes.responseContent)} down in ${round(ms.total)} ms`,
    upstream.id === undefined
      ? connection(client)
      : `${connection(client)} -> ${connection(upstream)} ${upstream.origin}`,
    [fields.clientVerdict, fields.upstreamVerdict].filter(verdict => verdict !== undefined).join(' / '),
  ]
  if (fields.outcome !== 'complete') parts.push(`${fields.outcome}, ended by ${fields.endedBy}`)
  if (error.type !== undefined) parts.push(`${error.type}: ${error.message}`)
  if (Number(fields.retries) > 0) parts.push('retried')
  return parts.join('  ')
}

function size(bytes: unknown): string {
  const count = Number(bytes ?? 0)
  return count < 1_000
    ? `${count} B`
    : count < 1e6
      ? `${(count / 1e3).toFixed(1)} kB`
      : `${(count / 1e6).toFixed(1)} MB`
}

function round(ms: unknown): string {
  const value = Number(ms ?? 0)
  return value < 10 ? value.toFixed(1) : String(Math.round(value))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}
