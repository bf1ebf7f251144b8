import { DEADLINES } from '../../link/deadlines.js'
import { LIMITS } from '../../link/limits.js'
import type { ClientTlsSettings } from '../../net/client/secure-accept.js'
import { CERTIFICATE_FIELDS } from '../../policy/client-certificate.js'
import { OptionError } from '../../policy/option-error.js'
import { GRAMMAR_LIMITS, GRAMMAR_MAXIMA } from '../../wire/limits.js'
import { isToken } from '../../wire/octets.js'
import { wrongHash } from '../users.js'
import {
  type Check,
  choice,
  flag,
  list,
  mapping,
  methods,
  milliseconds,
  numbersOf,
  orNull,
  port,
  protocol,
  rate,
  type Shape,
  shape,
  shown,
  text,
  unknownKey,
  whole,
} from './check.js'
import type { ProxyOptions } from './proxy-options.js'
import { NAMESERVERS } from './resolve-options.js'
import { UPSTREAM_TLS } from './upstream-tls-options.js'

/**
 * Every option of a proxy, with the check for its value and the mode that it is for. An option of the other mode is refused, not
 * ignored: an operator who sets `credentials` for a gateway believes that it asks for them.
 */
const OPTIONS: Readonly<Record<keyof ProxyOptions, Check | ForMode>> = {
  mode: choice('reverse', 'forward'),
  upstream: reverse(text),
  // The contents of these two are checked where routes and groups are made: there may be thousands.
  routes: reverse(list(anything, 1)),
  upstreams: reverse(mapping(anything)),
  host: reverse(text),
  name,
  tls: shape(
    {
      certificates: list(shape({ cert: text, key: text }, 'cert', 'key'), 1),
      minVersion: choice('TLSv1.2', 'TLSv1.3'),
      ciphers: text,
      clientCertificates: orNull(
        shape({ ca: text, required: flag, fields: list(choice(...Object.keys(CERTIFICATE_FIELDS))) }, 'ca'),
      ),
      handshakeMs: milliseconds(),
    } satisfies Shape<ClientTlsSettings>,
    'certificates',
  ),
  proxyProtocol: shape({ from: list(text, 1) }, 'from'),
  clients: shape({
    allow: list(text, 1),
    deny: list(text),
    connectionsPerSecond: rate,
    failedLoginsPerMinute: whole(),
  } satisfies Shape<NonNullable<ProxyOptions['clients']>>),
  trust: list(text),
  keepFields: list(text),
  xForwarded: flag,
  xForwardedPort: flag,
  xForwardedPrefix: reverse(flag),
  xRealIp: flag,
  forwarded: flag,
  via: choice('off', 'request', 'both'),
  allow: forward(list(text)),
  only: forward(list(text, 1)),
  deny: forward(list(text)),
  resolve: forward(shape({ nameservers: NAMESERVERS })),
  parent: forward(text),
  connectPorts: forward(list(port, 1)),
  allowPorts: forward(list(port)),
  requestId: choice('off', 'keep', 'make'),
  requestRate: shape({ perSecond: rate, burst: whole(0, 1_000_000) }, 'perSecond'),
  uploadBytesPerSecondMin: whole(0, 1_000_000_000),
  users: forward(users),
  credentials: forward(list(shape({ user: text, password: secret }, 'user', 'password'), 1)),
  upgrades: list(protocol),
  strictUpstream: flag,
  nominatedEndToEnd: choice('remove', 'reject'),
  interim: choice('all', 'none'),
  halfClosed: choice('abort', 'answer'),
  announceKeepAlive: choice('http10', 'always'),
  forwardHttp10KeepAlive: forward(flag),
  recordFields: flag,
  tracer: methods('begin'),
  trace: flag,
  noDelay: flag,
  tcpKeepAliveMs: milliseconds(),
  upstreamTls: UPSTREAM_TLS,
  limits: shape(numbersOf(LIMITS)),
  deadlines: shape(numbersOf(DEADLINES)),
  grammar: shape(numbersOf(GRAMMAR_LIMITS, GRAMMAR_MAXIMA)),
  clock: methods('now', 'wallMs', 'after', 'every'),
  readMode: choice('onread', 'data'),
}

