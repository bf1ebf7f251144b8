import type { ClientCertificate } from '../../policy/client-certificate.js'
import type { ExchangeRecord } from '../../proxy/events.js'
import { plainJson } from '../../wire/visible.js'
import { redactAuthority, redactTarget } from './redact.js'

/** What all exchanges of one listener have in common. */
export interface LineFacts {
  /** The number of the process, where there are several. */
  worker?: number
  /** The name of the listener, where there are several. */
  listener?: string
}

/** The facts as a fragment of each line, made once. */
export function factsPiece({ worker, listener }: LineFacts): string {
  const number = worker === undefined ? '' : `,"worker":${worker}`
  return listener === undefined ? number : `${number},"listener":"${escaped(listener)}"`
}

/**
 * The line of one exchange: its record, in the shape that pino gives to all other lines, with secrets removed. It began at
 * `time` minus `ms.total`. `facts` is the result of `factsPiece`.
 *
 * Not through pino or JSON.stringify: a line for each exchange is on the hot path, and writing a known shape takes a fraction
 * of the time that discovering it does.
 */
export function accessLine(record: ExchangeRecord, time: string, facts = ''): string {
  const { method, client, upstream, bytes, ms, error, upstreamVerdict, nominated, refusedUpgrade, repairs } = record
  const { requestId, route, scheme, user, clientCertificate } = record
  const target = method === 'CONNECT' ? redactAuthority(record.target) : redactTarget(record.target)
  let line =
    `{"level":"info","time":"${escaped(time)}","id":"${escaped(record.id)}"${facts},"mode":"${record.mode}"` +
    `,"method":"${escaped(method)}","target":"${escaped(target)}","host":"${escaped(redactAuthority(record.host))}"` +
    `,"version":"${record.version}","status":${number(record.status)}` +
    `,"client":{"id":"${escaped(client.id)}","nth":${number(client.nth)},"address":"${escaped(client.address)}"}`
  if (requestId !== undefined) line += `,"requestId":"${escaped(requestId)}"`
  if (scheme !== undefined) line += `,"scheme":"${scheme}"`
  if (clientCertificate !== undefined) line += certificateOf(clientCertificate)
  if (user !== undefined) line += `,"user":"${escaped(user)}"`
  if (route !== undefined) line += `,"route":"${escaped(route)}"`
  if (upstream !== undefined)
    line +=
      `,"upstream":{"id":"${escaped(upstream.id)}","nth":${number(upstream.nth)}` +
      `,"origin":"${escaped(upstream.origin)}","address":"${escaped(upstream.address)}"}`
  line +=
    `,"bytes":{"requestHead":${number(bytes.requestHead)},"requestContent":${number(bytes.requestContent)}` +
    `,"responseHead":${number(bytes.responseHead)},"responseContent":${number(bytes.responseContent)}}` +
    `,"ms":{"head":${milliseconds(ms.head)},"wait":${milliseconds(ms.wait)}` +
    `,"firstByte":${milliseconds(ms.firstByte)},"total":${milliseconds(ms.total)}}` +
    `,"retries":${number(record.retries)},"outcome":"${record.outcome}"`
  if (error !== undefined) line += `,"error":${errorOf(error)}`
  line += `,"endedBy":"${record.endedBy}","clientVerdict":"${record.clientVerdict}"`
  if (upstreamVerdict !== undefined) line += `,"upstreamVerdict":"${upstreamVerdict}"`
  if (nominated !== undefined) line += `,"nominated":${number(nominated)}`
  if (refusedUpgrade !== undefined) line += `,"refusedUpgrade":"${escaped(refusedUpgrade)}"`
  if (repairs !== undefined) line += `,"repairs":${number(repairs)}`
  return `${line},"msg":"exchange"}\n`
}

function certificateOf({ subject, issuer, serial, fingerprint }: ClientCertificate): string {
  return (
    `,"clientCertificate":{"subject":"${escaped(subject)}","issuer":"${escaped(issuer)}"` +
    `,"serial":"${escaped(serial)}","fingerprint":"${escaped(fingerprint)}"}`
  )
}

/** Failures are rare: they are not worth code of their own. */
function errorOf({ type, message, stage, side, deadline }: NonNullable<ExchangeRecord['error']>): string {
  return plainJson(JSON.stringify({ type, message, stage, side, deadline }))
}

/** Characters that a JSON string must escape, and everything that is not ASCII. */
const UNUSUAL = /[^ !#-[\]-~]/

/** The inside of a JSON string. Most texts need no escaping. */
function escaped(text: string): string {
  return UNUSUAL.test(text) ? plainJson(JSON.stringify(text).slice(1, -1)) : text
}

function number(value: number): string {
  return Number.isFinite(value) ? `${value}` : 'null'
}

/** `.000`, `.001`, … `.999`, and nothing where there is no fraction. */
const FRACTIONS = Array.from({ length: 1000 }, (_, n) => (n === 0 ? '' : `.${`${n}`.padStart(3, '0')}`))

/** Milliseconds to the microsecond, as two integers: converting a double to digits is expensive. */
function milliseconds(value: number): string {
  const microseconds = Math.round(value * 1000)
  if (!(microseconds >= 0 && microseconds <= 0x7fff_ffff && microseconds / 1000 === value)) return number(value)
  const whole = Math.trunc(microseconds / 1000)
  return `${whole}${FRACTIONS[microseconds - whole * 1000]}`
}

// A new field of a record does not compile until it is in the line, and here.
type Told =
  | 'id'
  | 'mode'
  | 'method'
  | 'target'
  | 'host'
  | 'version'
  | 'status'
  | `client.${'id' | 'nth' | 'address'}`
  | `upstream.${'id' | 'nth' | 'origin' | 'address'}`
  | `bytes.${'requestHead' | 'requestContent' | 'responseHead' | 'responseContent'}`
  | `ms.${'head' | 'wait' | 'firstByte' | 'total'}`
  | 'retries'
  | 'outcome'
  | `error.${'type' | 'message' | 'stage' | 'side' | 'deadline'}`
  | 'endedBy'
  | 'clientVerdict'
  | 'upstreamVerdict'
  | 'nominated'
  | 'refusedUpgrade'
  | 'repairs'
  | 'requestId'
  | 'scheme'
  | `clientCertificate.${keyof ClientCertificate}`
  | 'user'
  | 'route'
/** These are not in the JSON line: the start follows from other fields, the rest is for the combined format. */
type ToldElsewhere = 'startedAt' | 'referer' | 'userAgent'
type FieldsOf<T> = {
  [K in keyof T & string]-?: NonNullable<T[K]> extends object ? `${K}.${keyof NonNullable<T[K]> & string}` : K
}[keyof T & string]
true satisfies [Exclude<FieldsOf<ExchangeRecord>, Told | ToldElsewhere>] extends [never] ? true : never
