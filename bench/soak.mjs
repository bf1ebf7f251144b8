import { runWrk } from './loads/wrk.mjs'
import { rssBytes } from './proc.mjs'
import { median, slope } from './report/statistics.mjs'
import { toText } from './report/tables.mjs'

/** The mix: one row after the other, for SECONDS_EACH. All in one process, so all with one origin. */
const MIX = ['small', 'fields', '64k', 'new-connection', 'small-1000', 'pipelined', '10m']
const SECONDS_EACH = 5
/** The first part of the time lets the heap find its size. */
const SETTLING = 1 / 3

/**
 * Mixed load for `minutes`, and the proxy's memory after each part of it.
 * @returns {Promise<{ peer: string, samples: [number, number][], text: string }>} samples: [minutes, bytes of RSS]
 */
export async function soak(peer, rows, minutes, { running, isEnded, onStep }) {
  const mix = MIX.map(name => rows.find(it => it.name === name))
  const proxy = await running.fresh(peer, mix[0])
  const began = Date.now()
  const passed = () => (Date.now() - began) / 60_000
  const samples = []
  let requests = 0
  let failed = 0
  for (let i = 0; passed() < minutes && !isEnded(); i++) {
    const row = mix[i % mix.length]
    const load = await runWrk(row, proxy.port, SECONDS_EACH)
    requests += load.requests
    failed += load.failed
    samples.push([passed(), rssBytes(proxy.pid)])
    onStep(`soak: ${peer.name}: ${passed().toFixed(1)} of ${minutes} minutes, ${mib(samples.at(-1)[1])} MiB`)
  }
  await proxy.stop()
  return { peer: peer.name, samples, text: describe(peer.name, samples, requests, failed) }
}

function describe(name, samples, requests, failed) {
  const settled = samples.slice(Math.floor(samples.length * SETTLING))
  const rise = slope(settled.map(([minute, bytes]) => [minute, bytes / 1024]))
  const perMinute = new Map()
  for (const [minute, bytes] of samples) {
    const list = perMinute.get(Math.floor(minute)) ?? []
    perMinute.set(Math.floor(minute), [...list, bytes])
  }
  const lines = [...perMinute].map(([minute, list]) => [
    `${minute}–${minute + 1}`,
    ...[Math.min(...list), median(list), Math.max(...list)].map(mib),
  ])
  return [
    `${name}: ${requests} requests, ${failed} failed; RSS rises by ${rise.toFixed(0)} KiB a minute after the first third`,
    toText([['minute', 'least MiB', 'median', 'most'], ...lines]),
  ].join('\n')
}

function mib(bytes) {
  return (bytes / 2 ** 20).toFixed(1)
}
