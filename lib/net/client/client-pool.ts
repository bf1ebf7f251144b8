import * as net from 'node:net'
import type { Deadlines } from '../../link/deadlines.js'
import type { Limits } from '../../link/limits.js'
import type { CloseReason } from '../../policy/close-reason.js'
import type { Steps } from '../../policy/steps.js'
import type { GrammarLimits } from '../../wire/limits.js'
import type { ProxiedEnds } from '../../wire/proxy-protocol.js'
import { unmapped } from '../address.js'
import type { Clock } from '../clock.js'
import type { DeadlineWheel } from '../deadline-wheel.js'
import type { ListenTarget } from '../listen-address.js'
import { siteOf } from '../site-of.js'
import { inSlices } from '../slices.js'
import { acceptFrom, type Take } from '../socket/accept.js'
import type { AcceptSettings } from '../socket/accept-settings.js'
import type { Peer } from '../socket/handle.js'
import { ClientConnection, type ClientExchange } from './client-connection.js'
import { type AddressList, type ClientGuards, GUARDS, refusedBy } from './client-guards.js'
import type { ClientStream } from './client-stream.js'
import { ConnectionSetup } from './connection-setup.js'
import { type ListensAt, listenAt } from './listener.js'
import { type ClientTlsSettings, SecureAccept } from './secure-accept.js'

/** What the layer above does with clients. */
export interface ClientHandler {
  /** The first byte of a request has arrived. */
  begin(client: ClientStream): ClientExchange
  /** A complete response for a refused connection: 503, too many are open; 400, plain HTTP on a TLS port. */
  refusal(why: string, status: 400 | 503): string
  /** The client's address is known; nothing has been read from it yet, and perhaps never will be. */
  opened(client: ClientConnection): void
  /** Also called for a connection that was never opened: it ended before its address was known. */
  closed(client: ClientConnection): void
  fault(fault: unknown): void
  warn(code: string, message: string): void
}

/** Settings that may change while connections are open: they apply to what comes next, and open connections continue. */
export interface ClientPoolSettings {
  /** Its `readMode` takes effect at the next `listen`. */
  readonly settings: AcceptSettings
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly grammar: GrammarLimits
  /** Null: no TLS. */
  readonly tls: ClientTlsSettings | null
  /** Peers that must begin with a PROXY protocol header; null: none. */
  readonly proxyProtocol: { readonly from: AddressList } | null
  readonly guards: ClientGuards | null
}

/** Refused connections that get an answer (and linger) at the same time; any more are reset, so that a flood stays bounded. */
const REFUSALS_AT_ONCE = 64

/**
 * The persistent connections to clients: accepts them, limits them (in total and per address), closes the longest idle one under
 * pressure, and drains. It knows nothing of upstreams; the two pools are independent of each other.
 */
export class ClientPool {
  draining = false
  /** Responses announce the close, but new connections are still accepted: a load balancer in front should move on. */
  announcing = false
  open = 0
  idle = 0
  accepted = 0
  refused = 0
  /** The refused connections that a guard refused, by guard. */
  readonly guarded: Record<keyof ClientGuards, number> = { allow: 0, deny: 0, connections: 0 }
  requests = 0
  readonly closes = new Map<CloseReason, number>()
  readonly connections = new Set<ClientConnection>()
  private readonly bySite = new Map<string, number>()
  private longestIdle: ClientConnection | null = null
  private shortestIdle: ClientConnection | null = null
  private server: net.Server | null = null
  private secure: SecureAccept | null = null
  private ticketKeys: Buffer | undefined
  private proxyProtocol: ClientPoolSettings['proxyProtocol'] = null
  private guards: ClientGuards | null = null
  private emptied: (() => void) | null = null

  constructor(
    readonly handler: ClientHandler,
    public settings: AcceptSettings,
    public limits: Limits,
    public deadlines: Deadlines,
    public grammar: GrammarLimits,
    readonly wheel: DeadlineWheel,
    readonly clock: Clock,
  ) {}

  /** @throws OptionError for unusable TLS settings; nothing has changed then */
  reconfigure(changes: Partial<ClientPoolSettings>): void {
    const { tls, ...others } = changes
    // TLS sessions survive a change of certificate.
    const ticketKeys = this.ticketKeys ?? this.secure?.ticketKeys
    if (tls !== undefined) this.secure = tls === null ? null : new SecureAccept(tls, ticketKeys)
    Object.assign(this, others)
  }

  /** Encrypts session tickets with these keys from now on: see `TICKET_KEY_BYTES`. */
  useTicketKeys(keys: Buffer): void {
    this.ticketKeys = keys
    if (this.secure !== null) this.secure.ticketKeys = keys
  }

  /** The certificates in use, for monitoring their expiry. */
  get certificates(): SecureAccept['certificates'] {
    return this.secure?.certificates ?? []
  }

  /** A response that begins now is the last one on its connection. */
  get closesAfterResponse(): boolean {
    return this.draining || this.announcing
  }

