import { BoundedMap } from '../../link/bounded-map.js'
import { DEADLINES } from '../../link/deadlines.js'
import { LIMITS } from '../../link/limits.js'
import { ProxyError } from '../../link/proxy-error.js'
import { type Address, readLiteral } from '../address.js'
import { type Clock, systemClock, type Timer } from '../clock.js'
import { type DnsQuestions, dnsError } from './dns-answers.js'
import { askDns } from './machine-names.js'

export { type Address, readLiteral } from '../address.js'

/**
 * Resolves names to addresses, with a short-lived cache: an answer is valid for `ttlMs`, since a recreated container must be
 * found again soon. Further requests for the same name join the lookup in progress. It ends when nothing waits for it any more
 * or `resolveMs` has passed: an unresponsive name server delays only the requests that need it.
 */
export class Resolver {
  #lookup: Lookup
  #limits: ResolverLimits
  readonly #ttlMs: number
  readonly #negativeTtlMs: number
  readonly #clock: Clock
  /** In order of use, the least recently used first. */
  readonly #answers = new BoundedMap<Answer>(1)
  /** Lookups that are awaited. */
  readonly #pending = new Map<string, PendingLookup>()
  /** How many names each client waits for. */
  readonly #shares = new Map<string, number>()
  /** Lookups in progress, including those that are no longer awaited but cannot be cancelled. */
  #lookups = 0
  #asked = 0
  readonly #refused = { lookupsMax: 0, lookupsPerAddressMax: 0 }

  constructor(options: ResolverOptions = {}) {
    this.#lookup = options.lookup ?? lookupWith(null)
    this.#limits = limitsOf(options)
    this.#ttlMs = options.ttlMs ?? 5_000
    this.#negativeTtlMs = options.negativeTtlMs ?? 1_000
    this.#clock = options.clock ?? systemClock
  }

  /** Applies new limits; a new lookup function clears the cache. Lookups in progress continue. */
  configure(limits: Partial<ResolverLimits>, lookup: Lookup = this.#lookup): void {
    this.#limits = limitsOf(limits)
    if (lookup !== this.#lookup) this.#answers.clear()
    this.#lookup = lookup
  }

  /**
   * Calls `done`, which must not throw, once: with all addresses, at least one, in the resolver's order; or with an error and no
   * addresses. For an IP literal (IPv6 with or without brackets), for a cached name, and when a limit is reached, it is called
   * before `resolve` returns.
   *
   * Errors: `dns_timeout`, `destination_not_found`, `dns_error`; a retry is safe after any of them.
   *
   * @param client the client that the lookup counts for, with a limit on its pending lookups; '': none, for a configured name
   * @returns cancels the wait, and `done` is not called then; null: it was already called
   */
  resolve(host: string, done: Resolved, client = ''): (() => void) | null {
    const literal = readLiteral(host)
    if (literal !== null) {
      done(null, [literal])
      return null
    }
    const name = host.toLowerCase()
    const answer = this.#recall(name)
    if (answer !== undefined) {
      done(answer.error, answer.addresses.slice())
      return null
    }
    const known = this.#pending.get(name)
    const refusal = this.#refuse(name, client, known)
    if (refusal !== null) {
      done(refusal, [])
      return null
    }
    const wait: Wait = { done, client }
    const pending = known ?? this.#pendingOf(name)
    this.#join(pending, wait)
    if (known === undefined) this.#ask(pending)
    return wait.done === null ? null : () => this.#leave(pending, wait)
  }

  /** Clears the cache for one name or all names: connecting to every address has failed, or the configuration has changed. */
  forget(host?: string): void {
    if (host === undefined) this.#answers.clear()
    else this.#answers.delete(host.toLowerCase())
  }

  stats(): LookupStats {
    return { pending: this.#lookups, asked: this.#asked, refused: { ...this.#refused } }
  }

  #recall(name: string): Answer | undefined {
    const answer = this.#answers.get(name)
    if (answer === undefined) return undefined
    if (this.#clock.now() < answer.goodUntil) {
      this.#answers.set(name, answer) // now the most recently used
      return answer
    }
    this.#answers.delete(name)
    return undefined
  }

  #refuse(name: string, client: string, known: PendingLookup | undefined): ProxyError | null {
    const { lookupsMax, lookupsPerAddressMax } = this.#limits
    const isNew = client !== '' && known?.clients.has(client) !== true
    if (isNew && (this.#shares.get(client) ?? 0) >= lookupsPerAddressMax) {
      this.#refused.lookupsPerAddressMax++
      const text = `${name} was not looked up: ${lookupsPerAddressMax} lookups for this client are already pending`
      return new ProxyError('dns_error', text, { ...OVER_LIMIT, remedy: { settings: ['lookupsPerAddressMax'] } })
    }
    if (known !== undefined || this.#lookups < lookupsMax) return null
    this.#refused.lookupsMax++
    const text = `${name} was not looked up: ${lookupsMax} lookups are already pending`
    return new ProxyError('dns_error', text, { ...OVER_LIMIT, remedy: { settings: ['lookupsMax'] } })
  }

  #pendingOf(name: string): PendingLookup {
    const pending: PendingLookup = { name, waits: new Set(), clients: new Map(), cancel: null, timer: null }
    this.#pending.set(name, pending)
    return pending
  }

  #ask(pending: PendingLookup): void {
    const { name } = pending
    const { resolveMs } = this.#limits
    this.#lookups++
    this.#asked++
    if (resolveMs > 0)
      pending.timer = this.#clock.after(resolveMs, () => {
        this.#cancel(pending)
        this.#answer(pending, timeout(name, resolveMs), [])
      })
    let isOpen = true
    const answered = (error: Error | null, addresses: Address[]): void => {
      if (!isOpen) return
      isOpen = false
      this.#lookups--
      pending.cancel = null
      pending.timer?.cancel()
      if (error !== null) this.#answer(pending, dnsError(name, error), [])
      else if (addresses.length === 0) this.#answer(pending, dnsError(name, NO_DATA), [])
      else this.#answer(pending, null, addresses)
    }
    try {
      const cancel = this.#lookup(name, answered)
      if (!isOpen || typeof cancel !== 'function') return
      pending.cancel = () => {
        isOpen = false
        this.#lookups--
        cancel()
      }
    } catch {
      answered(new Error('unknown'), []) // the name is invalid
    }
  }

  #cancel(pending: PendingLookup): void {
    const { cancel } = pending
    pending.cancel = null
    cancel?.()
  }

  #join(pending: PendingLookup, wait: Wait): void {
    const { waits, clients } = pending
    const { client } = wait
    waits.add(wait)
    if (client === '') return
    const before = clients.get(client) ?? 0
    clients.set(client, before + 1)
    if (before === 0) this.#shares.set(client, (this.#shares.get(client) ?? 0) + 1)
  }

  #leave(pending: PendingLookup, wait: Wait): void {
    if (wait.done === null) return
    wait.done = null
    const { name } = pending
    if (this.#pending.get(name) !== pending) return // the waiters are being called back
    pending.waits.delete(wait)
    const left = (pending.clients.get(wait.client) ?? 1) - 1
    if (left > 0) pending.clients.set(wait.client, left)
    else if (pending.clients.delete(wait.client)) this.#returnShare(wait.client)
    if (pending.waits.size > 0) return
    this.#pending.delete(name)
    pending.timer?.cancel()
    this.#cancel(pending)
  }

  #returnShare(client: string): void {
    const left = this.#shares.get(client)! - 1
    if (left > 0) this.#shares.set(client, left)
    else this.#shares.delete(client)
  }

  #answer(pending: PendingLookup, error: ProxyError | null, addresses: Address[]): void {
    const { name, waits, clients } = pending
    const late = this.#pending.get(name) !== pending
    // An answer after the deadline is too late for those that waited, but the next request can use it.
    if (late && error !== null) return
    const ttlMs = error === null ? this.#ttlMs : this.#negativeTtlMs
    if (ttlMs > 0) this.#remember(name, { error, addresses, goodUntil: this.#clock.now() + ttlMs })
    if (late) return
    this.#pending.delete(name)
    for (const client of clients.keys()) this.#returnShare(client)
    for (const wait of waits) {
      const { done } = wait
      wait.done = null
      done?.(error, addresses.slice())
    }
  }

  #remember(name: string, answer: Answer): void {
    this.#answers.max = this.#limits.namesMax
    this.#answers.set(name, answer)
  }
}

