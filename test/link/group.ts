import { Balancer, type BalanceSettings, type Membership } from '../../lib/link/balancer.js'

/** A member with only a key and a load. */
export class Peer {
  readonly key: string
  load = 0

  constructor(key: string) {
    this.key = key
  }
}

export const SETTINGS: BalanceSettings = { balance: 'round-robin', ejection: null, slowStartMs: 0, health: null }
export const EJECTION = { failures: 1, withinMs: 1_000, ejectMs: 1_000, ejectedPercentMax: 50 }
export const HEALTH = { healthyAfter: 2, unhealthyAfter: 3 }

/** A group with short names: `a` to `z`, lower case for primaries, upper case for backups; `a*3` has weight 3. */
export class Group {
  readonly balancer: Balancer<Peer>
  readonly peers = new Map<string, Peer>()
  readonly #settings: BalanceSettings

  constructor(names: string, settings: Partial<BalanceSettings> = {}) {
    this.#settings = { ...SETTINGS, ...settings }
    this.balancer = new Balancer<Peer>(this.#settings)
    this.replace(names)
  }

  replace(names: string, settings: Partial<BalanceSettings> = {}, now = 0): void {
    this.balancer.replace(this.memberships(names), { ...this.#settings, ...settings }, now)
  }

  memberships(names: string): Membership<Peer>[] {
    return names
      .split(' ')
      .filter(name => name !== '')
      .map(name => {
        const [key, weight = '1'] = name.split('*') as [string, string?]
        const member = this.peers.get(key) ?? new Peer(key)
        this.peers.set(key, member)
        return { member, weight: Number(weight), backup: key !== key.toLowerCase() }
      })
  }

  peer(key: string): Peer {
    return this.peers.get(key)!
  }

  /** The chosen member, `-` for none. */
  next(now = 0, tried = '', hash = -1): string {
    const peers = [...tried].map(key => this.peer(key))
    return this.balancer.choose(now, hash, peers)?.key ?? '-'
  }

  /** The members chosen in `times` choices, one after the other. */
  run(times: number, now = 0, tried = ''): string {
    return Array.from({ length: times }, () => this.next(now, tried)).join('')
  }

  /** One of its exchanges fails. */
  fail(key: string, now = 0): boolean {
    return this.balancer.failed(this.peer(key), now)
  }

  /** Each check in turn: `+` succeeded, `-` failed. Returns the result of the last. */
  check(key: string, results: string, now = 0): 'up' | 'down' | null {
    return [...results].map(result => this.balancer.checked(this.peer(key), result === '+', now)).at(-1)!
  }

  /** `a up, b ejected` */
  states(now = 0): string {
    return this.balancer
      .states(now)
      .map(({ member, state }) => `${member.key} ${state}`)
      .join(', ')
  }
}

/** How often each letter is in a text. */
export function tally(text: string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const letter of text) counts[letter] = (counts[letter] ?? 0) + 1
  return counts
}
