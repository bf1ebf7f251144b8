import { findCommand } from './machine.mjs'
import { measure, run } from './measure.mjs'
import { ROWS } from './rows.mjs'

/** Additional warm-up for proxies that compile at run time. */
const JIT_SECONDS = 2
const WARM_SECONDS = 1
/** Estimates: to start a proxy and to end it; to start a load. */
const START_SECONDS = 0.6
const LOAD_SECONDS = 0.2
/** Memory rows: to start the proxy, to warm it, to open the connections, to let it settle. */
const FRESH_SECONDS = 8

/** What is measured in a round: each row with each proxy that can do it; each round begins with another proxy. */
export function cellsOf(rows, peers, round) {
  return rows
    .filter(row => round === 0 || !row.fresh)
    .flatMap(row => {
      const able = peers.filter(peer => isFor(peer, row))
      const first = able.length ? round % able.length : 0
      return [...able.slice(first), ...able.slice(0, first)].map(peer => ({ row, peer }))
    })
}

function isFor(peer, row) {
  if (row.peers) return row.peers.includes(peer.name)
  return !peer.byName && (row.plain || !peer.plainOnly) && (peer.logs || !row.log)
}

/** Why a row cannot be measured here, '' if it can. */
export function rowLacks(row) {
  return row.load === 'h2load' && !findCommand('h2load') ? 'apt-get install nghttp2-client' : ''
}

/** @returns about how many seconds a run takes */
export function estimate({ rows, peers, rounds, seconds, restart }) {
  let sum = 0
  for (let round = 0; round < rounds; round++) {
    const started = new Set()
    for (const { row, peer } of cellsOf(rows, peers, round)) {
      const process = [peer.name, row.origin, row.log].join()
      const warm = restart || round === 0
      if (row.fresh) sum += FRESH_SECONDS + (row.load === 'slow' ? seconds : 0)
      else sum += seconds + LOAD_SECONDS + (warm ? WARM_SECONDS + LOAD_SECONDS : 0)
      if (!row.fresh && warm && !started.has(process)) sum += START_SECONDS + (peer.jit ? JIT_SECONDS : 0)
      started.add(process)
    }
  }
  return sum
}

/**
 * Measures, and passes each result to `onResult` and each failure to `onFailure`; a failure does not end the run.
 * @param {{ rows: object[], peers: object[], rounds: number, seconds: number, restart: boolean, offered: number }} plan
 * @param {{ running: import('./running.mjs').Running, raw: object, isEnded: () => boolean,
 *   onStep: (text: string) => void, onResult: (result: object) => void, onFailure: (text: string) => void }} context
 */
export async function runRounds(plan, context) {
  const { running, isEnded, onStep, onResult, onFailure } = context
  for (let round = 0; round < plan.rounds; round++) {
    for (const { row, peer } of cellsOf(plan.rows, plan.peers, round)) {
      if (isEnded()) return
      onStep(`round ${round + 1} of ${plan.rounds}: ${row.name}: ${peer.name}`)
      try {
        const measured = await (row.fresh ? measureFresh : measureWarm)(peer, row, plan, context)
        onResult({ round, row: row.name, peer: peer.name, ...measured })
      } catch (error) {
        if (!isEnded()) onFailure(`${row.name}: ${peer.name}: ${error.message.trim().slice(0, 500)}`)
      }
    }
    if (plan.restart) await running.stopAll()
  }
}

async function measureWarm(peer, row, plan, { running, raw }) {
  const proxy = await running.get(peer, row)
  if (peer.jit && proxy.warmed.size === 0) await run(row, proxy.port, JIT_SECONDS, plan.offered)
  if (!proxy.warmed.has(row.name)) await run(row, proxy.port, WARM_SECONDS, plan.offered)
  proxy.warmed.add(row.name)
  return measure(proxy, row, { ...plan, raw })
}

/** Memory rows are warmed up by another row: code, heap and pool are then in place, the row's own connections are not. */
async function measureFresh(peer, row, plan, { running, raw }) {
  const proxy = await running.fresh(peer, row)
  try {
    await run(ROWS[0], proxy.port, JIT_SECONDS, plan.offered)
    return await measure(proxy, row, { ...plan, raw })
  } finally {
    await proxy.stop()
  }
}
