import type { ProxyError } from '../../link/proxy-error.js'
import { type Address, readLiteral } from '../address.js'
import type { Clock, Timer } from '../clock.js'
import type { Turns } from '../turns.js'
import {
  type AddressAnswer,
  type DnsError,
  type DnsQuestions,
  dnsError,
  isNothing,
  NO_ADDRESSES,
  type ServiceRecord,
} from './dns-answers.js'
import { askDns } from './machine-names.js'

/** One address and port of a watched name. */
export interface WatchedAddress extends Address {
  readonly port: number
  /** Its share relative to the others, 1 or more. */
  readonly weight: number
  /** Used only when none of the others responds. */
  readonly backup: boolean
}

export interface NameWatchOptions {
  readonly name: string
  /** `address`: A and AAAA. `srv`: SRV (RFC 2782), then the addresses of each target. */
  readonly kind: 'address' | 'srv'
  /** For `address`; SRV records have their own ports. */
  readonly port: number
  /** `127.0.0.1:53`; null: as the machine resolves names. */
  readonly nameservers: readonly string[] | null
  /** The next query is sent no sooner than this after an answer … */
  readonly minMs: number
  /** … and no later than this, whatever the TTL. */
  readonly maxMs: number
  readonly clock: Clock
  /** A number from 0 to 1: jitter, so that not all who got the same answer query again at the same moment. */
  random(): number
  /** The list has changed; it is already `current`. Never called from within `start`. */
  onChange(list: readonly WatchedAddress[]): void
  /** A query failed; it will be retried. `current` stays, unless `onChange` says otherwise. */
  onError(error: ProxyError): void
  /** One of the two callbacks above threw: a defect of the proxy. */
  onFault(fault: unknown): void
  /** The queries of one round; default `askDns`. */
  readonly questions?: () => DnsQuestions
  /** Where watches take turns; if not given, rounds begin at once. */
  readonly turns?: Turns
}

/**
 * Keeps the addresses of one name current by querying again when the smallest TTL has passed, within `minMs` and `maxMs`.
 *
 * | answer | the list | next query |
 * | --- | --- | --- |
 * | addresses | becomes these at once: an address missing from the answer leaves the list (as in Envoy, and in HAProxy without `hold obsolete`) | after the TTL, ± 10 % |
 * | addresses with an unknown TTL (hosts file, C library, SRV) | the same | after 5 s |
 * | SERVFAIL, timeout, refused | stays unchanged, however long that lasts | after `minMs`, doubled each time up to `maxMs` |
 * | the same for one family, or for one of several targets | its known addresses stay | the same |
 * | no such name, no address | stays for 30 s (HAProxy's `hold nx`): a container that is being recreated briefly has no name. Then it is emptied: the addresses may belong to another host by now | the same |
 *
 * SRV: the records with the lowest priority value that have addresses are the servers, all others are backups. A weight of 0
 * counts as 1 (RFC 2782 wants it to be chosen rarely, not never). Each address of a target has the full weight of its record.
 */
export class NameWatch {
  current: readonly WatchedAddress[]
  private readonly isLiteral: boolean
  private running = false
  /** A round is in progress. */
  private asking = false
  private questions: DnsQuestions | null = null
  /** Until the next round; during a round, until its time limit. */
  private timer: Timer | null = null
  private endTurn: (() => void) | null = null
  /** Consecutive failed rounds. */
  private failures = 0
  /** When the name was first reported to have no addresses; null: it has some. */
  private nothingSince: number | null = null
  /** The last good addresses of each target. */
  private known = new Map<string, readonly Address[]>()

  constructor(private readonly options: NameWatchOptions) {
    const literal = readLiteral(options.name)
    this.isLiteral = literal !== null
    this.current = literal === null ? [] : [{ ...literal, port: options.port, weight: 1, backup: false }]
  }

  /** Queries for the first time; not for an IP address. @throws if a name server is not an IP address with or without a port */
  start(): void {
    if (this.running || this.isLiteral) return
    this.running = true
    this.ask()
  }

  /** Queries now, unless a round is in progress: connecting to the addresses fails, or everything is said to have changed. */
  refresh(): void {
    if (!this.running || this.asking) return
    this.rest()
    this.ask()
  }

  /** Stops queries and callbacks. `current` stays. */
  stop(): void {
    this.running = false
    this.rest()
  }

  private rest(): void {
    this.timer?.cancel()
    this.timer = null
    this.questions?.cancel()
    this.questions = null
    this.asking = false
    this.leaveTurn()
  }

  private leaveTurn(): void {
    const { endTurn } = this
    this.endTurn = null
    endTurn?.()
  }

  private ask(): void {
    this.timer = null
    this.asking = true
    const { turns } = this.options
    if (turns === undefined) this.begin()
    else {
      const endTurn = turns.take(() => this.guarded(() => this.begin()))
      if (this.asking) this.endTurn = endTurn
      else endTurn()
    }
  }

  /** Our turn has come. */
  private begin(): void {
    const { name, kind, port, nameservers, clock } = this.options
    const questions = this.options.questions?.() ?? askDns(nameservers)
    this.questions = questions
    this.timer = clock.after(ROUND_MS, () => this.unanswered(TIMEOUT))
    if (kind === 'address') {
      this.locate(questions, [{ target: name, port, priority: 0, weight: 1 }])
      return
    }
    questions.services(name, (error, records) => {
      if (!this.isOf(questions)) return
      if (error !== null) this.unanswered(error)
      else this.locate(questions, [...records].sort(byPriority).slice(0, SERVICES_MAX))
    })
  }

