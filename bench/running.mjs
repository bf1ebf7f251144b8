import { join } from 'node:path'
import { stopChild } from './children.mjs'
import { newHome } from './machine.mjs'

/**
 * The running proxies. Only one works at a time; the others wait without requests. A proxy has one process for each
 * origin, and another one that writes an access log.
 */
export class Running {
  #started = new Map()
  #origins
  /** Those that did not start, and why: they are not tried again. */
  #broken = new Map()

  constructor(origins) {
    this.#origins = origins
  }

  /** @returns {Promise<{ pid: number, port: number, log?: string, warmed: Set<string> }>} the running one, or a new one */
  async get(peer, row) {
    const key = [peer.name, row.origin ?? 'nginx', row.log ? 'log' : ''].join(' ')
    if (!this.#started.has(key)) this.#started.set(key, await this.#start(peer, row))
    return this.#started.get(key)
  }

  /** A proxy for a single measurement; `stop` ends it. */
  async fresh(peer, row) {
    const running = await this.#start(peer, row)
    return { ...running, stop: () => stopChild(running.child) }
  }

  async stopAll() {
    const all = [...this.#started.values()]
    this.#started.clear()
    await Promise.all(all.map(it => stopChild(it.child)))
  }

  async #start(peer, row) {
    const why = this.#broken.get(peer)
    if (why) throw why
    const log = row.log ? join(newHome('log'), `${peer.name}.log`) : undefined
    const { child, port } = await peer.start(this.#origins[row.origin ?? 'nginx'], { log }).catch(error => {
      this.#broken.set(peer, new Error('it did not start'))
      throw error
    })
    return { child, pid: child.pid, port, log, warmed: new Set() }
  }
}
