import { isAuthority, readAuthority } from './authority.js'
import { ProtocolError } from './protocol-error.js'

/** The four forms of a request-target (RFC 9112 3.2). */
export type TargetForm = 'origin' | 'absolute' | 'authority' | 'asterisk'

/** The parts of a request-target. The object is reused. */
export interface Target {
  targetForm: TargetForm
  /** From absolute-form, in lower case. */
  scheme: '' | 'http' | 'https'
  /** From absolute-form and authority-form as written, else ''. */
  host: string
  /**
   * The path and query to send in origin-form. Never changed, except: `/` for an empty path (R20); `*` for asterisk-form, and for
   * OPTIONS without path and query (R25); '' for authority-form.
   */
  path: string
}

/** Reads a request-target whose bytes were already checked. Throws ProtocolError 400. */
export function readTarget(method: string, target: string, out: Target): void {
  out.scheme = ''
  out.host = ''
  if (method === 'CONNECT') {
    readAuthorityForm(target, out)
  } else if (target.charCodeAt(0) === 0x2f) {
    out.targetForm = 'origin'
    out.path = target
  } else if (target === '*') {
    if (method !== 'OPTIONS') throw refusal('asterisk-form is allowed only with OPTIONS', '3.2.4')
    out.targetForm = 'asterisk'
    out.path = '*'
  } else {
    readAbsoluteForm(method, target, out)
  }
}

function readAuthorityForm(target: string, out: Target): void {
  const authority = readAuthority(target)
  if (authority === undefined || authority.port < 0) {
    throw refusal(`CONNECT needs host:port, not ${quote(target)}`, '3.2.3')
  }
  out.targetForm = 'authority'
  out.host = target
  out.path = ''
}

function readAbsoluteForm(method: string, target: string, out: Target): void {
  const colon = target.indexOf('://')
  const scheme = target.slice(0, Math.max(colon, 0)).toLowerCase()
  if (scheme !== 'http' && scheme !== 'https') {
    throw refusal(`the request-target is neither a path nor an http or https URI: ${quote(target)}`, '3.2')
  }
  const from = colon + 3
  let to = from
  while (to < target.length && target[to] !== '/' && target[to] !== '?') to++
  const host = target.slice(from, to)
  if (host.includes('@')) throw refusal(`userinfo in the request-target ${quote(target)}`, '3.2.2', 'RFC 9110 4.2.4')
  if (!isAuthority(host)) throw refusal(`invalid host in the request-target ${quote(target)}`, '3.2.2', 'RFC 9110 4.2')
  out.targetForm = 'absolute'
  out.scheme = scheme
  out.host = host
  if (to === target.length) out.path = method === 'OPTIONS' ? '*' : '/'
  else out.path = target[to] === '/' ? target.slice(to) : `/${target.slice(to)}`
}

function refusal(what: string, paragraph: string, section = `RFC 9112 ${paragraph}`): ProtocolError {
  return new ProtocolError(400, what, section)
}

const asUnicode = (octet: string): string => `\\u${octet.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Quotes a text from a peer in a message: at most 64 characters, as printable ASCII. */
export function quote(text: string): string {
  const shown = JSON.stringify(text.slice(0, 64)).replace(/[^ -~]/g, asUnicode)
  return text.length > 64 ? `${shown.slice(0, -1)}…"` : shown
}
