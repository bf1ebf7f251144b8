import { Resolver } from 'node:dns'
import { BoundedMap } from '../../link/bounded-map.js'

/** How name servers are queried. */
export interface ChannelSettings {
  /** `127.0.0.1:53`, `[::1]:53`; null: those that c-ares finds (resolv.conf(5) or the system's equivalent). */
  readonly nameservers: readonly string[] | null
  /** For the first try; each further try has longer. */
  readonly timeoutMs: number
  /** Per server. */
  readonly tries: number
}

/**
 * Resolvers of `node:dns` (c-ares) that query the same servers. Each lookup uses its own resolver, since `cancel` ends all
 * queries of a resolver; afterwards the resolver is kept for reuse, because it knows which servers respond. An idle one has no
 * socket.
 */
export class DnsChannels {
  private readonly idle: Resolver[] = []

  /** @throws if a name server is not an IP address with or without a port */
  constructor(private readonly settings: ChannelSettings) {
    this.idle.push(this.make())
  }

  take(): Resolver {
    return this.idle.pop() ?? this.make()
  }

  /** Returns a resolver that has no open queries. */
  give(resolver: Resolver): void {
    if (this.idle.length < IDLE_MAX) this.idle.push(resolver)
  }

  /** The servers in the order in which they are queried. */
  get nameservers(): readonly string[] {
    if (this.settings.nameservers !== null) return this.settings.nameservers
    const resolver = this.take()
    this.give(resolver)
    return resolver.getServers()
  }

  /** Channels to all of the servers except the first; null: there are no others. */
  get next(): DnsChannels | null {
    if (this.others === undefined) {
      const nameservers = this.nameservers.slice(1, SERVERS_MAX)
      this.others = nameservers.length === 0 ? null : new DnsChannels({ ...this.settings, nameservers })
    }
    return this.others
  }
  private others: DnsChannels | null | undefined

  private make(): Resolver {
    const { nameservers, timeoutMs, tries } = this.settings
    const resolver = new Resolver({ timeout: timeoutMs, tries })
    if (nameservers !== null) resolver.setServers(nameservers)
    return resolver
  }
}

/** Each is a few kilobytes. */
const IDLE_MAX = 64
/** As many as the C library uses (MAXNS). */
const SERVERS_MAX = 3

// A nearby server answers within milliseconds; a lost packet is retried twice, then the next server is queried.
export const TIMEOUT_MS = 1_000
export const TRIES = 3

/** Sets of name servers in use at the same time; the oldest is dropped first, and created again when it is needed. */
const SETS_MAX = 64
const byServers = new BoundedMap<DnsChannels>(SETS_MAX)

/**
 * The channels to these name servers, shared by all their users.
 * @throws if one is not an IP address with or without a port
 */
export function channelsTo(nameservers: readonly string[]): DnsChannels {
  const key = nameservers.join()
  const known = byServers.get(key)
  if (known !== undefined) return known
  const channels = new DnsChannels({ nameservers, timeoutMs: TIMEOUT_MS, tries: TRIES })
  byServers.set(key, channels)
  return channels
}