interface ForMode {
  readonly mode: ProxyOptions['mode']
  readonly check: Check
}

/** The names of all options, in the order of the documentation. */
export const OPTION_NAMES = Object.keys(OPTIONS) as readonly (keyof ProxyOptions)[]

/**
 * Checks that each option exists, is for this mode and has a value of the right kind. The contents of strings are checked later,
 * by the code that uses them.
 * @throws OptionError that names the option and says what would be right
 */
export function checkOptions(options: ProxyOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new OptionError(`the options must be an object, for example { mode: 'forward' }, not ${shown(options)}`)
  for (const key of Object.keys(options))
    if (!Object.hasOwn(OPTIONS, key)) throw new OptionError(unknownKey(`there is no option ${key}`, key, OPTION_NAMES))
  const { mode } = options
  if (mode !== 'reverse' && mode !== 'forward')
    throw new OptionError(`mode must be 'reverse' or 'forward', not ${shown(mode)}`)
  for (const key of OPTION_NAMES) {
    const value = options[key]
    if (value === undefined) continue
    const known = OPTIONS[key]
    if (typeof known === 'function') known(key, value)
    else if (known.mode === mode) known.check(key, value)
    else throw new OptionError(foreign(key, known.mode))
  }
  if (options.routes !== undefined && options.upstream !== undefined)
    throw new OptionError('upstream is for a proxy without routes: name the upstream in a route')
  if (options.routes === undefined && options.upstreams !== undefined)
    throw new OptionError('upstreams is for a proxy with routes, which name its groups: use routes instead of upstream')
}

function anything(): void {}

function reverse(check: Check): ForMode {
  return { mode: 'reverse', check }
}

function forward(check: Check): ForMode {
  return { mode: 'forward', check }
}

function foreign(key: keyof ProxyOptions, mode: ProxyOptions['mode']): string {
  const right =
    mode === 'reverse'
      ? 'a forward proxy connects to the destinations that its clients ask for'
      : key === 'resolve'
        ? 'for a reverse proxy set resolve in each group of upstreams'
        : key === 'users' || key === 'credentials'
          ? 'a reverse proxy does not ask for Proxy-Authorization; authenticate users in the service behind it'
          : 'a reverse proxy connects only to its configured upstreams'
  return `${key} is for mode "${mode}": ${right}`
}

function name(what: string, value: unknown): void {
  text(what, value)
  if (!isToken(value as string))
    throw new OptionError(`${what} must be a token (letters, digits and !#$%&'*+-.^_\`|~), not ${shown(value)}`)
}

const HASH = shape(
  { ln: whole(1, 31), r: whole(1), p: whole(1), salt: bytes, hash: bytes },
  ...['ln', 'r', 'p', 'salt', 'hash'],
)

function users(what: string, value: unknown): void {
  if (!(value instanceof Map)) throw new OptionError(`${what} must be a Map of names to hashes, not ${shown(value)}`)
  if (value.size === 0) throw new OptionError(`${what} is empty, so no one could log in: omit it, or add a user`)
  for (const [user, hash] of value) {
    text(`a key of ${what}`, user)
    if (typeof hash !== 'object' || hash === null) throw new OptionError(wrongHash(user, hash))
    HASH(`${what}.${user}`, hash)
  }
}

/** Its value is never shown. */
function secret(what: string, value: unknown): void {
  if (typeof value !== 'string') throw new OptionError(`${what} must be a string`)
}

function bytes(what: string, value: unknown): void {
  if (!(value instanceof Uint8Array)) throw new OptionError(`${what} must be a Buffer, not ${shown(value)}`)
}
