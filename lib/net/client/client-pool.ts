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

/** What the floor above does with clients. */
export interface ClientHandler {
  /** The first octet of a request has come. */
  begin(client: ClientStream): ClientExchange
  /** A complete response for a connection that is refused: 503, too many are open; 400, it speaks HTTP where TLS is spoken. */
  refusal(why: string, status: 400 | 503): string
  /** Its address is known; what it says is not read yet, and perhaps never will be. */
  opened(client: ClientConnection): void
  /** Also for one that was never opened: it ended before its address was known. */
  closed(client: ClientConnection): void
  fault(fault: unknown): void
  warn(code: string, message: string): void
}

/** What may be changed while connections are open: it counts for what comes next, and open connections go on. */
export interface ClientPoolSettings {
  /** Its `readMode` counts from the next `listen` on. */
  readonly settings: AcceptSettings
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly grammar: GrammarLimits
  /** Null: in the clear. */
  readonly tls: ClientTlsSettings | null
  /** Peers that must begin with a PROXY protocol preface; null: nobody does. */
  readonly proxyProtocol: { readonly from: AddressList } | null
  readonly guards: ClientGuards | null
}

/** Refused connections that are told so (and linger) at once; more are reset, so that a flood stays within its limit. */
const REFUSALS_AT_ONCE = 64

/**
 * The persistent connections toward clients: accepts them, limits them (in total and for one address), ends the longest
 * idle one under pressure, drains. It knows nothing of upstreams; the two pools' fates are independent.
 */
export class ClientPool {
  draining = false
  /** Responses say that the connection closes, while new ones are still accepted: whoever balances in front of us shall look elsewhere. */
  announcing = false
  open = 0
  idle = 0
  accepted = 0
  refused = 0
  /** Those among the refused whom a guard refused. */
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

  /** @throws TypeError for TLS that cannot be had; then nothing has changed */
  reconfigure(changes: Partial<ClientPoolSettings>): void {
    const { tls, ...others } = changes
    // Sessions outlive the change of a certificate.
    const ticketKeys = this.ticketKeys ?? this.secure?.ticketKeys
    if (tls !== undefined) this.secure = tls === null ? null : new SecureAccept(tls, ticketKeys)
    Object.assign(this, others)
  }

  /** Seals session tickets with these from now on: see `TICKET_KEY_BYTES`. */
  useTicketKeys(keys: Buffer): void {
    this.ticketKeys = keys
    if (this.secure !== null) this.secure.ticketKeys = keys
  }

  /** The certificates in use, for those who watch their end. */
  get certificates(): SecureAccept['certificates'] {
    return this.secure?.certificates ?? []
  }

  /** A response that begins now is the last one of its connection. */
  get closesAfterResponse(): boolean {
    return this.draining || this.announcing
  }

  /**
   * Listens, in one place at a time; port 0 lets the system choose. Rejects with Node's error (`EADDRINUSE`, `EACCES`, …).
   */
  async listen(where: ListenTarget): Promise<ListensAt> {
    if (this.server !== null) throw new Error('this pool listens already: call stopListening before')
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

  /** Accepts no more; what is open goes on. May be called at any time, and `listen` after it. */
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

  /** A preface says whose connection it is. False when that one may not have it. */
  introduced(client: ClientConnection, ends: ProxiedEnds | null): boolean {
    if (ends !== null) {
      client.proxied = ends
      client.address = net.isIP(ends.source) === 0 ? '' : unmapped(ends.source)
      client.port = ends.sourcePort
    }
    return this.admit(client, false)
  }

  /** Its address is known: may it stay? Otherwise it has been told so, and is on its way out. */
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

  /** Says why, as long as not too many are being told already. */
  private refuse(client: ClientConnection, most: number, there: number, where: string): void {
    this.refused++
    const why = `more than ${most} connections${where}`
    // Before the handshake nobody could read an answer, and before the preface nobody knows who asks.
    if (there > most + REFUSALS_AT_ONCE || client.setup !== null) {
      client.abort('client-limit', true, why)
      return
    }
    client.transport.write(this.handler.refusal(why, 503))
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
  markIdle(client: ClientConnection): void {
    if (client.isIdle) return
    client.isIdle = true
    this.idle++
    client.older = this.shortestIdle
    if (this.shortestIdle === null) this.longestIdle = client
    else this.shortestIdle.younger = client
    this.shortestIdle = client
  }

  /** The connection no longer waits. */
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
   * Stops accepting, ends idle connections; resolves when all are gone. What is under way ends with `Connection: close`. Who has only just
   * connected has a moment for the request that it came with: otherwise a drain would lose it.
   */
  drain(): Promise<void> {
    this.draining = true
    this.stopListening()
    // Some at once, and the rest when others have had their turn.
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

  /** Ends everything now; WebSockets say goodbye, and end within half a second. */
  destroy(reason: CloseReason): void {
    // Nothing is cut off where nothing runs: a drain would have ended it a moment later.
    const whenIdle = this.draining ? 'draining' : reason
    this.draining = true
    this.stopListening()
    for (const client of [...this.connections]) {
      client.reason ??= client.isIdle ? whenIdle : reason
      if (client.farewell?.(client.reason) !== true) client.transport.destroy()
    }
  }
}
