import type { Experiment } from './experiment.js'
import { close } from './experiments/close.js'
import { connection } from './experiments/connection.js'
import { death } from './experiments/death.js'
import { handshake } from './experiments/handshake.js'
import { hang } from './experiments/hang.js'
import { keepAlive } from './experiments/keep-alive.js'
import { nagle } from './experiments/nagle.js'
import { nominated } from './experiments/nominated.js'
import { pageLoad } from './experiments/page-load.js'
import { persistent } from './experiments/persistent.js'
import { pipelining } from './experiments/pipelining.js'
import { pool } from './experiments/pool.js'
import { proxyConnection } from './experiments/proxy-connection.js'
import { resources } from './experiments/resources.js'
import { tcpKeepalive } from './experiments/tcp-keepalive.js'
import { twoProxies } from './experiments/two-proxies.js'
import { twoSides } from './experiments/two-sides.js'
import { websocket } from './experiments/websocket.js'

/** Every experiment of the laboratory, in the order of a course. */
export const EXPERIMENTS: readonly Experiment[] = [
  connection,
  keepAlive,
  persistent,
  twoSides,
  hang,
  proxyConnection,
  twoProxies,
  nominated,
  pageLoad,
  pipelining,
  tcpKeepalive,
  websocket,
  pool,
  handshake,
  nagle,
  close,
  death,
  resources,
]

/** The experiment with that id. */
export function experimentCalled(id: string): Experiment | undefined {
  return EXPERIMENTS.find(each => each.id === id)
}