export type Resolved = (error: ProxyError | null, addresses: Address[]) => void

/**
 * Looks up a name and calls back once, now or later. @returns optionally a function that cancels it; a later callback is
 * ignored
 */
export type Lookup = (name: string, done: (error: Error | null, addresses: Address[]) => void) => unknown

export interface ResolverLimits {
  /** 0: no limit. */
  readonly resolveMs: number
  readonly namesMax: number
  /** Lookups pending at once, in total and per client. */
  readonly lookupsMax: number
  readonly lookupsPerAddressMax: number
}

export interface ResolverOptions extends Partial<ResolverLimits> {
  /** Default: as the machine resolves names. */
  lookup?: Lookup
  ttlMs?: number
  negativeTtlMs?: number
  clock?: Clock
}

export interface LookupStats {
  readonly pending: number
  /** Since the start, like `refused`. */
  readonly asked: number
  /** Per limit that was reached. */
  readonly refused: Readonly<Record<'lookupsMax' | 'lookupsPerAddressMax', number>>
}

/**
 * Asks these name servers, or for null resolves as the machine does.
 * @throws if a name server is not an IP address with or without a port
 */
export function lookupWith(nameservers: readonly string[] | null): Lookup {
  if (nameservers !== null) askDns(nameservers)
  return lookupBy(() => askDns(nameservers))
}

/** A lookup by queries that are made for each name. */
export function lookupBy(ask: () => DnsQuestions): Lookup {
  return (name, done) => {
    const questions = ask()
    questions.addresses(name, (error, { addresses }) => {
      questions.cancel() // queries that are still open
      done(error, [...addresses])
    })
    return () => questions.cancel()
  }
}

function limitsOf(limits: Partial<ResolverLimits>): ResolverLimits {
  return {
    resolveMs: limits.resolveMs ?? DEADLINES.resolveMs,
    namesMax: limits.namesMax ?? LIMITS.originsMax,
    lookupsMax: limits.lookupsMax ?? LIMITS.lookupsMax,
    lookupsPerAddressMax: limits.lookupsPerAddressMax ?? LIMITS.lookupsPerAddressMax,
  }
}

function timeout(name: string, resolveMs: number): ProxyError {
  return new ProxyError('dns_timeout', `${name} was not resolved within ${resolveMs} ms`, {
    stage: 'resolve',
    side: 'upstream',
    deadline: 'resolveMs',
  })
}

const OVER_LIMIT = { stage: 'resolve', side: 'proxy', status: 503 } as const
const NO_DATA = Object.assign(new Error('no address'), { code: 'ENODATA' })

/** One name that is being looked up. */
interface PendingLookup {
  readonly name: string
  readonly waits: Set<Wait>
  /** The number of waits per client. */
  readonly clients: Map<string, number>
  cancel: (() => void) | null
  timer: Timer | null
}

interface Wait {
  /** null: already called, or cancelled. */
  done: Resolved | null
  readonly client: string
}

interface Answer {
  readonly error: ProxyError | null
  readonly addresses: Address[]
  readonly goodUntil: number
}
