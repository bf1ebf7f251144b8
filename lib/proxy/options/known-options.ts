import { DEADLINES } from '../../link/deadlines.js'
import { LIMITS } from '../../link/limits.js'
import type { ClientTlsSettings } from '../../net/client/secure-accept.js'
import { CERTIFICATE_FIELDS } from '../../policy/client-certificate.js'
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
 * Every option that a proxy has, with what its value is, and the mode that it is for. An option of the other mode is refused: nobody would
 * look at it, and who wrote `credentials` for a gateway believes that it asks for them.
 */
const OPTIONS: Readonly<Record<keyof ProxyOptions, Check | ForMode>> = {
  mode: choice('reverse', 'forward'),
  upstream: reverse(text),
  // What is in these two is looked at where routes and groups are made: there may be thousands.
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

/** The names of all options, in the order of the documents. */
export const OPTION_NAMES = Object.keys(OPTIONS) as readonly (keyof ProxyOptions)[]

/**
 * Is there each option, is it for this mode, and of its kind? What stands in a text is looked at later, by those who use it.
 * @throws TypeError that names the option, and says what would be right
 */
export function checkOptions(options: ProxyOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`the options must be an object, for example { mode: 'forward' }, not ${shown(options)}`)
  for (const key of Object.keys(options))
    if (!Object.hasOwn(OPTIONS, key)) throw new TypeError(unknownKey(`there is no option ${key}`, key, OPTION_NAMES))
  const { mode } = options
  if (mode !== 'reverse' && mode !== 'forward')
    throw new TypeError(`mode must be 'reverse' or 'forward', not ${shown(mode)}`)
  for (const key of OPTION_NAMES) {
    const value = options[key]
    if (value === undefined) continue
    const known = OPTIONS[key]
    if (typeof known === 'function') known(key, value)
    else if (known.mode === mode) known.check(key, value)
    else throw new TypeError(foreign(key, known.mode))
  }
  if (options.routes !== undefined && options.upstream !== undefined)
    throw new TypeError('upstream is for a proxy without routes: name it in a route')
  if (options.routes === undefined && options.upstreams !== undefined)
    throw new TypeError('upstreams is for a proxy with routes, which name its groups: write routes, not upstream')
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
      ? 'a forward proxy goes where its clients ask'
      : key === 'resolve'
        ? 'a reverse proxy has resolve in each of its upstreams'
        : key === 'users' || key === 'credentials'
          ? 'a reverse proxy asks nobody for Proxy-Authorization; who protects a service does it behind the proxy'
          : 'a reverse proxy goes where its operator says'
  return `${key} is for mode "${mode}": ${right}`
}

function name(what: string, value: unknown): void {
  text(what, value)
  if (!isToken(value as string))
    throw new TypeError(`${what} must be a token (letters, digits and !#$%&'*+-.^_\`|~), not ${shown(value)}`)
}

const HASH = shape(
  { ln: whole(1, 31), r: whole(1), p: whole(1), salt: octets, hash: octets },
  ...['ln', 'r', 'p', 'salt', 'hash'],
)

function users(what: string, value: unknown): void {
  if (!(value instanceof Map)) throw new TypeError(`${what} must be a Map of names to hashes, not ${shown(value)}`)
  if (value.size === 0) throw new TypeError(`${what} is empty: nobody could log in; leave it out, or name one`)
  for (const [user, hash] of value) {
    text(`a key of ${what}`, user)
    if (typeof hash !== 'object' || hash === null) throw new TypeError(wrongHash(user, hash))
    HASH(`${what}.${user}`, hash)
  }
}

/** It is not shown. */
function secret(what: string, value: unknown): void {
  if (typeof value !== 'string') throw new TypeError(`${what} must be text`)
}

function octets(what: string, value: unknown): void {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${what} must be a Buffer, not ${shown(value)}`)
}
