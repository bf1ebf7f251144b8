import type { RecordWithTtl, Resolver, SrvRecord } from 'node:dns'
import { ProxyError } from '../../link/proxy-error.js'
import type { Address } from '../address.js'
import { type Clock, systemClock, type Timer } from '../clock.js'
import { channelsTo, type DnsChannels } from './dns-channels.js'

/**
 * The queries of one lookup. Each `done` is called once, later, and must not throw; without an error there is at least one
 * answer.
 */
export interface DnsQuestions {
  /** The addresses of a name. */
  addresses(name: string, done: AddressesDone): void
  /** The SRV records of a name (RFC 2782). `node:dns` does not report their TTL. */
  services(name: string, done: ServicesDone): void
  /** The answers are no longer needed. Open queries may still be answered, with an error. */
  cancel(): void
}

export type AddressesDone = (error: DnsError | null, answer: AddressAnswer) => void
export type ServicesDone = (error: DnsError | null, records: readonly ServiceRecord[]) => void

export interface AddressAnswer {
  readonly addresses: readonly Address[]
  /** The smallest TTL of the addresses; null: unknown. */
  readonly ttlMs: number | null
  /** The family without an answer: neither addresses nor the statement that there are none. */
  readonly unanswered: 4 | 6 | null
}

export interface ServiceRecord {
  readonly target: string
  readonly port: number
  /** Lower values are preferred. */
  readonly priority: number
  readonly weight: number
}

/** A failed query: `ENOTFOUND` and `ENODATA` say that the name has no such records; any other code says that this is unknown. */
export type DnsError = NodeJS.ErrnoException

/** True when the error is an answer: there is no such name, or no record of the requested type. */
export function isNothing({ code }: DnsError): boolean {
  return code === 'ENOTFOUND' || code === 'ENODATA'
}

/** The meaning of a failed query (RFC 9209 2.3). */
export function dnsError(name: string, cause: DnsError): ProxyError {
  const facts = { stage: 'resolve', side: 'upstream', cause } as const
  if (isNothing(cause)) return new ProxyError('destination_not_found', `no address found for ${name}`, facts)
  if (cause.code === 'ETIMEOUT') return new ProxyError('dns_timeout', `${name} was not resolved in time`, facts)
  return new ProxyError('dns_error', `${name} could not be resolved (${cause.code ?? cause.message})`, facts)
}

/** The error for a name without an address. */
export function nothing(name: string, code: 'ENODATA' | 'ENOTFOUND' = 'ENODATA'): DnsError {
  return Object.assign(new Error(`no address for ${name}`), { code })
}

export const NO_ADDRESSES: AddressAnswer = { addresses: [], ttlMs: null, unanswered: null }

/**
 * Asks only these name servers: no hosts file, no search domains.
 * @param nameservers `127.0.0.1:53`, `[::1]:53`
 * @throws if one is not an IP address with or without a port
 */
export function askServers(nameservers: readonly string[], clock: Clock = systemClock): DnsQuestions {
  return new ServerQuestions(channelsTo(nameservers), clock)
}

type Answered<T> = (error: DnsError | null, records: T[]) => void

/** Asks name servers as c-ares does; a query that one server refuses or fails to answer goes to the next. */
export class ServerQuestions implements DnsQuestions {
  /** Set while a query is open. */
  private resolver: Resolver | null = null
  private open = 0
  private beyond: ServerQuestions | null = null
  private cancelled = false

  constructor(
    private readonly channels: DnsChannels,
    private readonly clock: Clock = systemClock,
  ) {}

  addresses(name: string, done: AddressesDone): void {
    this.bothFamilies(name, (error, answer) => {
      const next = this.nextFor(error)
      if (next === null) done(error, answer)
      else next.addresses(name, done)
    })
  }

  services(name: string, done: ServicesDone): void {
    this.ask<SrvRecord>(
      (resolver, answered) => resolver.resolveSrv(name, answered),
      (error, records) => {
        const next = this.nextFor(error)
        if (next !== null) {
          next.services(name, done)
          return
        }
        // A target of '.' says explicitly that there is no such service (RFC 2782); c-ares returns it as ''.
        const services = records.filter(({ name: target }) => target !== '' && target !== '.')
        if (error === null && services.length === 0) done(nothing(name), [])
        else done(error, services.map(toService))
      },
    )
  }

