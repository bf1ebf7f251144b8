import { bracketed } from '../wire/authority.js'

/** Scheme, host and port: what two connections must have in common to be interchangeable. */
export interface Origin {
  /** `http://host:port`, lower case; names the pool. */
  readonly key: string
  readonly scheme: 'http' | 'https'
  /** Without the brackets of an IPv6 literal. */
  readonly host: string
  readonly port: number
  /** What stands in `Host`: brackets where needed, no default port. */
  readonly authority: string
  /** A unix socket, instead of host and port. */
  readonly socketPath?: string
}

const DEFAULT_PORTS = { http: 80, https: 443 } as const satisfies Record<Origin['scheme'], number>

/** Makes an origin; `port` -1 means the scheme's default (RFC 9110 4.2). */
export function originOf(scheme: Origin['scheme'], host: string, port: number): Origin {
  const name = host.toLowerCase()
  const inAuthority = bracketed(name)
  const number = port === -1 ? DEFAULT_PORTS[scheme] : port
  const authority = number === DEFAULT_PORTS[scheme] ? inAuthority : `${inAuthority}:${number}`
  return { key: `${scheme}://${inAuthority}:${number}`, scheme, host: name, port: number, authority }
}

/** An origin behind a unix socket: it is not a host, so `Host` says localhost unless somebody says otherwise. */
export function unixOrigin(socketPath: string): Origin {
  return { key: `unix:${socketPath}`, scheme: 'http', host: 'localhost', port: 0, authority: 'localhost', socketPath }
}
