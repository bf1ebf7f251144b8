import type { ExchangeRecord } from '../../proxy/events.js'
import { redactAuthority, redactTarget } from './redact.js'

/**
 * The line of one exchange in the Common Log Format, or in the Combined one (with Referer and User-Agent), as Apache
 * writes them: `%h - %u %t "%r" %>s %b`, then `"%{Referer}i" "%{User-agent}i"`. Secrets are removed as in the JSON line.
 *
 * `%t` is the start of the request in the time zone of this process, `%b` the bytes of content, `-` for none.
 */
export function commonLine(record: ExchangeRecord): string {
  return `${commonPart(record)}\n`
}

export function combinedLine(record: ExchangeRecord): string {
  const { referer, userAgent } = record
  return `${commonPart(record)} "${item(referer === undefined ? undefined : redactTarget(referer))}" "${item(userAgent)}"\n`
}

function commonPart(record: ExchangeRecord): string {
  const { method, client, status, bytes, user } = record
  const target = method === 'CONNECT' ? redactAuthority(record.target) : redactTarget(record.target)
  // Only spaces delimit it, and the client chooses it: a name with spaces could pass for the fields that follow.
  const who = user === '' ? '""' : item(user).replaceAll(' ', '\\x20')
  const request = method === '' ? '-' : `${item(method)} ${escaped(target)} HTTP/${record.version}`
  const size = bytes.responseContent === 0 ? '-' : bytes.responseContent
  return `${item(client.address)} - ${who} ${commonTime(record.startedAt)} "${request}" ${status === 0 ? '-' : status} ${size}`
}

/** A dash for what is absent. */
function item(text: string | undefined): string {
  return text === undefined || text === '' ? '-' : escaped(text)
}

const UNUSUAL = /[^ !#-[\]-~]/
const EACH_UNUSUAL = /[^ !#-[\]-~]/g
const WRITTEN: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

/** Apache's escapes for ambiguous characters. Texts are bytes (latin1); a character beyond latin1 is written in UTF-8. */
function escaped(text: string): string {
  return UNUSUAL.test(text) ? text.replace(EACH_UNUSUAL, c => WRITTEN[c] ?? hexadecimal(c)) : text
}

function hexadecimal(character: string): string {
  const bytes = Buffer.from(character, character.charCodeAt(0) > 0xff ? 'utf8' : 'latin1')
  return Array.from(bytes, byte => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
}

// biome-ignore format: a list
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
/** Texts of recent seconds, each in the slot of its second: exchanges do not end in the order in which they began. */
const SECONDS_KEPT = 64
const kept: { second: number; text: string }[] = Array.from({ length: SECONDS_KEPT }, () => ({
  second: Number.NaN,
  text: '',
}))

/** `[02/Jan/2030:03:04:05 +0000]`. The text of a second is made once. @param ms since 1970 */
export function commonTime(ms: number): string {
  const second = Math.floor(ms / 1000)
  const place = kept[second & (SECONDS_KEPT - 1)]!
  if (place.second !== second) {
    place.second = second
    place.text = writeTime(new Date(second * 1000))
  }
  return place.text
}

function writeTime(at: Date): string {
  const two = (value: number) => `${value}`.padStart(2, '0')
  const west = at.getTimezoneOffset()
  const away = Math.abs(west)
  const zone = `${west > 0 ? '-' : '+'}${two(Math.floor(away / 60))}${two(away % 60)}`
  const day = `${two(at.getDate())}/${MONTHS[at.getMonth()]}/${at.getFullYear()}`
  return `[${day}:${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())} ${zone}]`
}
