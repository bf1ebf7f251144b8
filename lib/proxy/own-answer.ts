import { timingSafeEqual } from 'node:crypto'
import type { ProxyStatusError } from '../link/proxy-error.js'
import { type Remedy, type SettingName, spelled } from '../link/remedies.js'
import { readMaxForwards } from '../policy/max-forwards.js'
import { viaCarries } from '../policy/via.js'
import { readAuthority } from '../wire/authority.js'
import type { Lines } from '../wire/lines.js'
import { ID } from '../wire/names.js'
import type { RequestHead } from '../wire/request-head.js'
import type { Settings } from './options/settings.js'

/** An answer that hopwise gives without an upstream. */
export type OwnAnswer =
  | {
      readonly kind: 'problem'
      readonly error: ProxyStatusError
      readonly status: number
      readonly what: string
      readonly todo: string
      readonly fields?: readonly (readonly [string, string])[]
      /** The setting that decided it. */
      readonly remedy?: Remedy
    }
  | { readonly kind: 'trace' }
  | { readonly kind: 'options' }

/** What matters here of the connection that a request arrived on. */
export interface Asker {
  readonly scheme: 'http' | 'https'
}

/** 404: no route of a gateway matches. */
export const NO_ROUTE = {
  kind: 'problem',
  error: 'destination_not_found',
  status: 404,
  what: 'no route of this gateway matches the request',
  todo: 'Check the host and the path of the URL.',
  remedy: { settings: ['routes'] },
} as const

export type Problem = Extract<OwnAnswer, { kind: 'problem' }>

/** The methods listed in `Allow`; all others are forwarded as well (RFC 9110 9.1). */
export const ALLOW = 'GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS'

/**
 * Whether we answer this request ourselves, and how; null: it goes on. The order matters: first loops are ended, then clients
 * without valid credentials are refused, then requests that cannot be forwarded in this mode.
 */
export function ownAnswer(head: RequestHead, settings: Settings, client: Asker): OwnAnswer | null {
  const { lines } = head
  if (lines.find(ID.via) >= 0 && viaCarries(lines, settings.name)) {
    return problem(
      'proxy_loop_detected',
      502,
      `Via names this proxy (${settings.name}): the request has been here before`,
      loopTodo(settings),
      { remedy: { settings: ['name'] } },
    )
  }
  return (
    (settings.mode === 'reverse' ? gatewayAnswer(head, settings, client) : forwardAnswer(head, settings)) ??
    hopsAnswer(head)
  )
}

function loopTodo({ door }: Settings): string {
  const name = spelled('name', door)
  return `Two proxies forward to each other: check the upstream of each; if they are two deployments, give each its own ${name}.`
}

/** Answers of a gateway only. */
function gatewayAnswer(
  { method, scheme, targetForm }: RequestHead,
  settings: Settings,
  client: Asker,
): OwnAnswer | null {
  if (targetForm === 'authority') {
    return problem(
      'http_request_denied',
      405,
      'a reverse proxy does not accept CONNECT',
      'Use a forward proxy for tunnels.',
      { fields: [['Allow', ALLOW]], remedy: { settings: ['mode'] } },
    )
  }
  if (scheme === 'https' && client.scheme === 'http') {
    return problem(
      'http_request_denied',
      421,
      'an https target was requested over a connection without TLS',
      'Request it over TLS, or with an http target.',
      { remedy: { settings: ['tls'] } },
    )
  }
  if (method === 'TRACE' && !settings.trace) {
    return problem('http_request_denied', 405, 'TRACE is not allowed here', '', {
      fields: [['Allow', ALLOW]],
      remedy: { settings: ['trace'], value: true },
    })
  }
  return null
}

/** Answers of a forward proxy only. */
function forwardAnswer(head: RequestHead, settings: Settings): OwnAnswer | null {
  if (settings.credentials !== null && !authorized(head.lines, settings.credentials)) return unknownClient(settings)
  if (settings.users !== null && basicCredentials(head.lines) === '') return unknownClient(settings)
  if (head.targetForm === 'asterisk') return { kind: 'options' } // it is for the server that it reaches, which is this proxy
  if (head.targetForm === 'origin') {
    return problem(
      'http_request_error',
      400,
      'the request-target is not an absolute URI, but this is a forward proxy',
      'Configure the client to use it as a proxy (curl -x), or run hopwise reverse for requests like this one.',
      { remedy: { settings: ['mode'] } },
    )
  }
  if (head.targetForm !== 'authority') return null
  const port = readAuthority(head.host)?.port ?? -1
  if (settings.connectPorts.has(port)) return null
  return problem('http_request_denied', 403, `CONNECT to port ${port} is not allowed`, '', {
    remedy: { settings: ['connectPorts'], value: portsWith(settings.connectPorts, port) },
  })
}

