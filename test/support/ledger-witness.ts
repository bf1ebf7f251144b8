import { isDeepStrictEqual } from 'node:util'
import type { Test } from 'tap'
import type { Ledger } from '../../lib/admin/source.js'
import { keptHeads, ledgerOf } from '../../lib/daemon/views/exchange-ledger.js'
import type { ClientConnection } from '../../lib/net/client/client-connection.js'
import { Transport } from '../../lib/net/socket/transport.js'
import type { UpstreamConnection } from '../../lib/net/upstream/upstream-connection.js'
import type { ExchangeWatcher } from '../../lib/proxy/engine.js'
import type { ExchangeView } from '../../lib/proxy/exchange-view.js'
import type { createProxy, HopwiseProxy } from '../../lib/proxy/proxy.js'
import { type Sections, seenRequest, seenResponses, toldRequest, toldResponses } from './ledger-and-wire.js'
import { WireBytes } from './wire-sections.js'

// With HOPWISE_LEDGER_WITNESS=1 every proxy that a test starts is watched, and the ledger of each exchange is compared with what
// was given to the transports, byte by byte. `witnessAll` does the same for proxies that are started later.

/** How much has been compared so far: exchanges, and each kind of section. */
export const witnessed = new Map<string, number>()

let isOn = false

/** Watches all proxies from now on. */
export function witnessAll(): void {
  if (isOn) return
  isOn = true
  recordTransports()
}

if (process.env.HOPWISE_LEDGER_WITNESS === '1') witnessAll()

/** If witnessing is on, compares the ledgers of this proxy with what it sends. */
export function witness(t: Test, proxy: ReturnType<typeof createProxy>): void {
  if (!isOn) return
  const watched = proxy as HopwiseProxy
  watched.watcher = new Witness((what, told, seen) =>
    t.fail(`the ledger differs from what was sent: ${what}`, { told, seen }),
  )
  t.teardown(() => {
    watched.watcher = null
  })
}

type Complain = (what: string, told: Sections, seen: Sections) => void

class Witness implements ExchangeWatcher {
  constructor(private readonly complain: Complain) {}

  tunnelled(exchange: ExchangeView): void {
    this.#look(exchange)
    bytesOf(transportOf(exchange)).clear()
  }

  ended(exchange: ExchangeView, outcome: string): void {
    if (outcome !== 'tunnel') this.#look(exchange)
  }

  /** A watcher must not throw. */
  #look(exchange: ExchangeView): void {
    try {
      this.#compare(exchange)
    } catch (fault) {
      this.complain(String(fault), [], [])
    }
  }

  #compare(exchange: ExchangeView): void {
    const kept = keptHeads(exchange)
    const ledger = kept === null ? NOTHING : ledgerOf(`x${exchange.number}`, kept)
    const { asked, tries } = exchange
    const carriedBy = tries.carriedBy as UpstreamConnection | null
    count('exchanges', 1)
    const told = toldRequest(ledger)
    const seen = carriedBy === null ? connectLike(told) : requestOn(bytesOf(carriedBy.transport))
    this.#same(`${asked.method} ${asked.target}`, told, seen)
    const responses = bytesOf(transportOf(exchange))
    this.#same(
      `the answer to ${asked.method} ${asked.target}`,
      toldResponses(ledger),
      seenResponses(responses, asked.method),
    )
  }

  #same(what: string, told: Sections, seen: Sections): void {
    for (const [name] of seen) count(name, 1)
    if (!isDeepStrictEqual(told, seen)) this.complain(what, told, seen)
  }
}

const transportOf = ({ client }: ExchangeView): Transport => (client.peer as ClientConnection).transport

/** The ledger of an exchange of which nothing is known: then nothing may have been sent. */
const NOTHING: Ledger = {
  exchange: '',
  request: null,
  requestTrailers: null,
  interim: [],
  interimMore: 0,
  response: null,
  responseTrailers: null,
}

function count(what: string, more: number): void {
  witnessed.set(what, (witnessed.get(what) ?? 0) + more)
}

function requestOn(bytes: WireBytes): Sections {
  bytes.passPreface()
  return seenRequest(bytes.request())
}

/** CONNECT heads that were sent to a parent proxy, and that no exchange has reported yet. */
const connects: Sections[] = []

/** Which of them belongs to this exchange cannot be seen: so an equal one, if there is one. */
function connectLike(told: Sections): Sections {
  const i = connects.findIndex(seen => isDeepStrictEqual(told, seen))
  return connects.splice(i, i < 0 ? 0 : 1)[0] ?? []
}

const recorded = new WeakMap<Transport, WireBytes>()

/** What the transport was given and has not been compared yet. */
function bytesOf(transport: Transport): WireBytes {
  let bytes = recorded.get(transport)
  if (bytes === undefined) {
    bytes = new WireBytes()
    recorded.set(transport, bytes)
  }
  return bytes
}

/** Of longer content only the length is kept. */
const SHORT_BYTES = 4096

function recordTransports(): void {
  const { write, writeContent, takeBack } = Transport.prototype
  Transport.prototype.write = function (text) {
    if (text.startsWith('CONNECT ')) connects.push(seenRequest(new WireBytes(text).request()))
    bytesOf(this).add(text)
    write.call(this, text)
  }
  Transport.prototype.writeContent = function (bytes, from, to, stable, text) {
    bytesOf(this).add(to - from > SHORT_BYTES ? to - from : bytes.toString('latin1', from, to))
    writeContent.call(this, bytes, from, to, stable, text)
  }
  Transport.prototype.takeBack = function (queuedTo) {
    const more = this.queuedTo - queuedTo
    const taken = takeBack.call(this, queuedTo)
    if (taken) bytesOf(this).cut(more)
    return taken
  }
}
