import { runChild } from './children.mjs'
import { cores, cpuNs, findCommand, rssBytes } from './machine.mjs'

const UNIT_MS = { us: 0.001, ms: 1, s: 1000, m: 60_000 }

/**
 * One proxy under one work for so many seconds.
 * @returns requests/s, octets/s, CPU µs of the proxy for each request, p50 and p99 in ms, RSS in bytes, failed requests
 */
export async function measure(peer, row, seconds) {
  const args = ['-t', '1', '-c', String(row.connections), '-d', `${seconds}s`, '--latency', '--timeout', '5s']
  const fields = row.fields.flatMap(field => ['-H', field])
  const before = cpuNs(peer.pid)
  const text = await runChild(
    cores.others,
    findCommand('wrk'),
    [...args, ...fields, `http://127.0.0.1:${peer.port}${row.path}`],
    seconds + 20,
  )
  const cpu = cpuNs(peer.pid) - before
  const requests = Number(/(\d+) requests in/.exec(text)?.[1] ?? 0)
  return {
    requestsPerS: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? 0),
    bytesPerS: size(/Transfer\/sec:\s+([\d.]+)([KMG]?)B/.exec(text)),
    cpuUs: cpu / 1000 / requests,
    p50Ms: latency(text, 50),
    p99Ms: latency(text, 99),
    rssBytes: rssBytes(peer.pid),
    failed: failures(text),
  }
}

function latency(text, percent) {
  const [, value, unit] = new RegExp(`^\\s*${percent}%\\s+([\\d.]+)(us|ms|s|m)`, 'm').exec(text) ?? []
  return Number(value) * UNIT_MS[unit]
}

function size(found) {
  return Number(found?.[1] ?? 0) * { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[found?.[2] ?? '']
}

function failures(text) {
  const socket = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? []
  const status = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0
  return [...socket, status].reduce((sum, it) => sum + Number(it), 0)
}
