import { readAuthority } from '../wire/authority.js'
import { readIpv4, readIpv6 } from '../wire/ip-address.js'
import type { Lines } from '../wire/lines.js'
import { addMembers, membersOf } from '../wire/list.js'
import { ID } from '../wire/names.js'
import type { RequestHead } from '../wire/request-head.js'
import { certificateLines } from './client-certificate.js'
import type { ClientFields, RequestContext } from './request-context.js'

/**
 * The lines of X-Forwarded-Port, X-Forwarded-Prefix, X-Real-IP and the certificate. A field from a trusted peer is kept, and none
 * of ours is added to it; only the prefix is extended by the one stripped here.
 */
export function moreLines(head: RequestHead, context: RequestContext, fields: ClientFields): string {
  const { lines } = head
  const { trustedPeer, prefix } = context
  const isSaid = (id: number): boolean => trustedPeer && lines.find(id) >= 0
  let out = ''
  if (fields.forwardedPort && !isSaid(ID['x-forwarded-port'])) {
    const port = portAsked(head, context)
    if (port > 0) out += `X-Forwarded-Port: ${port}\r\n`
  }
  if (prefix !== '') {
    const before = trustedPeer ? prefixBefore(lines) : ''
    out += `X-Forwarded-Prefix: ${before}${prefix}\r\n`
  }
  if (fields.realIp && !isSaid(ID['x-real-ip'])) {
    const address = trustedPeer ? realAddress(lines, context.clientAddress, fields) : context.clientAddress
    if (address !== '') out += `X-Real-IP: ${address}\r\n`
  }
  // A trusted peer speaks for its clients; its own certificate is not the certificate of one of them.
  if (!trustedPeer && context.certificate !== null) out += certificateLines(context.certificate, fields.certificate)
  return out
}

/**
 * The port that the client requested, from its URL or implied by the scheme: the one that links must use. Behind a firewall that
 * maps ports, our own port may be different. 0: the request names no host (HTTP/1.0).
 */
function portAsked({ lines, host }: RequestHead, { trustedPeer, scheme }: RequestContext): number {
  const said = (id: number): string => (trustedPeer ? firstMember(lines, id) : '')
  const authority = readAuthority(said(ID['x-forwarded-host']) || host)
  if (authority === undefined) return 0
  if (authority.port > 0) return authority.port
  return /^(?:https|wss)$/i.test(said(ID['x-forwarded-proto']) || scheme) ? 443 : 80
}

function firstMember(lines: Lines, id: number): string {
  const i = lines.find(id)
  return i < 0 ? '' : (membersOf(lines.value(i))[0] ?? '')
}

/**
 * The prefixes that proxies before this one stripped, as one path: some readers join a list, others use one member, so only one
 * value is sent.
 */
function prefixBefore(lines: Lines): string {
  const id = ID['x-forwarded-prefix']
  let all = ''
  for (let i = lines.find(id); i >= 0; i = lines.find(id, i))
    for (const member of membersOf(lines.value(i))) all += member.endsWith('/') ? member.slice(0, -1) : member
  return all
}

/**
 * The first untrusted address, going back along X-Forwarded-For from this proxy: everything beyond it may be forged. If a member
 * is not an address, the last address before it.
 */
function realAddress(lines: Lines, peer: string, { isTrusted }: ClientFields): string {
  const id = ID['x-forwarded-for']
  const chain: string[] = []
  for (let i = lines.find(id); i >= 0; i = lines.find(id, i)) addMembers(lines.value(i), chain)
  let address = peer
  for (let nth = chain.length - 1; nth >= 0; nth--) {
    const before = addressIn(chain[nth]!)
    if (before === '') break
    address = before
    if (!isTrusted(address)) break
  }
  return address
}

/** The address without the brackets and the port that some proxies add; '' for anything that is not an address. */
function addressIn(member: string): string {
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(member)?.[1] ?? /^([\d.]+):\d+$/.exec(member)?.[1] ?? member
  return readIpv4(bare) !== null || readIpv6(bare) !== null ? bare : ''
}
