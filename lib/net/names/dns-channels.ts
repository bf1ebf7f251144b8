import { Resolver } from 'node:dns'
import { BoundedMap } from '../../link/bounded-map.js'

/** How name servers are asked. */
export interface ChannelSettings {
  /** `127.0.0.1:53`, `[::1]:53`; null: those that c-ares finds (resolv.conf(5), or what the system has instead). */
  readonly nameservers: readonly string[] | null
  /** For the first try; each further one has longer. */
  readonly timeoutMs: number
  /** Of each server. */
  readonly tries: number
}

/**
 * Resolvers of `node:dns` (c-ares) that ask the same servers. Whoever asks has one for himself, since `cancel` ends all that it asks;
 * afterwards it is kept for the next, for it knows which of the servers answers. Without a question it has no socket.
 */
export class DnsChannels {
  private readonly idle: Resolver[] = []

  /** @throws when a name server is no IP address with or without a port */
  constructor(private readonly settings: ChannelSettings) {
    this.idle.push(this.make())
  }

  take(): Resolver {
    return this.idle.pop() ?? this.make()
  }

  /** Nothing is being asked with it any more. */
  give(resolver: Resolver): void {
    if (this.idle.length < IDLE_MAX) this.idle.push(resolver)
  }

  /** The servers in the order in which they are asked. */
  get nameservers(): readonly string[] {
    if (this.settings.nameservers !== null) return this.settings.nameservers
    const resolver = this.take()
    this.give(resolver)
    return resolver.getServers()
  }

  /** Those that ask all of the servers but the first; null: there are no others. */
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
/** As many as the C library asks (MAXNS). */
const SERVERS_MAX = 3

// A server on the next machine answers within milliseconds; a lost packet is asked again twice, then the next server is asked.
export const TIMEOUT_MS = 1_000
export const TRIES = 3

/** Sets of name servers in use at the same time; the one made first goes first, and is made anew when it is wanted. */
const SETS_MAX = 64
const byServers = new BoundedMap<DnsChannels>(SETS_MAX)

/**
 * The channels to these name servers, shared by all who ask them.
 * @throws when one is no IP address with or without a port
 */
export function channelsTo(nameservers: readonly string[]): DnsChannels {
  const key = nameservers.join()
  const known = byServers.get(key)
  if (known !== undefined) return known
  const channels = new DnsChannels({ nameservers, timeoutMs: TIMEOUT_MS, tries: TRIES })
  byServers.set(key, channels)
  return channels
}
