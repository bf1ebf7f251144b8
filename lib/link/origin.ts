import { bracketed } from '../wire/authority.js'

/** Scheme, host and port: connections with the same origin are interchangeable. */
export interface Origin {
  /** `http://host:port`, in lower case; the name of the pool. */
  readonly key: string
  readonly scheme: 'http' | 'https'
  /** The host without the brackets of an IPv6 address. */
  readonly host: string
  readonly port: number
  /** The value of `Host`: with brackets if needed, without the default port. */
  readonly authority: string
  /** The path of a unix socket, instead of host and port. */
  readonly socketPath?: string
}

const DEFAULT_PORTS = { http: 80, https: 443 } as const satisfies Record<Origin['scheme'], number>

/** Makes an origin; `port` -1 is the default port of the scheme (RFC 9110 4.2). */
export function originOf(scheme: Origin['scheme'], host: string, port: number): Origin {
  const name = host.toLowerCase()
  const inAuthority = bracketed(name)
  const number = port === -1 ? DEFAULT_PORTS[scheme] : port
  const authority = number === DEFAULT_PORTS[scheme] ? inAuthority : `${inAuthority}:${number}`
  return { key: `${scheme}://${inAuthority}:${number}`, scheme, host: name, port: number, authority }
}

/** An origin behind a unix socket: it has no host, so `Host` is localhost unless configured otherwise. */
export function unixOrigin(socketPath: string): Origin {
  return { key: `unix:${socketPath}`, scheme: 'http', host: 'localhost', port: 0, authority: 'localhost', socketPath }
}
