import { writeFileSync } from 'node:fs'
import * as net from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { startChild } from './child.js'
import { pathOf } from './needs.js'
import { freePort } from './ports.js'
import { tempFolder } from './temp-folder.js'

export interface Haproxy {
  /** One for each `PORT<n>` of the configuration, counting from 1. */
  ports: number[]
}

const TRIES = 5

/**
 * A real HAProxy in the foreground. `sections` are its frontends and backends, with `PORT1`, `PORT2`, … for the ports to listen
 * on.
 */
export async function startHaproxy(t: Test, sections: string): Promise<Haproxy> {
  for (let tries = 1; ; tries++) {
    const count = new Set(sections.match(/PORT\d+/g)).size
    const ports: number[] = []
    while (ports.length < count) ports.push(await freePort())
    if (await start(t, sections, ports)) return { ports }
    if (tries === TRIES) throw new Error(`haproxy found no free ports in ${TRIES} tries`)
  }
}

async function start(t: Test, sections: string, ports: readonly number[]): Promise<boolean> {
  const file = join(tempFolder(t), 'haproxy.cfg')
  const common = 'defaults\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n'
  writeFileSync(
    file,
    `global\n  maxconn 100\n${common}${sections.replace(/PORT(\d+)/g, (_, nth) => `${ports[nth - 1]}`)}`,
  )
  const child = startChild(t, pathOf('haproxy'), ['-db', '-f', file])
  let over = false
  child.ended.then(() => {
    over = true
  })
  for (const port of ports) {
    while (!(await accepts(port))) {
      if (over && /cannot bind/.test(child.err())) return false
      if (over) throw new Error(`haproxy did not start: ${child.err()}`)
    }
  }
  return true
}

async function accepts(port: number): Promise<boolean> {
  await new Promise(done => setTimeout(done, 20))
  return new Promise(done => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('connect', () => done(true)).on('error', () => done(false))
    socket.on('connect', () => socket.destroy())
  })
}
