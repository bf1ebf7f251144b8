import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { said, startChild } from '../children.mjs'
import { cores } from '../machine.mjs'
import { versionIn } from './version.mjs'

const HOPWISE = fileURLToPath(new URL('../../dist/bin/hopwise.js', import.meta.url))
const TWO_WORKERS = fileURLToPath(new URL('node/two-workers.mjs', import.meta.url))
// The defaults, except for the limits on connections: the busiest rows come from one address, and every proxy here may
// keep 1,024 connections to the origin.
const ARGS = [
  ...['--client-connections-max', '20000', '--client-connections-per-address-max', '20000'],
  ...['--upstream-idle-max', '1024'],
]

export const hopwise = {
  name: 'hopwise',
  logs: true,
  jit: true,
  missing,
  version,
  start: (origin, { log }) => start([HOPWISE, ...argsFor(origin, log)]),
}

/** Only in rows that name it. */
export const hopwiseTwoWorkers = {
  name: 'hopwise-two-workers',
  byName: true,
  jit: true,
  missing,
  version,
  start: origin => start([TWO_WORKERS, HOPWISE, ...argsFor(origin)]),
}

function argsFor(origin, log = 'off') {
  return ['reverse', origin.url, '--listen', '127.0.0.1:0', '--access-log', log, '--log-format', 'json', ...ARGS]
}

function missing() {
  return existsSync(HOPWISE) ? '' : 'it is not built: npm run build'
}

function version() {
  return versionIn(new URL('../../package.json', import.meta.url))
}

async function start(args) {
  const child = startChild(cores.proxy, process.execPath, args, { env: { NODE_ENV: 'production' } })
  return { child, port: (await said(child, 'listening')).port }
}
