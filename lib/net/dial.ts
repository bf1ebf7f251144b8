import * as net from 'node:net'
import * as tls from 'node:tls'
import { ProxyError, type ProxyStatusError } from '../link/proxy-error.js'
import type { Address } from './resolver.js'
import { type ReadMode, Transport, type TransportOwner } from './transport.js'

/** How connections toward upstreams are made; one set for a whole proxy. */
export interface DialSettings {
  readonly readMode: ReadMode
  /** `TCP_NODELAY`. */
  readonly noDelay: boolean
  /** Idle time before the kernel probes a silent peer, in ms; 0 turns TCP keep-alive off. */
  readonly tcpKeepAliveMs: number
  readonly tls: UpstreamTls
}

/** How an upstream that is reached over TLS is verified. */
export interface UpstreamTls {
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string
  /** Expect and ask for this name instead of the URL's host. */
  readonly servername?: string
  /** Do not verify. For laboratories only. */
  readonly insecure?: boolean
}

/** Where to: addresses that were resolved and checked by the caller. There is no second resolution. */
export interface DialTarget {
  readonly host: string
  readonly port: number
  readonly secure: boolean
  readonly addresses: readonly Address[]
}

export interface DialOwner extends TransportOwner {
  /** The transport can be written to (for TLS: the peer is verified). Before that only `onClosed` may come. */
  onConnected(): void
  /** TCP is there, the TLS handshake begins. Not called without TLS. */
  onSecuring(): void
}

/** Time that one address has before the next is tried beside it (RFC 8305 5). */
const ATTEMPT_DELAY_MS = 250

/** Starts a connection to the first of the addresses that answers (happy eyeballs). Never throws; failure is `owner.onClosed`. */
export function dial(target: DialTarget, settings: DialSettings, owner: DialOwner): Transport {
  const only = target.addresses.length === 1 ? target.addresses[0] : undefined
  const base: net.TcpNetConnectOpts = {
    host: only?.address ?? target.host,
    port: target.port,
    allowHalfOpen: true,
    noDelay: settings.noDelay,
    keepAlive: settings.tcpKeepAliveMs > 0,
    keepAliveInitialDelay: settings.tcpKeepAliveMs,
    autoSelectFamily: only === undefined,
    autoSelectFamilyAttemptTimeout: ATTEMPT_DELAY_MS,
    lookup: (_host, _options, answer) => answer(null, [...target.addresses]),
  }
  if (!target.secure) {
    const transport = Transport.dialed(owner, settings.readMode, onread => net.connect({ ...base, ...onread }))
    transport.socket.once('connect', () => transport.tell(() => owner.onConnected()))
    return transport
  }
  const name = settings.tls.servername ?? target.host
  const socket = tls.connect({
    ...base,
    ...(net.isIP(name) === 0 ? { servername: name } : {}),
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    rejectUnauthorized: settings.tls.insecure !== true,
    checkServerIdentity: (_host, certificate) => tls.checkServerIdentity(name, certificate),
    ...(settings.tls.ca === undefined ? {} : { ca: settings.tls.ca }),
  })
  const transport = Transport.secured(owner, socket)
  socket.once('connect', () => transport.tell(() => owner.onSecuring()))
  socket.once('secureConnect', () => transport.tell(() => owner.onConnected()))
  return transport
}

const BY_CODE: Readonly<Record<string, ProxyStatusError>> = {
  ECONNREFUSED: 'connection_refused',
  ENOENT: 'connection_refused',
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

/** What a failed dial means to the one who asked for it (RFC 9209 2.3). No octet was written, so another try is always safe. */
export function dialError(error: NodeJS.ErrnoException | null, target: DialTarget, securing: boolean): ProxyError {
  const where = `${target.host}:${target.port}`
  const first: NodeJS.ErrnoException | null = error instanceof AggregateError ? (error.errors[0] ?? error) : error
  const code = first?.code ?? ''
  const stage = securing ? 'tls' : 'connect'
  const cause = error === null ? {} : { cause: error }
  if (securing) {
    const type: ProxyStatusError = /ALERT/.test(code)
      ? 'tls_alert_received'
      : /CERT|SELF_SIGNED|VERIFY|ALTNAME|ISSUER/.test(code)
        ? 'tls_certificate_error'
        : 'tls_protocol_error'
    return new ProxyError(type, `TLS with ${where} failed: ${first?.message ?? 'the upstream closed'}`, {
      stage,
      side: 'upstream',
      retry: false,
      ...cause,
    })
  }
  const type = BY_CODE[code] ?? 'destination_unavailable'
  return new ProxyError(
    type,
    `cannot connect to ${where}: ${code || first?.message || 'the upstream closed'}${/^E[MN]FILE$/.test(code) ? ', this process may open no more files (ulimit -n)' : ''}`,
    {
      stage,
      side: 'upstream',
      retry: true,
      ...cause,
    },
  )
}
