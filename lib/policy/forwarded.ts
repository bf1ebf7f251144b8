import { bracketed } from '../wire/authority.js'
import { isToken } from '../wire/names.js'

/** What this hop knows about the client, for one `Forwarded` element and for the `X-Forwarded-*` fields. */
export interface ClientFacts {
  /** The address of the client without brackets, or '' when the transport has none. */
  readonly address: string
  /** The port of the client; 0 omits it. */
  readonly port: number
  /** The authority that the client requested; '' omits it. */
  readonly host: string
  readonly scheme: 'http' | 'https'
}

/** One element of Forwarded, with each parameter once (RFC 7239 4). */
export function forwardedElement({ address, port, host, scheme }: ClientFacts): string {
  const node = `for=${quoted(nodeOf(address, port))}`
  return host === '' ? `${node};proto=${scheme}` : `${node};host=${quoted(host)};proto=${scheme}`
}

/** A node identifier: IPv6 in brackets, the port after a colon (RFC 7239 6). */
function nodeOf(address: string, port: number): string {
  if (address === '') return 'unknown'
  const node = bracketed(address)
  return port === 0 ? node : `${node}:${port}`
}

/** The value of a parameter: unchanged if it is a token, else as a quoted-string (RFC 9110 5.6.4). */
function quoted(value: string): string {
  return isToken(value) ? value : `"${value.replace(/[\\"]/g, '\\$&')}"`
}