  /** Queries the addresses of every target and continues when all answers are in. */
  private locate(questions: DnsQuestions, services: readonly ServiceRecord[]): void {
    const targets = new Set(services.map(({ target }) => target))
    const round: Round = { services, found: new Map(), ttlMs: Number.POSITIVE_INFINITY, failure: null, nothing: null }
    const open = new Set(targets)
    this.timer?.cancel()
    this.timer = this.options.clock.after(ROUND_MS, () => {
      for (const target of open) this.note(round, target, TIMEOUT, NO_ADDRESSES)
      this.conclude(questions, round)
    })
    for (const target of targets) {
      questions.addresses(target, (error, answer) => {
        if (!this.isOf(questions)) return
        this.note(round, target, error, answer)
        open.delete(target)
        if (open.size === 0) this.conclude(questions, round)
      })
    }
  }

  /** Whether an answer belongs to the current round. */
  private isOf(questions: DnsQuestions): boolean {
    return this.asking && this.questions === questions
  }

  private note(round: Round, target: string, error: DnsError | null, answer: AddressAnswer): void {
    const before = this.known.get(target) ?? []
    if (error === null) {
      const held = before.filter(({ family }) => family === answer.unanswered)
      round.found.set(target, [...answer.addresses, ...held])
      round.ttlMs = Math.min(round.ttlMs, answer.ttlMs ?? Number.POSITIVE_INFINITY)
    } else if (isNothing(error)) round.nothing = error
    else {
      round.failure = error
      round.found.set(target, before)
    }
  }

  private conclude(questions: DnsQuestions, round: Round): void {
    const list = listOf(round)
    const failure = round.failure ?? (list.length === 0 ? round.nothing : null)
    if (list.length === 0) {
      this.unanswered(failure!)
      return
    }
    this.endRound()
    this.nothingSince = null
    this.known = round.found
    this.tell(list)
    if (this.questions !== questions) return // the callback has stopped this watch, or refreshed it
    if (failure !== null) this.retryAfter(failure)
    else this.holdFor(round)
  }

  /** The TTL of SRV records is unknown. */
  private holdFor({ ttlMs }: Round): void {
    this.failures = 0
    if (this.options.kind === 'srv') this.next(Math.min(ttlMs, UNKNOWN_TTL_MS))
    else this.next(ttlMs === Number.POSITIVE_INFINITY ? UNKNOWN_TTL_MS : ttlMs)
  }

  /** The round has found no address at all. */
  private unanswered(error: DnsError): void {
    this.endRound()
    const now = this.options.clock.now()
    if (isNothing(error)) {
      this.nothingSince ??= now
      if (now - this.nothingSince >= HOLD_NOTHING_MS) {
        this.known.clear()
        this.tell([])
      }
    }
    if (this.questions !== null) this.retryAfter(error)
  }

  /** Ignores queries that are still open (one family may not respond although the other has answered). */
  private endRound(): void {
    this.asking = false
    this.timer?.cancel()
    this.timer = null
    this.questions?.cancel()
    this.leaveTurn()
  }

  private retryAfter(error: DnsError): void {
    const { minMs, name } = this.options
    this.next(minMs * 2 ** Math.min(this.failures++, 16))
    this.guarded(() => this.options.onError(dnsError(name, error)))
  }

  private tell(list: readonly WatchedAddress[]): void {
    if (JSON.stringify(list) === JSON.stringify(this.current)) return
    this.current = list
    this.guarded(() => this.options.onChange(list))
  }

  private next(ms: number): void {
    const { clock, minMs, maxMs } = this.options
    const jitter = 1 + JITTER * (2 * this.options.random() - 1)
    this.timer = clock.after(Math.max(minMs, Math.min(maxMs, ms)) * jitter, () => this.guarded(() => this.ask()))
  }

  private guarded(what: () => void): void {
    try {
      what()
    } catch (fault) {
      this.options.onFault(fault)
    }
  }
}

/** The results of a round so far. */
interface Round {
  readonly services: readonly ServiceRecord[]
  readonly found: Map<string, readonly Address[]>
  ttlMs: number
  /** A query that failed. */
  failure: DnsError | null
  /** A query that was answered with "no such name" or "no address". */
  nothing: DnsError | null
}

/** The same as the cache time of `Resolver`. */
const UNKNOWN_TTL_MS = 5_000
const HOLD_NOTHING_MS = 30_000
/** A query without an answer after this long has failed; the addresses of SRV targets get the same time again. */
const ROUND_MS = 5_000
const TIMEOUT: DnsError = Object.assign(new Error('no answer in time'), { code: 'ETIMEOUT' })
const JITTER = 0.1
/** Records of one SRV name that are used. */
const SERVICES_MAX = 256
/**
 * Addresses of one name: an answer over TCP has room for thousands, and each would be a server with a pool and a health check.
 */
const PLACES_MAX = 256

function byPriority(a: ServiceRecord, b: ServiceRecord): number {
  return a.priority - b.priority || compare(a.target, b.target) || a.port - b.port
}

/** Every address and port once, in an order that does not depend on that of the answers; cut off at `PLACES_MAX`. */
function listOf({ services, found }: Round): WatchedAddress[] {
  const first = services.find(({ target }) => (found.get(target)?.length ?? 0) > 0)
  const places = new Map<string, WatchedAddress>()
  for (const { target, port, priority, weight } of services) {
    for (const { address, family } of found.get(target) ?? []) {
      const place = { address, family, port, weight: Math.max(1, weight), backup: priority !== first?.priority }
      const key = `${address} ${port}`
      if (!places.has(key)) places.set(key, place)
    }
  }
  return [...places.values()].sort(inOrder).slice(0, PLACES_MAX)
}

function inOrder(a: WatchedAddress, b: WatchedAddress): number {
  return Number(a.backup) - Number(b.backup) || a.family - b.family || compare(a.address, b.address) || a.port - b.port
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
