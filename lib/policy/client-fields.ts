import { readAuthority } from '../wire/authority.js'
import { readIpv4, readIpv6 } from '../wire/ip-address.js'
import type { Lines } from '../wire/lines.js'
import { addMembers, membersOf } from '../wire/list.js'
import { ID } from '../wire/names.js'
import type { RequestHead } from '../wire/request-head.js'
import { type CertificateField, certificateLines } from './client-certificate.js'
import type { RequestContext } from './rewrite-request.js'

/** What requests say of their client beside `X-Forwarded-For`, `-Host` and `-Proto`, where that was asked for. */
export interface ClientFields {
  /** X-Forwarded-Port */
  readonly forwardedPort: boolean
  /** X-Forwarded-Prefix, for requests of which the route takes a prefix off. */
  readonly forwardedPrefix: boolean
  /** X-Real-IP */
  readonly realIp: boolean
  /** What of the certificate of a client that is no trusted peer, in this order. */
  readonly certificate: readonly CertificateField[]
  /** May whoever has this address say who its own client is? */
  readonly isTrusted: (address: string) => boolean
}

/**
 * X-Forwarded-Port, X-Forwarded-Prefix, X-Real-IP and what tells the certificate, each as a line of its own. What a trusted peer says stays and gets none of ours
 * beside it; only the prefix goes on with what was taken off here.
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
  // A trusted peer speaks for its clients, and its own certificate is none of theirs.
  if (!trustedPeer && context.certificate !== null) out += certificateLines(context.certificate, fields.certificate)
  return out
}

/**
 * The port that the client asked, as its URL says or its scheme implies: what links are made with. Ours may be another one, behind a
 * firewall that maps ports. 0: no host was asked for (HTTP/1.0).
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
 * What proxies before us took off, as one path: some readers join a list, others take one member of it, so there is one only.
 */
function prefixBefore(lines: Lines): string {
  const id = ID['x-forwarded-prefix']
  let all = ''
  for (let i = lines.find(id); i >= 0; i = lines.find(id, i))
    for (const member of membersOf(lines.value(i))) all += member.endsWith('/') ? member.slice(0, -1) : member
  return all
}

/**
 * The first address that is not trusted, from us on back along X-Forwarded-For: beyond it anybody may have written what he likes. Where
 * something else than an address stands in between, the last one before it.
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

/** Without the brackets and the port that some add; '' for what is no address. */
function addressIn(member: string): string {
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(member)?.[1] ?? /^([\d.]+):\d+$/.exec(member)?.[1] ?? member
  return readIpv4(bare) !== null || readIpv6(bare) !== null ? bare : ''
}
