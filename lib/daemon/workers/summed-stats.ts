import { mergedStanding } from '../../admin/member-state.js'
import type { MemberTotals } from '../../admin/source.js'
import type { GatewayStats } from '../gateway-types.js'

/** The statistics of several processes as those of one. @param all at least one */
export function summedStats(all: readonly GatewayStats[]): GatewayStats {
  if (all.length === 0) throw new Error('no worker has reported statistics yet')
  return all.reduce((sum, next) => merged(sum, next) as GatewayStats)
}

/**
 * The counts of processes that are gone: counters never go back, whichever process dies. What was open or in progress there
 * is gone with it.
 */
export class Retired {
  #sum: GatewayStats | undefined

  /** @param last the last report of a process, if there was one */
  add(last: GatewayStats | undefined): void {
    if (last === undefined) return
    const { upstream, ...others } = withoutGauges(last) as GatewayStats
    // Origins have no counts, and the clients of a forward proxy can name any number of them.
    const counted = { ...others, upstream: { ...upstream, origins: [] } }
    this.#sum = this.#sum === undefined ? counted : summedStats([this.#sum, counted])
  }

  /** None, or one. */
  stats(): GatewayStats[] {
    return this.#sum === undefined ? [] : [this.#sum]
  }

  /**
   * The counts of the living processes and of those that are gone. A server that no living process has is dropped with its
   * counts, as with a single process: with names whose addresses change, the list would grow without end.
   */
  addedTo(living: GatewayStats): GatewayStats {
    if (this.#sum === undefined) return living
    const known = new Map(living.groups.map(({ name, members }) => [name, new Set(members.map(nameOf))]))
    const groups = this.#sum.groups.flatMap(group => {
      const names = known.get(group.name)
      return names === undefined
        ? []
        : [{ ...group, members: group.members.filter(member => names.has(nameOf(member))) }]
    })
    this.#sum = { ...this.#sum, groups }
    return summedStats([living, this.#sum])
  }
}

/** Values that rise and fall. */
const GAUGES: ReadonlySet<string> = new Set([
  'open',
  'idle',
  'active',
  'busy',
  'reserved',
  'dialing',
  'waiting',
  'pending',
])
/** Numbers that are not simply added. */
const OTHERWISE: Readonly<Record<string, (a: number, b: number) => number>> = {
  startedAt: Math.min,
  learnedIdleMs: Math.min,
  announcedIdleMs: Math.min,
  weight: a => a,
  // In whole microseconds: a sum of fractions depends on their order, and a total that shrinks in its last digit looks like a
  // restart.
  sum: (a, b) => (Math.round(a * 1e6) + Math.round(b * 1e6)) / 1e6,
}
/** Lists of numbers that are not counts. */
const NOT_COUNTED: ReadonlySet<string> = new Set(['bounds'])
/** The keys that identify an item of a list, so that each is added to its counterpart. */
const KEYS = ['name', 'origin'] as const

type Fields = Readonly<Record<string, unknown>>

/**
 * Both have the same shape: numbers are added, objects merged field by field, lists of objects by name; of all else the first
 * stays.
 */
function merged(a: unknown, b: unknown, key = ''): unknown {
  if (a === undefined || b === undefined) return a ?? b
  if (typeof a === 'number' && typeof b === 'number') return (OTHERWISE[key] ?? plus)(a, b)
  if (Array.isArray(a) && Array.isArray(b)) return NOT_COUNTED.has(key) ? a : mergedLists(a, b)
  if (!isFields(a) || !isFields(b)) return a
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  const sum = Object.fromEntries([...names].map(name => [name, merged(a[name], b[name], name)]))
  return isMember(a) && isMember(b) ? { ...sum, ...mergedStanding(a, b) } : sum
}

/** One server of a group, which needs more than sums. */
const isMember = (value: Fields): value is Fields & MemberTotals => 'failuresInRow' in value

const plus = (a: number, b: number): number => a + b

function mergedLists(a: readonly unknown[], b: readonly unknown[]): readonly unknown[] {
  if (a.length === 0 || b.length === 0) return b.length === 0 ? a : b
  const key = [...a, ...b].map(nameOf).find(name => name !== undefined)
  if (key === undefined) return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => merged(a[i], b[i]))
  const all = new Map<unknown, unknown>()
  for (const one of [...a, ...b]) all.set(nameOf(one), merged(all.get(nameOf(one)), one))
  return [...all.values()]
}

function nameOf(value: unknown): unknown {
  return isFields(value) ? KEYS.map(key => value[key]).find(name => name !== undefined) : undefined
}

/** The state that a gone process saw says nothing about the server now. */
const GONE_MEMBER = { state: 'up', checked: false, failuresInRow: 0 }

function withoutGauges(value: unknown, key = ''): unknown {
  if (typeof value === 'number') return GAUGES.has(key) ? 0 : value
  if (Array.isArray(value)) return value.map(one => withoutGauges(one))
  if (!isFields(value)) return value
  const all = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withoutGauges(one, name)]))
  return isMember(value) ? { ...all, ...GONE_MEMBER } : all
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
