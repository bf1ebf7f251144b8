import type { Address } from '../net/names/resolver.js'
import type { ParentProxy } from '../net/upstream/parent-tunnel.js'
import { viaMember } from '../policy/via.js'
import { ID } from '../wire/names.js'
import { ProtocolError } from '../wire/protocol-error.js'
import type { RequestHead } from '../wire/request-head.js'
import type { Parent } from './options/forward-options.js'
import type { Settings } from './options/settings.js'

/** Our Proxy-Authorization for the parent proxy, '' for none; the client's own credentials are not forwarded (RFC 9110 11.7.2). */
export function authorizationFor({ credentials }: Parent): string {
  return credentials === '' ? '' : `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`
}

/** A 407 of the parent concerns this proxy, and the client can do nothing about it: it is never forwarded (RFC 9110 11.7.1). */
export function unknownToParent(): ProtocolError {
  const what = 'the parent proxy requires other credentials: put them in its URL (http://user:password@host:port)'
  return new ProtocolError(502, what, 'RFC 9110 11.7.1', -1, { kind: 'credentials' })
}

/** The address of the parent proxy, for a CONNECT through it. */
export function parentAt({ origin, credentials }: Parent, addresses: readonly Address[]): ParentProxy {
  const { host, port, scheme } = origin
  return { target: { host, port, secure: scheme === 'https', addresses }, credentials }
}

/** The Via of our CONNECT: the received members and our own, or a loop of proxies would never be noticed (RFC 9110 7.6.3). */
export function viaLine({ lines, minor }: RequestHead, { name, viaRequest }: Settings): string {
  const members: string[] = []
  for (let i = lines.find(ID.via); i >= 0; i = lines.find(ID.via, i)) members.push(lines.value(i))
  if (viaRequest) members.push(viaMember(minor, name))
  return members.length === 0 ? '' : `Via: ${members.join(', ')}\r\n`
}
