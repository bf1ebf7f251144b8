import * as net from 'node:net'
import type { Deadlines } from '../link/deadlines.js'
import type { Limits } from '../link/limits.js'
import type { CloseReason } from '../policy/close-reason.js'
import type { GrammarLimits } from '../wire/limits.js'
import { acceptFrom, type Take } from './accept.js'
import { ClientConnection, type ClientExchange } from './client-connection.js'
import type { Clock } from './clock.js'
import type { DeadlineWheel } from './deadline-wheel.js'
import type { Peer } from './handle.js'
import { siteOf } from './site-of.js'
import type { AcceptSettings } from './transport.js'

/** What the floor above does with clients. */
export interface ClientStory {
  /** The first octet of a request has come. */
  begin(client: ClientConnection): ClientExchange
  /** A complete response for a connection that is refused because too many are open. */
  refusal(why: string): string
  opened(client: ClientConnection): void
  closed(client: ClientConnection): void
  fault(fault: unknown): void
  warn(code: string, message: string): void
}

/** Refused connections that are told so (and linger) at once; more are reset, so that a flood stays within its limit. */
const REFUSALS_AT_ONCE = 64

/** A socket that takes both families shows an IPv4 peer as `::ffff:a.b.c.d`: the address of the peer is a.b.c.d. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

/**
 * The persistent connections toward clients: accepts them, limits them (in total and for one address), ends the longest
 * idle one under pressure, drains. It knows nothing of upstreams; the two pools' fates are independent.
 */
export class ClientPool {
  draining = false
  open = 0
  idle = 0
  accepted = 0
  refused = 0
  requests = 0
  readonly closes = new Map<CloseReason, number>()
  readonly connections = new Set<ClientConnection>()
  private readonly bySite = new Map<string, number>()
  private longestIdle: ClientConnection | null = null
  private shortestIdle: ClientConnection | null = null
  private readonly server: net.Server
  private emptied: (() => void) | null = null

  constructor(
    readonly story: ClientStory,
    readonly settings: AcceptSettings,
    readonly limits: Limits,
    readonly deadlines: Deadlines,
    readonly grammar: GrammarLimits,
    readonly wheel: DeadlineWheel,
    readonly clock: Clock,
  ) {
    this.server = net.createServer({
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: settings.noDelay,
      keepAlive: settings.tcpKeepAliveMs > 0,
      keepAliveInitialDelay: settings.tcpKeepAliveMs,
    })
    acceptFrom(this.server, settings, (peer, take) => this.accept(peer, take))
  }

  /** Listens; port 0 lets the system choose. Rejects with Node's error (`EADDRINUSE`, `EACCES`, …). */
  listen(where: { host?: string; port: number; backlog?: number }): Promise<net.AddressInfo> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen({ backlog: 4096, ...where }, () => {
        this.server.off('error', reject)
        this.server.on('error', error => this.story.warn('listener', `the listener reports: ${error.message}`))
        resolve(this.server.address() as net.AddressInfo)
      })
    })
  }

  get address(): net.AddressInfo | null {
    const address = this.server.address()
    return typeof address === 'object' ? address : null
  }

  private accept(peer: Peer, take: Take): void {
    const address = plainAddress(peer.address)
    const client = new ClientConnection(this, ++this.accepted, address, peer.port, this.clock.now())
    client.transport = take(client)
    this.open++
    const site = siteOf(address)
    const fromThere = (this.bySite.get(site) ?? 0) + 1
    this.bySite.set(site, fromThere)
    this.connections.add(client)
    this.story.opened(client)
    const { clientConnectionsMax, clientConnectionsPerAddressMax } = this.limits
    if (fromThere > clientConnectionsPerAddressMax) {
      this.refuse(client, clientConnectionsPerAddressMax, fromThere, ' from one address')
    } else if (this.open > clientConnectionsMax && !this.evict()) {
      this.refuse(client, clientConnectionsMax, this.open, '')
    } else client.start()
  }

  /** Says why, as long as not too many are being told already. */
  private refuse(client: ClientConnection, most: number, there: number, where: string): void {
    this.refused++
    const why = `more than ${most} connections${where}`
    if (there > most + REFUSALS_AT_ONCE) {
      client.abort('client-limit', true, why)
      return
    }
    client.transport.write(this.story.refusal(why))
    client.close('client-limit', why)
  }

  /** Ends the longest idle connection to make room. */
  private evict(): boolean {
    const victim = this.longestIdle
    if (victim === null) return false
    victim.abort('client-evicted', false) // it waits for nothing: one that lingered would not make room
    return true
  }

  /** The connection waits for a request. */
  idled(client: ClientConnection): void {
    if (client.isIdle) return
    client.isIdle = true
    this.idle++
    client.older = this.shortestIdle
    if (this.shortestIdle === null) this.longestIdle = client
    else this.shortestIdle.younger = client
    this.shortestIdle = client
  }

  /** The connection no longer waits. */
  awoke(client: ClientConnection): void {
    if (!client.isIdle) return
    client.isIdle = false
    this.idle--
    if (client.older === null) this.longestIdle = client.younger
    else client.older.younger = client.younger
    if (client.younger === null) this.shortestIdle = client.older
    else client.younger.older = client.older
    client.older = client.younger = null
  }

  /** The transport is gone. */
  removed(client: ClientConnection): void {
    if (!this.connections.delete(client)) return
    this.awoke(client)
    this.open--
    const site = siteOf(client.address)
    const left = (this.bySite.get(site) ?? 1) - 1
    if (left === 0) this.bySite.delete(site)
    else this.bySite.set(site, left)
    const reason = client.reason ?? 'client-fin'
    this.closes.set(reason, (this.closes.get(reason) ?? 0) + 1)
    this.story.closed(client)
    if (this.open === 0) this.emptied?.()
  }

  /** Stops accepting, ends idle connections; resolves when all are gone. What is under way ends with `Connection: close`. */
  drain(): Promise<void> {
    this.draining = true
    this.server.close()
    for (const client of [...this.connections]) if (client.isIdle && client.exchange === null) client.close('draining')
    if (this.open === 0) return Promise.resolve()
    return new Promise(resolve => {
      this.emptied = resolve
    })
  }

  /** Ends everything now. */
  destroy(reason: CloseReason): void {
    this.draining = true
    this.server.close()
    for (const client of [...this.connections]) {
      client.reason ??= reason
      client.transport.destroy()
    }
  }
}