  /**
   * Listens on one target at a time; port 0 lets the system choose. Rejects with Node's error (`EADDRINUSE`, `EACCES`, …).
   */
  async listen(where: ListenTarget): Promise<ListensAt> {
    if (this.server !== null) throw new Error('this pool is already listening: call stopListening first')
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true })
    acceptFrom(server, this, (peer, take) => this.accept(peer, take))
    this.server = server
    try {
      const at = await listenAt(server, where)
      server.on('error', error => this.handler.warn('listener', `the listener reports: ${error.message}`))
      return at
    } catch (error) {
      if (this.server === server) this.server = null
      throw error
    }
  }

  /** Stops accepting; open connections continue. May be called at any time; `listen` may follow. */
  stopListening(): void {
    this.server?.close()
    this.server = null
  }

  get address(): net.AddressInfo | null {
    const address = this.server?.address() ?? null
    return typeof address === 'object' ? address : null
  }

  private accept(peer: Peer, take: Take): void {
    const client = new ClientConnection(this, ++this.accepted, unmapped(peer.address), peer.port, this.clock.now())
    const { secure, proxyProtocol } = this
    const awaitsPreface = proxyProtocol?.from.has(client.address) === true
    this.open++
    this.connections.add(client)
    if (secure === null && !awaitsPreface) {
      client.transport = take(client)
      if (this.admit(client, true)) client.start()
      return
    }
    const setup = new ConnectionSetup(client, secure, awaitsPreface)
    client.setup = setup
    client.transport = secure === null ? take(setup) : take(setup, 'data')
    if (awaitsPreface ? this.makeRoom(client) : this.admit(client, true)) setup.begin()
  }

  /** A PROXY protocol header has named the client. False: the client may not connect. */
  introduced(client: ClientConnection, ends: ProxiedEnds | null): boolean {
    if (ends !== null) {
      client.proxied = ends
      client.address = net.isIP(ends.source) === 0 ? '' : unmapped(ends.source)
      client.port = ends.sourcePort
    }
    return this.admit(client, false)
  }

  /** The address is known: may the connection stay? If not, it has been refused and is closing. */
  private admit(client: ClientConnection, isNew: boolean): boolean {
    const site = siteOf(client.address)
    client.site = site
    const fromThere = (this.bySite.get(site) ?? 0) + 1
    if (site !== '') this.bySite.set(site, fromThere)
    this.handler.opened(client)
    const { guards } = this
    const refused =
      guards === null || client.address === '' ? null : refusedBy(guards, client.address, site, this.clock.now())
    if (refused !== null) {
      this.refused++
      this.guarded[refused]++
      client.abort(GUARDS[refused], true)
      return false
    }
    const { clientConnectionsPerAddressMax } = this.limits
    if (site !== '' && fromThere > clientConnectionsPerAddressMax) {
      this.refuse(client, clientConnectionsPerAddressMax, fromThere, ' from one address')
      return false
    }
    return !isNew || this.makeRoom(client)
  }

  private makeRoom(client: ClientConnection): boolean {
    const { clientConnectionsMax } = this.limits
    if (this.open <= clientConnectionsMax || this.evict()) return true
    this.refuse(client, clientConnectionsMax, this.open, '')
    return false
  }

  /** Answers with the reason, unless too many connections are being refused already. */
  private refuse(client: ClientConnection, most: number, there: number, where: string): void {
    this.refused++
    const why = `more than ${most} connections${where}`
    // Before the handshake the client could not read an answer, and before the preface the client is unknown.
    if (there > most + REFUSALS_AT_ONCE || client.setup !== null) {
      client.abort('client-limit', true, why)
      return
    }
    client.transport.write(this.handler.refusal(why, 503))
    client.close('client-limit', why)
  }

  /** Closes the longest idle connection to make room. */
  private evict(): boolean {
    const victim = this.longestIdle
    if (victim === null) return false
    victim.abort('client-evicted', false) // no lingering close: a connection that lingered would not make room
    return true
  }

  /** The connection waits for a request. */
  markIdle(client: ClientConnection): void {
    if (client.isIdle) return
    client.isIdle = true
    this.idle++
    client.older = this.shortestIdle
    if (this.shortestIdle === null) this.longestIdle = client
    else this.shortestIdle.younger = client
    this.shortestIdle = client
  }

  /** The connection no longer waits for a request. */
  markBusy(client: ClientConnection): void {
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
    this.markBusy(client)
    this.open--
    const { site } = client
    const left = (this.bySite.get(site) ?? 1) - 1
    if (left === 0) this.bySite.delete(site)
    else this.bySite.set(site, left)
    const reason = client.reason ?? 'client-fin'
    this.closes.set(reason, (this.closes.get(reason) ?? 0) + 1)
    this.handler.closed(client)
    if (this.open === 0) this.emptied?.()
  }

  /**
   * Stops accepting and closes idle connections; resolves when all are gone. Exchanges in progress end with `Connection: close`.
   * A client that has only just connected gets a moment to send its request: otherwise a drain would lose it.
   */
  drain(): Promise<void> {
    this.draining = true
    this.stopListening()
    // In slices, so that other work is not held up.
    inSlices(this.retireIdle(), this.clock).catch(fault => this.handler.fault(fault))
    if (this.open === 0) return Promise.resolve()
    return new Promise(resolve => {
      this.emptied = resolve
    })
  }

  private *retireIdle(): Steps<void> {
    for (const client of [...this.connections]) {
      if (client.isIdle && client.exchange === null) client.retire(this.clock.now())
      yield
    }
  }

  /** Ends everything now; WebSockets send a close frame and end within half a second. */
  destroy(reason: CloseReason): void {
    // An idle connection loses nothing: a drain would have closed it a moment later.
    const whenIdle = this.draining ? 'draining' : reason
    this.draining = true
    this.stopListening()
    for (const client of [...this.connections]) {
      client.reason ??= client.isIdle ? whenIdle : reason
      if (client.farewell?.(client.reason) !== true) client.transport.destroy()
    }
  }
}
