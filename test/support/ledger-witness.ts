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
import { WireOctets } from './wire-sections.js'

// With HOPWISE_LEDGER_WITNESS=1 every proxy that a test starts is watched, and of each exchange the ledger is compared with what was given to
// the transports, octet by octet. `witnessAll` does the same for the proxies that are started from then on.

/** What has been compared so far: exchanges, and each kind of section. */
export const witnessed = new Map<string, number>()

let isOn = false

/** From now on. */
export function witnessAll(): void {
  if (isOn) return
  isOn = true
  recordTransports()
}

if (process.env.HOPWISE_LEDGER_WITNESS === '1') witnessAll()

/** Where that is asked for: what this proxy says of its exchanges is compared with what it sends. A proxy that is watched already is left alone. */
export function witness(t: Test, proxy: ReturnType<typeof createProxy>): void {
  if (!isOn) return
  const watched = proxy as HopwiseProxy
  watched.watcher = new Witness((what, told, seen) =>
    t.fail(`the ledger is not what was sent: ${what}`, { told, seen }),
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
    octetsOf(transportOf(exchange)).clear()
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
    const seen = carriedBy === null ? connectLike(told) : requestOn(octetsOf(carriedBy.transport))
    this.#same(`${asked.method} ${asked.target}`, told, seen)
    const responses = octetsOf(transportOf(exchange))
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

/** Of an exchange of which nothing is known: then nothing may have been sent. */
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

function requestOn(octets: WireOctets): Sections {
  octets.passPreface()
  return seenRequest(octets.request())
}

/** Heads that were sent to ask a proxy for a tunnel, and that no exchange has told yet. */
const connects: Sections[] = []

/** Which of them was for this exchange nobody can see: so the same one, where there is one. */
function connectLike(told: Sections): Sections {
  const i = connects.findIndex(seen => isDeepStrictEqual(told, seen))
  return connects.splice(i, i < 0 ? 0 : 1)[0] ?? []
}

const recorded = new WeakMap<Transport, WireOctets>()

/** What it was given that nobody has compared yet. */
function octetsOf(transport: Transport): WireOctets {
  let octets = recorded.get(transport)
  if (octets === undefined) {
    octets = new WireOctets()
    recorded.set(transport, octets)
  }
  return octets
}

/** Longer content is kept by its length alone. */
const SHORT_BYTES = 4096

function recordTransports(): void {
  const { write, writeContent, takeBack } = Transport.prototype
  Transport.prototype.write = function (text) {
    if (text.startsWith('CONNECT ')) connects.push(seenRequest(new WireOctets(text).request()))
    octetsOf(this).add(text)
    write.call(this, text)
  }
  Transport.prototype.writeContent = function (bytes, from, to, stable, text) {
    octetsOf(this).add(to - from > SHORT_BYTES ? to - from : bytes.toString('latin1', from, to))
    writeContent.call(this, bytes, from, to, stable, text)
  }
  Transport.prototype.takeBack = function (queuedTo) {
    const more = this.queuedTo - queuedTo
    const taken = takeBack.call(this, queuedTo)
    if (taken) octetsOf(this).cut(more)
    return taken
  }
}
