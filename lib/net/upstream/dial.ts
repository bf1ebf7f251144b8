import * as net from 'node:net'
import * as tls from 'node:tls'
import { ProxyError, type ProxyStatusError } from '../../link/proxy-error.js'
import { hostAndPort } from '../../wire/authority.js'
import type { Address } from '../names/resolver.js'
import type { ReadMode } from '../socket/read-mode.js'
import { Transport, type TransportOwner } from '../socket/transport.js'
import { type TlsMemory, tlsMemory, type UpstreamTls } from './upstream-tls.js'

export { type TlsVersion, tlsKey, tlsMemory, type UpstreamTls } from './upstream-tls.js'

/** How connections to upstreams are made; one set of settings for a whole proxy. */
export interface DialSettings {
  readonly readMode: ReadMode
  /** `TCP_NODELAY`. */
  readonly noDelay: boolean
  /** Idle time before the kernel probes a silent peer, in ms; 0 turns TCP keep-alive off. */
  readonly tcpKeepAliveMs: number
  readonly tls: UpstreamTls
}

/** The destination: addresses that the caller has resolved and checked (there is no second resolution), or a unix socket. */
export interface DialTarget {
  readonly host: string
  readonly port: number
  readonly secure: boolean
  readonly addresses: readonly Address[]
  /** A unix socket; `addresses` is then empty, and `host` is used only for TLS. */
  readonly socketPath?: string
  /** Bytes sent before everything else on the connection, in cleartext even before TLS: a PROXY protocol header. */
  readonly preface?: Buffer
}

export interface DialOwner extends TransportOwner {
  /** The transport can be written to (with TLS: the peer is verified). Before that, only `onClosed` may be called. */
  onConnected(): void
  /** TCP is connected and the TLS handshake begins. Not called without TLS. */
  onSecuring(): void
}

/** How long one address is tried before the next is tried in parallel (RFC 8305 5). */
const ATTEMPT_DELAY_MS = 250

/** Starts a connection to the first of the addresses that answers (happy eyeballs). Never throws; failure is `owner.onClosed`. */
export function dial(target: DialTarget, settings: DialSettings, owner: DialOwner): Transport {
  return target.secure ? dialSecured(target, settings, owner) : dialPlain(target, settings, owner)
}

function dialPlain(target: DialTarget, settings: DialSettings, owner: DialOwner): Transport {
  const options = connectOptions(target, settings)
  const transport = Transport.dialed(owner, settings.readMode, onread => net.connect({ ...options, ...onread }))
  transport.socket.once('connect', () => {
    if (target.preface !== undefined) {
      transport.write(target.preface.toString('latin1'))
      transport.flush()
    }
    transport.tell(() => owner.onConnected())
  })
  return transport
}

function dialSecured(target: DialTarget, settings: DialSettings, owner: DialOwner): Transport {
  let memory: TlsMemory
  try {
    memory = tlsMemory(settings.tls)
  } catch (error) {
    return Transport.dialed(owner, 'data', () => new net.Socket().destroy(error as Error))
  }
  const name = settings.tls.servername ?? target.host
  const peer = `${name} ${whereOf(target)} ${onlyAddress(target) ?? ''}`
  const session = memory.session(peer)
  const socket = connectTls(target, settings, {
    secureContext: memory.context,
    ...(net.isIP(name) === 0 ? { servername: name } : {}),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: settings.tls.insecure !== true,
    checkServerIdentity: (_host, certificate) => tls.checkServerIdentity(name, certificate),
    ...(session === undefined ? {} : { session }),
  })
  const transport = Transport.secured(owner, socket)
  socket.on('session', ticket => memory.keep(peer, ticket))
  socket.once('error', () => {
    memory.drop(peer)
    // After the handshake, Node follows an alert (RFC 8446 6.2) with an ordinary end, as if the data were complete.
    if (!transport.cannotSend) socket.destroy()
  })
  socket.once('connect', () => transport.tell(() => owner.onSecuring()))
  socket.once('secureConnect', () => transport.tell(() => owner.onConnected()))
  return transport
}

