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

/** An answer that no upstream has to be asked for. */
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

/** What is asked about the connection that a request came on. */
export interface Asker {
  readonly scheme: 'http' | 'https'
}

/** No route of a gateway matches. */
export const NO_ROUTE = {
  kind: 'problem',
  error: 'destination_not_found',
  status: 404,
  what: 'no route of this gateway matches the request',
  todo: 'Look at the host and the path of the URL.',
  remedy: { settings: ['routes'] },
} as const

export type Problem = Extract<OwnAnswer, { kind: 'problem' }>

/** The methods that we name in `Allow`; any other is forwarded as well (RFC 9110 9.1). */
export const ALLOW = 'GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS'

/**
 * Whether we answer this request ourselves, and how; null: it goes on. The order matters: a loop ends first, then who may
 * not ask at all is told so, then what cannot be forwarded in this mode is refused.
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
  return `Two proxies forward to each other: look at the upstream of each; if they are two deployments, give each a ${name} of its own.`
}

/** What only a gateway answers itself. */
function gatewayAnswer(
  { method, scheme, targetForm }: RequestHead,
  settings: Settings,
  client: Asker,
): OwnAnswer | null {
  if (targetForm === 'authority') {
    return problem(
      'http_request_denied',
      405,
      'CONNECT is not for a reverse proxy',
      'Use a forward proxy for tunnels.',
      { fields: [['Allow', ALLOW]], remedy: { settings: ['mode'] } },
    )
  }
  if (scheme === 'https' && client.scheme === 'http') {
    return problem(
      'http_request_denied',
      421,
      'an https target came over a connection that is not secured',
      'Ask for it over TLS, or with an http target.',
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

/** What only a forward proxy answers itself. */
function forwardAnswer(head: RequestHead, settings: Settings): OwnAnswer | null {
  if (settings.credentials !== null && !authorized(head.lines, settings.credentials)) return unknownClient(settings)
  if (settings.users !== null && basicCredentials(head.lines) === '') return unknownClient(settings)
  if (head.targetForm === 'asterisk') return { kind: 'options' } // for the server that it reaches, and that is us
  if (head.targetForm === 'origin') {
    return problem(
      'http_request_error',
      400,
      'the request-target is no absolute URI, and this is a forward proxy',
      'Configure it as a proxy (curl -x), or run hopwise reverse for requests like this one.',
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

/** The list replaces the one before, so that is in it, too, unless it is long. */
function portsWith(ports: ReadonlySet<number>, port: number): number[] {
  return ports.size > PORTS_TOLD_MAX ? [port] : [...ports, port]
}

const PORTS_TOLD_MAX = 8

/** 403: a port where something else than a web is served. */
export function portNotOpen(port: number, service: string): Problem {
  return problem('http_request_denied', 403, `port ${port} belongs to ${service}, not to a web server`, '', {
    remedy: { settings: ['allowPorts'], value: [port] },
  })
}

/** 407: nobody whom this proxy knows (RFC 9110 15.5.8). */
export function unknownClient({ name, users }: Settings): Problem {
  return problem(
    'http_request_denied',
    407,
    'this proxy serves only those whom it knows',
    'Send Proxy-Authorization with Basic credentials.',
    {
      fields: [['Proxy-Authenticate', `Basic realm="${name}", charset="UTF-8"`]],
      remedy: { settings: [users === null ? 'credentials' : 'users'] },
    },
  )
}

/** 503: too many prove who they are. A 407 would say that the password is wrong, and browsers would forget it. */
export const AUTH_BUSY: Problem = problem(
  'proxy_internal_response',
  503,
  'too many users are proving their passwords at this moment',
  'Try again in 1 s.',
  { fields: [['Retry-After', '1']], remedy: { settings: ['users'] } },
)

/** 413: more content than one request may have (RFC 9110 15.5.14). */
export function contentTooLong(bytesMax: number): Problem {
  return problem('http_request_error', 413, `the content is longer than ${bytesMax} bytes`, 'Send less.', {
    remedy: { settings: ['requestContentBytesMax'] },
  })
}

/** 429: more requests from there than the rate allows (RFC 6585 4). `ms`: until the next one may come. */
export function tooManyRequests(ms: number): Problem {
  return comeAgain('more requests from this address than are allowed', ms, 'requestRate')
}

/** 429: as many requests from there are under way as may be. It is that client who has too many, so it is no 503. */
export function tooManyUnderWay(most: number): Problem {
  return comeAgain(`${most} requests from this address are under way already`, 0, 'requestsPerAddressMax')
}

/** 429: more wrong passwords from there than may be. Not 407: nobody looked whether this one is right. `ms`: until the next try. */
export function tooManyFailures(ms: number): Problem {
  return comeAgain('too many wrong passwords came from this address', ms, 'failedLogins')
}

function comeAgain(what: string, ms: number, setting: SettingName): Problem {
  const seconds = Math.max(1, Math.ceil(ms / 1000))
  return problem('http_request_denied', 429, what, `Try again in ${seconds} s.`, {
    fields: [['Retry-After', `${seconds}`]],
    remedy: { settings: [setting] },
  })
}

/** TRACE and OPTIONS that have made all their hops end here (RFC 9110 7.6.2), save a TRACE with content: the rewrite refuses it. */
function hopsAnswer({ lines, method, contentLength }: RequestHead): OwnAnswer | null {
  if (method !== 'TRACE' && method !== 'OPTIONS') return null
  if (readMaxForwards(lines, method) !== 0 || (method === 'TRACE' && contentLength !== 0)) return null
  return { kind: method === 'TRACE' ? 'trace' : 'options' }
}

/** The Basic credentials (RFC 7617) of one Proxy-Authorization line, in base64; '' for none, or for two. */
export function basicCredentials(lines: Lines): string {
  const i = lines.find(ID['proxy-authorization'])
  if (i < 0 || lines.find(ID['proxy-authorization'], i) >= 0) return ''
  return /^basic +([A-Za-z0-9+/]+=*)$/i.exec(lines.value(i))?.[1] ?? ''
}

function authorized(lines: Lines, known: ReadonlySet<string>): boolean {
  const credentials = basicCredentials(lines)
  return credentials !== '' && isAmong(credentials, known)
}

/** Compared in a time that tells nothing. */
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
