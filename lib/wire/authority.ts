export interface Authority {
  /** As written; an IPv6 address without its brackets, so that a host with a `:` is an IPv6 address. Never empty. */
  host: string
  /** 1 to 65535, or -1 when none is given. */
  port: number
}

/**
 * Reads `host`, `host:` or `host:port` strictly: a reg-name (which includes IPv4), or an IPv6 address in brackets. No userinfo,
 * no zone, no IPvFuture, no empty label (RFC 9110 7.2, RFC 3986 3.2.2, RFC 1035 2.3.1). Undefined when it is anything else.
 */
export function readAuthority(text: string): Authority | undefined {
  const hostEnd = endOfHost(text)
  if (hostEnd <= 0) return undefined
  const port = portFrom(text, hostEnd)
  if (port === undefined) return undefined
  return { host: text.charCodeAt(0) === 0x5b ? text.slice(1, hostEnd - 1) : text.slice(0, hostEnd), port }
}

/** A host as it is written in an authority: an IPv6 address in brackets (RFC 3986 3.2.2). */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** `app.example:80`, `[2001:db8::1]:80` */
export function hostAndPort(host: string, port: number): string {
  return `${bracketed(host)}:${port}`
}

/** Whether `readAuthority` accepts the text, without allocating: the hot path checks every Host. */
export function isAuthority(text: string): boolean {
  const hostEnd = endOfHost(text)
  return hostEnd > 0 && portFrom(text, hostEnd) !== undefined
}

/** The end of the host, 0 when there is none, -1 when it is malformed. */
function endOfHost(text: string): number {
  if (text.charCodeAt(0) === 0x5b) {
    const close = text.indexOf(']')
    return close > 0 && isIp6(text.slice(1, close)) ? close + 1 : -1
  }
  let at = 0
  let before = DOT
  for (; at < text.length; before = text.charCodeAt(at++)) {
    const code = text.charCodeAt(at)
    if (code === DOT && before === DOT) return -1 // a label is never empty (RFC 1035 2.3.1); a single final dot denotes the root
    if (REG_NAME[code] === 1) continue
    if (code !== 0x25) break
    if (!isHexDigit(text.charCodeAt(at + 1)) || !isHexDigit(text.charCodeAt(at + 2))) return -1
    at += 2
  }
  return at
}

/** The port in `text` from `at` on, -1 for none, undefined when it is malformed or out of range. */
function portFrom(text: string, at: number): number | undefined {
  if (at === text.length) return -1
  if (text.charCodeAt(at) !== 0x3a) return undefined
  let port = 0
  for (let i = at + 1; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return undefined
    port = port * 10 + digit
    if (port > 65_535) return undefined
  }
  if (at + 1 === text.length) return -1
  return port === 0 ? undefined : port
}

/** RFC 3986 3.2.2, RFC 4291 2.2: eight groups, one `::` for one or more zero groups, the last two groups possibly as IPv4. */
function isIp6(text: string): boolean {
  const halves = text.split('::')
  if (halves.length > 2) return false
  const last = halves.length - 1
  let groups = 0
  for (const [i, half] of halves.entries()) {
    if (half === '' && last === 1) continue
    const parts = half.split(':')
    for (const [k, part] of parts.entries()) {
      if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups++
      else if (i === last && k === parts.length - 1 && IP4.test(part)) groups += 2
      else return false
    }
  }
  return last === 1 ? groups <= 7 : groups === 8
}

const DOT = 0x2e

const IP4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

function isHexDigit(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66)
}

// unreserved and sub-delims, RFC 3986 2.2 and 2.3
const REG_NAME = new Uint8Array(128)
for (const char of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=") {
  REG_NAME[char.charCodeAt(0)] = 1
}