function connectTls(target: DialTarget, settings: DialSettings, secure: tls.ConnectionOptions): tls.TLSSocket {
  const options = connectOptions(target, settings)
  if (target.preface === undefined) return tls.connect({ ...secure, ...options } as tls.ConnectionOptions)
  const below = new net.Socket({ allowHalfOpen: true })
  // TLS takes over the handle of a socket that has one. With several addresses, the first may fail and its handle be replaced by
  // another: so TLS is put on the socket before it has a handle, and then reads it as a stream.
  const isStream = options.autoSelectFamily === true
  const before = isStream ? tls.connect({ ...secure, socket: below }) : null
  below.connect(options)
  below.write(target.preface)
  return before ?? tls.connect({ ...secure, socket: below })
}

type ConnectOptions = (net.TcpNetConnectOpts | net.IpcNetConnectOpts) & { autoSelectFamily?: boolean }

function connectOptions(target: DialTarget, settings: DialSettings): ConnectOptions {
  if (target.socketPath !== undefined) return { path: target.socketPath, allowHalfOpen: true }
  const only = onlyAddress(target)
  return {
    host: only ?? target.host,
    port: target.port,
    allowHalfOpen: true,
    noDelay: settings.noDelay,
    keepAlive: settings.tcpKeepAliveMs > 0,
    keepAliveInitialDelay: settings.tcpKeepAliveMs,
    autoSelectFamily: only === undefined,
    autoSelectFamilyAttemptTimeout: ATTEMPT_DELAY_MS,
    lookup: (_host, _options, answer) => answer(null, [...target.addresses]),
  }
}

function onlyAddress({ addresses }: DialTarget): string | undefined {
  return addresses.length === 1 ? addresses[0]?.address : undefined
}

/** The target as named in messages. */
export function whereOf({ host, port, socketPath }: DialTarget): string {
  return socketPath === undefined ? hostAndPort(host, port) : `unix:${socketPath}`
}

const BY_CODE: Readonly<Record<string, ProxyStatusError>> = {
  ECONNREFUSED: 'connection_refused',
  ENOENT: 'connection_refused',
  EACCES: 'connection_refused',
  EAGAIN: 'connection_refused', // a unix socket whose backlog is full
  ETIMEDOUT: 'connection_timeout',
  ERR_SOCKET_CONNECTION_TIMEOUT: 'connection_timeout',
  EHOSTUNREACH: 'destination_ip_unroutable',
  ENETUNREACH: 'destination_ip_unroutable',
  EADDRNOTAVAIL: 'connection_limit_reached',
  EMFILE: 'connection_limit_reached',
  ENFILE: 'connection_limit_reached',
  ECONNRESET: 'connection_terminated',
  EPIPE: 'connection_terminated',
}

/**
 * What a failed dial means to its caller (RFC 9209 2.3). No byte of a request was written, so a retry is always safe.
 * A `ProxyError` (from a dial through another proxy) is passed on as it is.
 */
export function dialError(error: NodeJS.ErrnoException | null, target: DialTarget, securing: boolean): ProxyError {
  if (error instanceof ProxyError) return error
  const where = whereOf(target)
  const first: NodeJS.ErrnoException | null = error instanceof AggregateError ? (error.errors[0] ?? error) : error
  const code = first?.code ?? ''
  const cause = error === null ? {} : { cause: error }
  if (securing) {
    const text = `TLS with ${where} failed: ${first?.message ?? 'the upstream closed the connection'}`
    return new ProxyError(tlsErrorType(code), text, { stage: 'tls', side: 'upstream', ...cause })
  }
  const type = BY_CODE[code]
  if (target.secure && type === undefined && code.startsWith('ERR_')) {
    const text = `the certificates or the key for TLS with ${where} cannot be used: ${first?.message}`
    return new ProxyError('proxy_configuration_error', text, { stage: 'tls', side: 'proxy', ...cause })
  }
  const advice = /^E[MN]FILE$/.test(code) ? ', this process has too many files open (ulimit -n)' : ''
  const text = `cannot connect to ${where}: ${code || first?.message || 'the upstream closed the connection'}${advice}`
  const facts = { stage: 'connect', side: 'upstream', ...cause } as const
  return new ProxyError(type ?? 'destination_unavailable', text, facts)
}

function tlsErrorType(code: string): ProxyStatusError {
  if (/ALERT/.test(code)) return 'tls_alert_received'
  return /CERT|SELF_SIGNED|VERIFY|ALTNAME|ISSUER/.test(code) ? 'tls_certificate_error' : 'tls_protocol_error'
}