/** The setting replaces the whole list, so the current ports are included, unless there are many. */
function portsWith(ports: ReadonlySet<number>, port: number): number[] {
  return ports.size > PORTS_TOLD_MAX ? [port] : [...ports, port]
}

const PORTS_TOLD_MAX = 8

/** 403: a port that belongs to a service other than a web server. */
export function portNotOpen(port: number, service: string): Problem {
  return problem('http_request_denied', 403, `port ${port} belongs to ${service}, not to a web server`, '', {
    remedy: { settings: ['allowPorts'], value: [port] },
  })
}

/** 407: no credentials, or wrong ones (RFC 9110 15.5.8). */
export function unknownClient({ name, users }: Settings): Problem {
  return problem(
    'http_request_denied',
    407,
    'this proxy requires authentication',
    'Send Proxy-Authorization with Basic credentials.',
    {
      fields: [['Proxy-Authenticate', `Basic realm="${name}", charset="UTF-8"`]],
      remedy: { settings: [users === null ? 'credentials' : 'users'] },
    },
  )
}

/** 503: too many passwords are being checked. A 407 would say that the password is wrong, and browsers would forget it. */
export const AUTH_BUSY: Problem = problem(
  'proxy_internal_response',
  503,
  'too many passwords are being checked at the moment',
  'Try again in 1 s.',
  { fields: [['Retry-After', '1']], remedy: { settings: ['users'] } },
)

/** 413: more content than one request may have (RFC 9110 15.5.14). */
export function contentTooLong(bytesMax: number): Problem {
  return problem('http_request_error', 413, `the content is longer than ${bytesMax} bytes`, 'Send less.', {
    remedy: { settings: ['requestContentBytesMax'] },
  })
}

/** 429: more requests from an address than the rate allows (RFC 6585 4). `ms`: until the next one is allowed. */
export function tooManyRequests(ms: number): Problem {
  return comeAgain('too many requests from this address', ms, 'requestRate')
}

/** 429: an address has the maximum number of requests in progress. The client has too many, not the proxy, so it is not a 503. */
export function tooManyUnderWay(most: number): Problem {
  return comeAgain(`${most} requests from this address are already in progress`, 0, 'requestsPerAddressMax')
}

/**
 * 429: too many wrong passwords from an address. Not 407, as this one has not been checked. `ms`: until the next try is allowed.
 */
export function tooManyFailures(ms: number): Problem {
  return comeAgain('too many wrong passwords from this address', ms, 'failedLogins')
}

function comeAgain(what: string, ms: number, setting: SettingName): Problem {
  const seconds = Math.max(1, Math.ceil(ms / 1000))
  return problem('http_request_denied', 429, what, `Try again in ${seconds} s.`, {
    fields: [['Retry-After', `${seconds}`]],
    remedy: { settings: [setting] },
  })
}

/**
 * A TRACE or OPTIONS whose Max-Forwards is 0 ends here (RFC 9110 7.6.2), except a TRACE with content, which the rewrite refuses.
 */
function hopsAnswer({ lines, method, contentLength }: RequestHead): OwnAnswer | null {
  if (method !== 'TRACE' && method !== 'OPTIONS') return null
  if (readMaxForwards(lines, method) !== 0 || (method === 'TRACE' && contentLength !== 0)) return null
  return { kind: method === 'TRACE' ? 'trace' : 'options' }
}

/** The Basic credentials (RFC 7617) of the Proxy-Authorization line, in base64; '' if there is none, or more than one. */
export function basicCredentials(lines: Lines): string {
  const i = lines.find(ID['proxy-authorization'])
  if (i < 0 || lines.find(ID['proxy-authorization'], i) >= 0) return ''
  return /^basic +([A-Za-z0-9+/]+=*)$/i.exec(lines.value(i))?.[1] ?? ''
}

function authorized(lines: Lines, known: ReadonlySet<string>): boolean {
  const credentials = basicCredentials(lines)
  return credentials !== '' && isAmong(credentials, known)
}

/** Compares in constant time. */
export function isAmong(credentials: string, known: ReadonlySet<string>): boolean {
  const given = Buffer.from(credentials)
  let found = false
  for (const one of known) {
    const expected = Buffer.from(one)
    if (expected.length === given.length && timingSafeEqual(expected, given)) found = true
  }
  return found
}

function problem(
  error: ProxyStatusError,
  status: number,
  what: string,
  todo: string,
  { fields, remedy }: Pick<Problem, 'fields' | 'remedy'> = {},
): Problem {
  const problem = { kind: 'problem', error, status, what, todo } as const
  return { ...problem, ...(fields === undefined ? {} : { fields }), ...(remedy === undefined ? {} : { remedy }) }
}
