import type { Deadlines } from '../../link/deadlines.js'
import type { Limits } from '../../link/limits.js'
import type { RateSettings } from '../../link/rate-limit.js'
import type { Door } from '../../link/remedies.js'
import type { ClientGuards } from '../../net/client/client-guards.js'
import type { ClientTlsSettings } from '../../net/client/secure-accept.js'
import type { TrustedPeers } from '../../net/client/trusted-peers.js'
import type { Clock } from '../../net/clock.js'
import type { Destinations } from '../../net/upstream/destinations.js'
import type { DialSettings } from '../../net/upstream/dial.js'
import type { GroupSpec } from '../../net/upstream/group-spec.js'
import type { KeptFields } from '../../policy/kept-fields.js'
import type { ClientFields } from '../../policy/request-context.js'
import type { GrammarLimits } from '../../wire/limits.js'
import type { Tracer } from '../tracer.js'
import type { Users } from '../users.js'
import type { Parent } from './forward-options.js'
import type { RouteSpec } from './route-options.js'

/** The options, checked, with all defaults filled in. */
export interface Settings {
  /** A number that no other settings have. */
  readonly generation: number
  readonly mode: 'reverse' | 'forward'
  /** How messages name settings: as the command line, the file or the library does. */
  readonly door: Door
  /** Reverse: the routing table. */
  readonly routes: readonly RouteSpec[]
  readonly groups: readonly GroupSpec[]
  readonly name: string
  readonly tls: ClientTlsSettings | null
  readonly proxyProtocol: { readonly from: TrustedPeers } | null
  readonly guards: Omit<ClientGuards, 'connections'> | null
  readonly connectionRate: RateSettings | null
  readonly trusted: TrustedPeers
  readonly xForwarded: boolean
  readonly forwarded: boolean
  /** The other fields about the client; null: none. */
  readonly clientFields: ClientFields | null
  readonly keepFields: KeptFields | null
  readonly viaRequest: boolean
  readonly viaResponse: boolean
  readonly destinations: Destinations
  readonly nameservers: readonly string[] | null
  readonly parent: Parent | null
  readonly connectPorts: ReadonlySet<number>
  readonly allowPorts: ReadonlySet<number>
  /** `user:password` in base64; null: none are required. */
  readonly credentials: ReadonlySet<string> | null
  readonly users: Users | null
  readonly requestRate: RateSettings | null
  readonly failedLoginRate: RateSettings | null
  readonly uploadBytesPerSecondMin: number
  readonly requestId: 'off' | 'keep' | 'make'
  readonly upgrades: ReadonlySet<string>
  readonly strictUpstream: boolean
  readonly nominatedEndToEnd: 'remove' | 'reject'
  readonly interim: boolean
  readonly answersHalfClosed: boolean
  readonly keepAliveAlways: boolean
  /** Forward: the connection of an HTTP/1.0 client can persist, and Proxy-Connection may ask for that as well. */
  readonly keepsHttp10: boolean
  readonly recordFields: boolean
  readonly tracer: Tracer | null
  readonly trace: boolean
  /** How connections are made; all but the TLS part applies to both sides. */
  readonly dial: DialSettings
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly grammar: GrammarLimits
  readonly clock: Clock
}