  cancel(): void {
    this.cancelled = true
    this.resolver?.cancel()
    this.beyond?.cancel()
  }

  /** Asks for both families at once. If one fails (some servers do not know AAAA), the other still counts. */
  private bothFamilies(name: string, done: AddressesDone): void {
    const found = new Found(name, this.clock, done)
    this.ask<RecordWithTtl>(
      (resolver, answered) => resolver.resolve4(name, { ttl: true }, answered),
      (error, records) => found.note(4, error, records),
    )
    this.ask<RecordWithTtl>(
      (resolver, answered) => resolver.resolve6(name, { ttl: true }, answered),
      (error, records) => found.note(6, error, records),
    )
  }

  private ask<T>(
    how: (resolver: Resolver, answered: Answered<T>) => void,
    done: (error: DnsError | null, records: readonly T[]) => void,
  ): void {
    const resolver = this.resolver ?? this.channels.take()
    this.resolver = resolver
    this.open++
    const answered: Answered<T> = (error, records) => {
      if (--this.open === 0) {
        this.resolver = null
        this.channels.give(resolver)
      }
      if (error === null) done(null, records)
      else done(error.code === 'EBADNAME' ? nothing('an invalid name', 'ENOTFOUND') : error, [])
    }
    try {
      how(resolver, answered)
    } catch (error) {
      setImmediate(() => answered(error as DnsError, [])) // the name cannot even be sent
    }
  }

  /** c-ares takes a refusal as an answer; the C library then asks the next server, and so do we. */
  private nextFor(error: DnsError | null): ServerQuestions | null {
    if (error === null || this.cancelled || !ASK_NEXT.has(error.code ?? '')) return null
    const { next } = this.channels
    if (next === null) return null
    this.beyond ??= new ServerQuestions(next, this.clock)
    return this.beyond
  }
}

const ASK_NEXT: ReadonlySet<string> = new Set(['ESERVFAIL', 'EREFUSED', 'ENOTIMP', 'EFORMERR'])

/**
 * How long one family is awaited after the other has its answer: long enough for a retry after a lost packet. A server that does
 * not respond to AAAA costs this delay, not the name.
 */
const OTHER_FAMILY_MS = 1_500

/** Collects the answers of both families. */
class Found {
  private readonly addresses: Address[] = []
  private ttlMs: number | null = null
  private unanswered: 4 | 6 | null = null
  private failure: DnsError | null = null
  private open = 2
  private isOver = false
  private timer: Timer | null = null

  constructor(
    private readonly name: string,
    private readonly clock: Clock,
    private readonly done: AddressesDone,
  ) {}

  note(family: 4 | 6, error: DnsError | null, records: readonly RecordWithTtl[]): void {
    if (this.isOver) return
    this.open--
    for (const { address, ttl } of records) {
      this.addresses.push({ address, family })
      this.ttlMs = Math.min(this.ttlMs ?? Number.POSITIVE_INFINITY, ttl * 1000)
    }
    if (error !== null && !isNothing(error)) this.unanswered = family
    // A failed query takes precedence over the answer that the other family has no addresses.
    if (error !== null && (this.failure === null || !isNothing(error))) this.failure = error
    if (this.open === 0) this.end()
    else if (this.addresses.length > 0) {
      const other = family === 4 ? 6 : 4
      this.timer = this.clock.after(OTHER_FAMILY_MS, () => {
        this.unanswered = other
        this.end()
      })
    }
  }

  private end(): void {
    this.isOver = true
    this.timer?.cancel()
    const { addresses, ttlMs, unanswered } = this
    this.done(addresses.length > 0 ? null : (this.failure ?? nothing(this.name)), { addresses, ttlMs, unanswered })
  }
}

function toService({ name, port, priority, weight }: SrvRecord): ServiceRecord {
  return { target: name.toLowerCase(), port, priority, weight }
}
