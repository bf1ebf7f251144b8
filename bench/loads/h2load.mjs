import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runChild } from '../children.mjs'
import { cores, findCommand, folder } from '../machine.mjs'
import { percentile } from '../report/statistics.mjs'

/** A fixed total rate, whether the proxy keeps up or not. Latencies come from h2load's log of each request. */
export async function runH2load(row, port, seconds, perSecond) {
  const log = join(folder, `h2load-${port}.log`)
  rmSync(log, { force: true })
  const { connections } = row
  const rate = String(Math.max(1, Math.round(perSecond / connections)))
  const args = ['--h1', '-t', '1', '-c', String(connections), '-D', String(seconds), '--rps', rate, '--log-file', log]
  const url = `http://127.0.0.1:${port}${row.path}`
  const text = await runChild(cores.others, findCommand('h2load'), [...args, url], seconds + 20)
  const done = /requests: (\d+) total, \d+ started, \d+ done, (\d+) succeeded, (\d+) failed, (\d+) errored/.exec(text)
  if (!done) throw new Error(`h2load printed no summary: ${text}`)
  const latencies = readLog(log)
  rmSync(log, { force: true })
  return {
    requests: Number(done[2]),
    octets: 0,
    seconds,
    failed: Number(done[3]) + Number(done[4]),
    p50Ms: percentile(latencies, 50) / 1000,
    p99Ms: percentile(latencies, 99) / 1000,
  }
}

/** The lines have start, status and duration in µs. @returns the durations of successful requests */
function readLog(path) {
  const lines = readFileSync(path, 'latin1').split('\n')
  return lines.filter(line => line.includes('\t200\t')).map(line => Number(line.slice(line.lastIndexOf('\t') + 1)))
}
