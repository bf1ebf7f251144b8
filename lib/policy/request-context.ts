import type { CertificateField, ShownCertificate } from './client-certificate.js'
import type { FieldEdits } from './field-edits.js'
import type { KeptFields } from './kept-fields.js'

/** What the rewrite needs to know beyond the request head. */
export interface RequestContext {
  mode: 'reverse' | 'forward'
  /** The identity fields that are kept although the peer is not trusted, null for none. */
  keepFields: KeptFields | null
  /** The pseudonym of this proxy in Via, or '' for none. */
  via: string
  /** Whether Via is added to requests. */
  viaRequest: boolean
  /** The value of Host toward the upstream, chosen by routing. */
  authority: string
  /** The request-target to send. */
  target: string
  /** The address of the client without brackets; '' when the transport has none. */
  clientAddress: string
  /** For `Forwarded` only; 0 omits it. */
  clientPort: number
  /** The scheme of the client connection. */
  scheme: 'http' | 'https'
  /** The peer is trusted to identify its clients. */
  trustedPeer: boolean
  /** Add X-Forwarded-For, -Host and -Proto. */
  xForwarded: boolean
  /** Add Forwarded. */
  forwarded: boolean
  /** Further fields about the client, null for none. */
  more: ClientFields | null
  /** The prefix that the route strips from the path, if it is sent in X-Forwarded-Prefix; else ''. */
  prefix: string
  /** The certificate that the client presented, null for none. */
  certificate: ShownCertificate | null
  /** Where the lines about this client are kept between its requests; null: they are made for each request. */
  about: AboutClient | null
  /**
   * The number of these settings: new settings have a new number, so that no kept line outlives the settings it was made under.
   */
  generation: number
  /** The edits of the route, null for none. */
  edits: FieldEdits | null
  /** The value of our X-Request-Id, '' for none. */
  requestId: string
  /** Our lines of the trace context (`traceLines`), '' or absent for none: received ones are then ordinary fields. */
  trace?: string
  /** The protocols to which a connection may be upgraded, in lower case. */
  upgrades: ReadonlySet<string>
  /** How to treat end-to-end fields that Connection names. */
  nominatedEndToEnd: 'remove' | 'reject'
  /** The framing of the content toward the upstream. */
  framing: 'none' | 'length' | 'chunked'
  /** The length of gathered content: if `framing` is 'length' and that of the client was not. Else -1, or absent. */
  gatheredLength?: number
  /** Our credentials for the next proxy, as the value of `Proxy-Authorization`; '' or absent for none. */
  proxyAuthorization?: string
  /** This proxy already sent 100 (Continue), so the upstream is not asked for it (RFC 9110 10.1.1). */
  expectMet?: boolean
}

/**
 * The last lines about a client that were sent to an upstream, kept with its connection: they hardly ever change from one request
 * to the next.
 */
export class AboutClient {
  host = ''
  minor = -1
  /** The settings and the route under which the lines were made. */
  generation = 0
  edits: FieldEdits | null = null
  /** The prefix that the route had stripped from the path. */
  prefix = ''
  lines = ''
}

/** The fields about the client that are sent in addition to `X-Forwarded-For`, `-Host` and `-Proto`, if configured. */
export interface ClientFields {
  /** X-Forwarded-Port */
  readonly forwardedPort: boolean
  /** X-Forwarded-Prefix, for requests from whose path the route strips a prefix. */
  readonly forwardedPrefix: boolean
  /** X-Real-IP */
  readonly realIp: boolean
  /** The fields for the certificate of a client that is not a trusted peer, in this order. */
  readonly certificate: readonly CertificateField[]
  /** Whether a peer with this address is trusted to identify its own clients. */
  readonly isTrusted: (address: string) => boolean
}
