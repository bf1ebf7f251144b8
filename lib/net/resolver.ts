import { lookup as dnsLookup } from 'node:dns'
import { isIP } from 'node:net'
import { DEADLINES } from '../link/deadlines.js'
import { LIMITS } from '../link/limits.js'
import { ProxyError } from '../link/proxy-error.js'
import { type Clock, systemClock, type Timer } from './clock.js'

/**
 * Names to addresses, by the machine's own resolver (so `/etc/hosts` and search domains hold), with a short memory: an answer is
 * good for `ttlMs`, since the machine's resolver does not tell us for how long it really is, and a recreated container must be
 * found again soon. Questions for the same name that are asked meanwhile wait for the one that is under way.
 */
export class Resolver {
  readonly #lookup: Lookup
  readonly #ttlMs: number
  readonly #negativeTtlMs: number
  readonly #resolveMs: number
  readonly #namesMax: number
  readonly #clock: Clock
  /** In the order of use, the longest unused first. */
  readonly #answers = new Map<string, Answer>()
  /** Who waits for an answer that is under way. */
  readonly #pending = new Map<string, Resolved[]>()
  readonly #lookupsMax: number
  /** Lookups that the machine's resolver has not answered, also those that nobody waits for any more. */
  #lookups = 0

  constructor(options: ResolverOptions = {}) {
    this.#lookup = options.lookup ?? systemLookup
    this.#ttlMs = options.ttlMs ?? 5_000
    this.#negativeTtlMs = options.negativeTtlMs ?? 1_000
    this.#resolveMs = options.resolveMs ?? DEADLINES.resolveMs
    this.#namesMax = options.namesMax ?? LIMITS.originsMax
    this.#lookupsMax = options.lookupsMax ?? LOOKUPS_MAX
    this.#clock = options.clock ?? systemClock
  }

  /**
   * Calls `done`, which must not throw, once: with all addresses, at least one, in the resolver's order; or with an error and none. For an IP literal
   * (IPv6 with or without brackets) and for a remembered name it is called before `resolve` returns.
   *
   * Errors: `dns_timeout`, `destination_not_found`, `dns_error`; a retry is safe after each.
   */
  resolve(host: string, done: Resolved): void {
    const literal = readLiteral(host)
    if (literal !== null) {
      done(null, [literal])
      return
    }
    const name = host.toLowerCase()
    const answer = this.#recall(name)
    if (answer !== undefined) {
      done(answer.error, answer.addresses.slice())
      return
    }
    const waiting = this.#pending.get(name)
    if (waiting !== undefined) waiting.push(done)
    else this.#ask(name, done)
  }

  /** Forgets what is known of one name, or of all: connecting to every address has failed, or the configuration is new. */
  forget(host?: string): void {
    if (host === undefined) this.#answers.clear()
    else this.#answers.delete(host.toLowerCase())
  }

  #recall(name: string): Answer | undefined {
    const answer = this.#answers.get(name)
    if (answer === undefined) return undefined
    this.#answers.delete(name)
    if (this.#clock.now() >= answer.goodUntil) return undefined
    this.#answers.set(name, answer) // it is the last used one now
    return answer
  }

  #ask(name: string, done: Resolved): void {
    if (this.#lookups >= this.#lookupsMax) {
      done(failure(name, { code: 'too many names are being resolved' }), [])
      return
    }
    this.#lookups++
    const waiting = [done]
    this.#pending.set(name, waiting)
    let timer: Timer | null = null
    if (this.#resolveMs > 0)
      timer = this.#clock.after(this.#resolveMs, () => this.#answer(name, waiting, timeout(name), []))
    const answered = (error: unknown, addresses: Address[]): void => {
      this.#lookups--
      timer?.cancel()
      if (error !== null) this.#answer(name, waiting, failure(name, error), [])
      else if (addresses.length === 0) this.#answer(name, waiting, failure(name, { code: 'ENODATA' }), [])
      else this.#answer(name, waiting, null, addresses)
    }
    try {
      this.#lookup(name, answered)
    } catch (error) {
      answered(error, []) // node:dns throws for what cannot be a name at all
    }
  }

  #answer(name: string, waiting: Resolved[], error: ProxyError | null, addresses: Address[]): void {
    const late = this.#pending.get(name) !== waiting
    // An answer after its deadline comes too late for those who asked, but whoever asks next may have it.
    if (late && error !== null) return
    const ttlMs = error === null ? this.#ttlMs : this.#negativeTtlMs
    if (ttlMs > 0) this.#remember(name, { error, addresses, goodUntil: this.#clock.now() + ttlMs })
    if (late) return
    this.#pending.delete(name)
    for (const done of waiting) done(error, addresses.slice())
  }

  #remember(name: string, answer: Answer): void {
    this.#answers.delete(name)
    this.#answers.set(name, answer)
    if (this.#answers.size > this.#namesMax) this.#answers.delete(this.#answers.keys().next().value!)
  }
}

export interface Address {
  /** Without brackets. */
  readonly address: string
  readonly family: 4 | 6
}

export type Resolved = (error: ProxyError | null, addresses: Address[]) => void

export type Lookup = (name: string, done: (error: Error | null, addresses: Address[]) => void) => void

export interface ResolverOptions {
  /** Asks for a name and calls back once, now or later; `node:dns` unless given. */
  lookup?: Lookup
  ttlMs?: number
  negativeTtlMs?: number
  /** 0: no limit. */
  resolveMs?: number
  namesMax?: number
  lookupsMax?: number
  clock?: Clock
}

/**
 * Node asks for four names at a time and lines up the rest without a limit. So names whose servers stay silent (a client of a
 * forward proxy can ask for any number of them) would stop all others for as long as the line is, hours after the last was
 * asked for. With this many at most it is minutes.
 */
const LOOKUPS_MAX = 256

/** The address that `host` is when it is an IP literal as RFC 3986 3.2.2 has it, IPv6 with or without brackets. */
export function readLiteral(host: string): Address | null {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  const family = isIP(bare)
  if (family === 6) return { address: bare, family }
  return family === 4 && bare === host ? { address: bare, family } : null
}

function systemLookup(name: string, done: (error: Error | null, addresses: Address[]) => void): void {
  if (name === '') {
    done(null, []) // node:dns would print a deprecation warning
    return
  }
  dnsLookup(name, { all: true, order: 'verbatim' }, (error, addresses) =>
    done(error, error === null ? (addresses as Address[]) : []),
  )
}

function timeout(name: string): ProxyError {
  return new ProxyError('dns_timeout', `${name} was not resolved in time`, {
    stage: 'resolve',
    side: 'upstream',
    retry: true,
    deadline: 'resolveMs',
  })
}

/** ENOTFOUND and ENODATA say that there is no such name, or no address for it; all else says that nobody could tell. */
function failure(name: string, cause: unknown): ProxyError {
  const code = String((cause as { code?: unknown }).code ?? 'unknown')
  const facts = { stage: 'resolve', side: 'upstream', retry: true, cause } as const
  if (code === 'ENOTFOUND' || code === 'ENODATA')
    return new ProxyError('destination_not_found', `${name} is not known`, facts)
  return new ProxyError('dns_error', `${name} could not be resolved (${code})`, facts)
}

interface Answer {
  readonly error: ProxyError | null
  readonly addresses: Address[]
  readonly goodUntil: number
}
