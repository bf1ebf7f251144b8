import type { Shown, Snapshot } from '../../admin/source.js'

/** The snapshot of one worker. */
export interface WorkerSnapshot {
  readonly worker: number
  readonly snapshot: Snapshot
}

/**
 * The snapshots of all workers together, each id with its worker's number: `w2.c12`. At most `max` of each kind.
 * @param at milliseconds since 1970
 */
export function mergedSnapshot(parts: readonly WorkerSnapshot[], max: number, at: number): Snapshot {
  const told = parts.map(({ worker, snapshot: { clients, upstreams, exchanges, closed } }) => {
    // '' means "none", in any process.
    const id = (bare: string) => (bare === '' ? '' : `w${worker}.${bare}`)
    const named = <T extends { id: string }>(one: T): T => ({ ...one, id: id(one.id) })
    return {
      clients: shown(clients, named),
      upstreams: shown(upstreams, named),
      exchanges: shown(exchanges, one => ({ ...named(one), client: id(one.client), upstream: id(one.upstream) })),
      closed: closed.map(named),
    }
  })
  const newestFirst = told.flatMap(({ closed }) => closed).sort((a, b) => b.at - a.at)
  return {
    at,
    clients: together(
      told.map(({ clients }) => clients),
      max,
    ),
    upstreams: together(
      told.map(({ upstreams }) => upstreams),
      max,
    ),
    exchanges: together(
      told.map(({ exchanges }) => exchanges),
      max,
    ),
    closed: newestFirst.slice(0, Math.max(0, ...told.map(({ closed }) => closed.length))),
  }
}

/** The worker of exchange `w2.x7`; null: not an exchange of a worker. */
export function ledgerFrom(exchange: string): { worker: number; exchange: string } | null {
  const [, worker, bare] = /^w(\d{1,9})\.(.+)$/.exec(exchange) ?? []
  return worker === undefined || bare === undefined ? null : { worker: Number(worker), exchange: bare }
}

function shown<T>({ list, total }: Shown<T>, each: (one: T) => T): Shown<T> {
  return { list: list.map(each), total }
}

/** As many from each as from the others, since each list has its busiest first. */
function together<T>(all: readonly Shown<T>[], max: number): Shown<T> {
  const longest = Math.max(0, ...all.map(({ list }) => list.length))
  const inTurn = Array.from({ length: longest }, (_, i) => all.flatMap(({ list }) => list.slice(i, i + 1))).flat()
  return { list: inTurn.slice(0, max), total: all.reduce((sum, { total }) => sum + total, 0) }
}
