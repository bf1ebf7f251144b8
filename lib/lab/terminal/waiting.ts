import type { Party } from '../events.js'
import type { Waiting } from '../waits.js'
import type { Phrases } from './words.js'

/** Which party waits for which at one moment, as a sentence, and as a chain that needs less room. */
export interface WaitingText {
  readonly sentence: string
  /** `a cycle: client → dumb proxy ⇄ origin server` */
  readonly chain: string
  /** They wait for one another: a hang. */
  readonly cycle: boolean
}

/**
 * Null: no party waits. Clients first, then the parties that they wait for.
 * @param hangs they wait for one another and cannot go on
 */
export function waitingText(
  waiting: Waiting,
  hangs: boolean,
  parties: readonly Party[],
  nameOf: (id: string) => string,
  { joined, cycle }: Phrases,
): WaitingText | null {
  if (waiting.size === 0) return null
  const chains = chainsOf(waiting, parties)
  const pairs = chains.flatMap(chain =>
    chain.slice(0, -1).map((who, i) => [nameOf(who), nameOf(chain[i + 1] ?? '')] as const),
  )
  return {
    sentence: `${joined(pairs)}${hangs ? `: ${cycle}` : ''}`,
    chain: `${hangs ? `${cycle}: ` : ''}${chains.map(chain => drawn(chain.map(nameOf))).join(', ')}`,
    cycle: hangs,
  }
}

/** Two parties that wait for each other are drawn as one pair. */
function drawn(chain: readonly string[]): string {
  const pair = chain.length > 2 && chain.at(-1) === chain.at(-3)
  return pair ? `${chain.slice(0, -2).join(' → ')} ⇄ ${chain.at(-2)}` : chain.join(' → ')
}

/** Each chain ends with a party that does not wait, or that is already in a chain. */
function chainsOf(waiting: Waiting, parties: readonly Party[]): string[][] {
  const clients = parties.filter(({ role }) => role === 'client').map(({ id }) => id)
  const told = new Set<string>()
  const chains: string[][] = []
  for (const first of [...clients, ...waiting.keys()]) {
    if (told.has(first) || !waiting.has(first)) continue
    const chain = [first]
    for (let who = first; !told.has(who); ) {
      const on = waiting.get(who)
      if (on === undefined) break
      told.add(who)
      chain.push(on)
      who = on
    }
    chains.push(chain)
  }
  return chains
}
