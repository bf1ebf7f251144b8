import { mix32 } from './key-hash.js'
import type { Balanced, Standing } from './standing.js'

export type Balance = 'round-robin' | 'least-connections' | 'hash'

/**
 * The primaries of a group, or its backups: chooses one of them.
 *
 * - `round-robin`, smoothly weighted: each choice credits every member with its share of the weights, and the member furthest
 *   behind its share is next. With weights 5, 1, 1: a a b a c a a, not a a a a a b c. A member that was out for a while does not
 *   catch up on what went to others meanwhile.
 * - `least-connections`: the least load relative to the weight; among equals, by round robin.
 * - `hash`: rendezvous hashing. Each member draws each key with a strength that depends only on the two and on the weight of the
 *   member; the strongest wins. So when a member leaves, its keys spread over all others by their weights and no other key moves;
 *   when it returns, they return; and every process that knows the same members makes the same choice. Keys map to 65,536 slots,
 *   for which the winner is remembered.
 *
 * O(n); `hash`: O(1) for a slot that was seen before, unless its member is out or in its slow start. Nothing is allocated.
 */
export class Tier<M extends Balanced> {
  readonly #members: readonly Standing<M>[]
  readonly #balance: Balance
  readonly #slowStartMs: number
  /** For each slot the index of the member that wins it when all are eligible; created at the first hash. */
  #winners: Int32Array | null = null

  constructor(members: readonly Standing<M>[], balance: Balance, slowStartMs: number) {
    this.#members = members
    this.#balance = balance
    this.#slowStartMs = slowStartMs
  }

  /**
   * @param hash the hash of the key of the request, 0 to 2^32 - 1; -1 without a key: round robin is used
   * @param panic members that are down or ejected are eligible, too
   */
  choose(now: number, hash: number, tried: readonly M[], panic: boolean): Standing<M> | null {
    if (this.#balance === 'hash' && hash >= 0) return this.#byHash(now, hash, tried, panic)
    return this.#byTurn(now, tried, panic)
  }

  #byTurn(now: number, tried: readonly M[], panic: boolean): Standing<M> | null {
    let least = Number.POSITIVE_INFINITY
    let shared = 0
    for (const one of this.#members) {
      if (!one.isEligible(now, tried, panic)) continue
      const weight = one.weightAt(now, this.#slowStartMs)
      const load = this.#loadOf(one, weight)
      if (load < least) shared = 0
      if (load <= least) shared += weight
      least = Math.min(least, load)
    }
    let next: Standing<M> | null = null
    for (const one of this.#members) {
      if (!one.isEligible(now, tried, panic)) continue
      const weight = one.weightAt(now, this.#slowStartMs)
      if (this.#loadOf(one, weight) > least) continue
      one.lag += weight / shared
      if (next === null || one.lag > next.lag + NOISE) next = one
    }
    if (next !== null) next.lag -= 1
    return next
  }

  /** The load relative to the weight for `least-connections`; otherwise all are equal. */
  #loadOf(one: Standing<M>, weight: number): number {
    return this.#balance === 'least-connections' ? one.member.load / weight : 0
  }

  #byHash(now: number, hash: number, tried: readonly M[], panic: boolean): Standing<M> | null {
    const slot = mix32(hash) >>> SLOT_SHIFT
    const winner = this.#members[this.#winnerOf(slot)]
    if (winner === undefined) return null
    // A member that counts with less than its weight loses some of its keys, and no other member does: the others need no second
    // check.
    const whole = winner.weightAt(now, this.#slowStartMs) === winner.weight
    if (whole && winner.isEligible(now, tried, panic)) return winner
    return this.#members[this.#strongest(slot, now, tried, panic)] ?? null
  }

  #winnerOf(slot: number): number {
    this.#winners ??= new Int32Array(SLOTS).fill(UNKNOWN)
    const known = this.#winners[slot]!
    if (known !== UNKNOWN) return known
    const winner = this.#strongest(slot, Number.POSITIVE_INFINITY, NOBODY, true)
    this.#winners[slot] = winner
    return winner
  }

  /** The index of the eligible member that draws this slot most strongly, or -1. */
  #strongest(slot: number, now: number, tried: readonly M[], panic: boolean): number {
    let strongest = -1
    let strength = 0
    for (let i = 0; i < this.#members.length; i++) {
      const one = this.#members[i]!
      if (!one.isEligible(now, tried, panic)) continue
      const its = draw(slot, one.seeds, one.weightAt(now, this.#slowStartMs))
      if (its <= strength) continue
      strongest = i
      strength = its
    }
    return strongest
  }
}

/**
 * The strength with which a member draws a slot: above 0. The share of slots that a member wins is its share of the sum of the
 * weights: -weight / ln of a uniform random number has this property.
 */
function draw(slot: number, seeds: readonly [number, number], weight: number): number {
  const random = (mix32(mix32(slot ^ seeds[0]) ^ seeds[1]) + 0.5) * 2 ** -32
  return -weight / Math.log(random)
}

/**
 * Rounding: thirds do not add up to one. Of members whose lag differs by less than this, the first is next, so the order is
 * stable.
 */
const NOISE = 1e-9
const NOBODY: readonly never[] = []
const SLOTS = 65_536
const SLOT_SHIFT = 16
const UNKNOWN = -2
