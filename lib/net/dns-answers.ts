import { lookup, Resolver, type SrvRecord } from 'node:dns'
import { ProxyError } from '../link/proxy-error.js'
import type { Address } from './resolver.js'

/** The questions of one round about a name. Each `done` is called once and must not throw; without an error there is at least one answer. */
export interface DnsQuestions {
  /** The addresses of a name. */
  addresses(name: string, done: (error: DnsError | null, answer: AddressAnswer) => void): void
  /**
   * For how long an answer of `addresses` without a `ttlMs` may be believed; null: nobody tells. Asked apart, since who waits for
   * the addresses must not wait for that.
   */
  ttl(name: string, answer: AddressAnswer, done: (ttlMs: number | null) => void): void
  /** The SRV records of a name (RFC 2782). Their TTL is not told by `node:dns`. */
  services(name: string, done: (error: DnsError | null, records: readonly ServiceRecord[]) => void): void
  /** Nobody wants the answers any more. */
  cancel(): void
}

export interface AddressAnswer {
  readonly addresses: readonly Address[]
  /** The smallest TTL of them. null: not known. */
  readonly ttlMs: number | null
  /** The family for which there was no answer at all, neither addresses nor that there are none. */
  readonly unanswered: 4 | 6 | null
}

export interface ServiceRecord {
  readonly target: string
  readonly port: number
  /** Lower comes first. */
  readonly priority: number
  readonly weight: number
}

/** A failed question: `ENOTFOUND` and `ENODATA` say that there is nothing of that name, all other codes that nobody could tell. */
export type DnsError = NodeJS.ErrnoException

/** True when the error is an answer: there is no such name, or nothing of the kind asked for. */
export function isNothing({ code }: DnsError): boolean {
  return code === 'ENOTFOUND' || code === 'ENODATA'
}

/** What a failed question means (RFC 9209 2.3). */
export function dnsError(name: string, cause: DnsError): ProxyError {
  const facts = { stage: 'resolve', side: 'upstream', retry: true, cause } as const
  if (isNothing(cause)) return new ProxyError('destination_not_found', `${name} is not known`, facts)
  if (cause.code === 'ETIMEOUT') return new ProxyError('dns_timeout', `${name} was not resolved in time`, facts)
  return new ProxyError('dns_error', `${name} could not be resolved (${cause.code ?? cause.message})`, facts)
}

/**
 * @param nameservers `127.0.0.1:53`, `[::1]:53`: asked instead of those of the machine. null: as the machine resolves names.
 * @throws when a nameserver is no IP address with or without a port
 */
export function askDns(nameservers: readonly string[] | null): DnsQuestions {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES })
  if (nameservers !== null) resolver.setServers(nameservers)
  const proper = new DnsProper(resolver)
  return nameservers === null ? asTheMachine(proper) : proper
}

// A server on the next machine answers within milliseconds; a lost packet is asked again twice, then the next server is asked.
const TIMEOUT_MS = 1_000
const TRIES = 3

type Timed = readonly { readonly address: string; readonly ttl: number }[]

/** Asks name servers and nobody else: no hosts file, no search domains. */
class DnsProper implements DnsQuestions {
  constructor(private readonly resolver: Resolver) {}

  /** Both families are asked for at once. One that fails (servers exist that know no AAAA) does not spoil the other. */
  addresses(name: string, done: (error: DnsError | null, answer: AddressAnswer) => void): void {
    const found: Found = { addresses: [], ttlMs: null, unanswered: null }
    const errors: DnsError[] = []
    let open = 2
    const answered = (family: 4 | 6, error: DnsError | null, records: Timed): void => {
      if (error !== null) {
        errors.push(error)
        if (!isNothing(error)) found.unanswered = family
      }
      for (const { address, ttl } of error === null ? records : []) {
        found.addresses.push({ address, family })
        found.ttlMs = Math.min(found.ttlMs ?? Number.POSITIVE_INFINITY, ttl * 1000)
      }
      if (--open > 0) return
      // That nobody could tell weighs more than that there is nothing of the other family.
      const failure = errors.find(error => !isNothing(error)) ?? errors[0] ?? nothing(name)
      done(found.addresses.length > 0 ? null : failure, found)
    }
    this.resolver.resolve4(name, { ttl: true }, (error, records) => answered(4, error, records))
    this.resolver.resolve6(name, { ttl: true }, (error, records) => answered(6, error, records))
  }

  ttl(_name: string, { ttlMs }: AddressAnswer, done: (ttlMs: number | null) => void): void {
    done(ttlMs)
  }

  services(name: string, done: (error: DnsError | null, records: readonly ServiceRecord[]) => void): void {
    this.resolver.resolveSrv(name, (error, records: SrvRecord[] | undefined) => {
      // A target '.' says that there is decidedly no such service (RFC 2782); c-ares gives it as ''.
      const services = (error === null ? (records ?? []) : []).filter(
        ({ name: target }) => target !== '' && target !== '.',
      )
      if (error === null && services.length === 0) done(nothing(name), [])
      else done(error, services.map(toService))
    })
  }

  cancel(): void {
    this.resolver.cancel()
  }
}

/**
 * As the machine resolves names. Only its own resolver (getaddrinfo) knows the hosts file, docker's `extra_hosts`, search domains and
 * mDNS, so it alone says what the addresses are. It tells no TTL. So DNS proper is asked for that afterwards, and is believed
 * only when it knows the same addresses: otherwise they came from somewhere else.
 */
export function asTheMachine(proper: DnsQuestions): DnsQuestions {
  return {
    addresses(name, done) {
      lookup(name, { all: true, order: 'verbatim' }, (error, found) => {
        const addresses = error === null ? (found as Address[]) : []
        const failure = error === null && addresses.length === 0 ? nothing(name) : error
        done(failure, { addresses, ttlMs: null, unanswered: null })
      })
    },
    ttl(name, { addresses }, done) {
      proper.addresses(name, (_error, known) => {
        const theirs = new Set(known.addresses.map(({ address }) => address))
        done(addresses.every(({ address }) => theirs.has(address)) ? known.ttlMs : null)
      })
    },
    services: (name, done) => proper.services(name, done),
    cancel: () => proper.cancel(),
  }
}

interface Found {
  addresses: Address[]
  ttlMs: number | null
  unanswered: 4 | 6 | null
}

function nothing(name: string): DnsError {
  return Object.assign(new Error(`no address for ${name}`), { code: 'ENODATA' })
}

function toService({ name, port, priority, weight }: SrvRecord): ServiceRecord {
  return { target: name.toLowerCase(), port, priority, weight }
}
