import { statSync } from 'node:fs'
import { runH2load } from './loads/h2load.mjs'
import { runIdle, runSlow } from './loads/memory.mjs'
import { runWrk } from './loads/wrk.mjs'
import { cores } from './machine.mjs'
import { octetsTaken } from './origins/start.mjs'
import { coreBusyNs, cpuBetween, cpuSpent, rssBytes } from './proc.mjs'

/**
 * One proxy under one workload for `seconds`.
 * @param {{ pid: number, port: number, log?: string }} running
 * @param {import('./rows.mjs').Row} row
 * @param {{ seconds: number, offered: number, raw: object }} how offered: requests per second of the row `offered`
 * @typedef {{ requests: number, failed: number, requestsPerS?: number, mbPerS?: number, cpuUs?: number, userUs?: number,
 *   systemUs?: number, busy?: number, foreign?: number, p50Ms?: number, p99Ms?: number, rssBytes: number, open?: number,
 *   rssBeforeBytes?: number, eachBytes?: number }} Measured
 *   cpuUs, userUs, systemUs: of the proxy for each request; busy: share of the time that it used a core;
 *   foreign: share of the time that other processes used its core; eachBytes: memory for each connection of a memory row
 * @returns {Promise<Measured>}
 */
export async function measure(running, row, { seconds, offered, raw }) {
  if (row.load === 'idle') return runIdle(row, running)
  if (row.load === 'slow') return runSlow(row, running, seconds)
  const takenBefore = row.counted === 'received' ? await octetsTaken(raw) : 0
  const began = process.hrtime.bigint()
  const core = coreBusyNs(cores.proxy)
  const cpu = cpuSpent(running.pid)
  const load = await run(row, running.port, seconds, offered)
  const spent = cpuBetween(cpu, cpuSpent(running.pid))
  const busyNs = coreBusyNs(cores.proxy) - core
  const wallNs = Number(process.hrtime.bigint() - began)
  const taken = row.counted === 'received' ? (await octetsTaken(raw)) - takenBefore : 0
  // Large content: messages that are unfinished at the end have cost CPU too, so bytes are counted, not whole messages.
  const octets = row.counted === 'received' ? taken : load.octets
  const requests = row.counted ? octets / row.octets : load.requests
  if (!(requests > 0)) throw new Error('no request was answered')
  const each = ns => ns / 1000 / requests
  return {
    requests,
    failed: load.failed + (running.log && statSync(running.log).size === 0 ? 1 : 0),
    requestsPerS: requests / load.seconds,
    mbPerS: row.octets ? (requests * row.octets) / load.seconds / 1e6 : undefined,
    cpuUs: each(spent.ns),
    userUs: each(spent.userNs),
    systemUs: each(spent.systemNs),
    busy: spent.ns / wallNs,
    foreign: Math.max(0, (busyNs - spent.ns) / wallNs),
    p50Ms: load.p50Ms,
    p99Ms: load.p99Ms,
    rssBytes: rssBytes(running.pid),
  }
}

/** The load alone: for the warm-up. */
export function run(row, port, seconds, offered) {
  return row.load === 'h2load' ? runH2load(row, port, seconds, offered) : runWrk(row, port, seconds)
}
