import type { Address } from '../net/names/resolver.js'
import type { ParentProxy } from '../net/upstream/parent-tunnel.js'
import { viaMember } from '../policy/via.js'
import { ID } from '../wire/names.js'
import { ProtocolError } from '../wire/protocol-error.js'
import type { RequestHead } from '../wire/request-head.js'
import type { Parent } from './options/forward-options.js'
import type { Settings } from './options/settings.js'

/** What the proxy behind us knows us by, '' for nothing; the client's own credentials end here (RFC 9110 11.7.2). */
export function authorizationFor({ credentials }: Parent): string {
  return credentials === '' ? '' : `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`
}

/** 407 is about us, and our client could do nothing about it: it is never forwarded (RFC 9110 11.7.1). */
export function unknownToParent(): ProtocolError {
  const what = 'the parent proxy wants other credentials, write them into its URL (http://user:password@host:port)'
  return new ProtocolError(502, what, 'RFC 9110 11.7.1', -1, { kind: 'credentials' })
}

/** Where the proxy behind us is, for a CONNECT through it. */
export function parentAt({ origin, credentials }: Parent, addresses: readonly Address[]): ParentProxy {
  const { host, port, scheme } = origin
  return { target: { host, port, secure: scheme === 'https', addresses }, credentials }
}

/** The Via of our CONNECT: what was received and ourselves, or a loop of proxies would never be noticed (RFC 9110 7.6.3). */
export function viaLine({ lines, minor }: RequestHead, { name, viaRequest }: Settings): string {
  const members: string[] = []
  for (let i = lines.find(ID.via); i >= 0; i = lines.find(ID.via, i)) members.push(lines.value(i))
  if (viaRequest) members.push(viaMember(minor, name))
  return members.length === 0 ? '' : `Via: ${members.join(', ')}\r\n`
}
