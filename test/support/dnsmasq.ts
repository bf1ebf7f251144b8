import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Child, startChild } from './child.js'
import { until } from './conversation.js'
import { pathOf } from './needs.js'
import { freePort } from './ports.js'
import { tempFolder } from './temp-folder.js'

/** A real dnsmasq on loopback that knows the given names of the zone `test` and nothing else. */
export interface Dnsmasq {
  /** `127.0.0.1:port` */
  nameserver: string
  /** Resolves when it knows these names, each with its addresses, and no others. */
  hosts(known: Readonly<Record<string, readonly string[]>>): Promise<void>
  /** How many queries it has received so far. */
  asked(): number
  /** From now on nothing listens there. */
  stop(): Promise<void>
}

export interface DnsmasqOptions {
  hosts?: Readonly<Record<string, readonly string[]>>
  /** Seconds, for all records. */
  ttl?: number
  /** `_http._tcp.app.test,one.test,8001,10,5`: name, target, port, priority, weight. */
  services?: readonly string[]
}

const TRIES = 5

export async function startDnsmasq(t: Test, options: DnsmasqOptions = {}): Promise<Dnsmasq> {
  for (let tries = 1; ; tries++) {
    const started = await start(t, await freePort(), options)
    if (started !== undefined) return started
    if (tries === TRIES) throw new Error(`dnsmasq found no free port in ${TRIES} tries`)
  }
}

async function start(t: Test, port: number, options: DnsmasqOptions): Promise<Dnsmasq | undefined> {
  const { hosts = {}, ttl = 1, services = [] } = options
  const file = join(tempFolder(t), 'hosts')
  writeFileSync(file, linesOf(hosts))
  const child = startChild(t, pathOf('dnsmasq'), [
    ...['--no-daemon', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--local=/test/'],
    ...['--listen-address=127.0.0.1', '--bind-interfaces', `--port=${port}`],
    ...[`--addn-hosts=${file}`, `--local-ttl=${ttl}`, '--log-queries'],
    ...services.map(service => `--srv-host=${service}`),
  ])
  if (!(await isUp(child))) return undefined
  return {
    nameserver: `127.0.0.1:${port}`,
    async hosts(known) {
      const before = timesRead(child)
      writeFileSync(file, linesOf(known))
      child.signal('SIGHUP')
      await until('dnsmasq has read its file again', () => timesRead(child) > before)
    },
    asked: () =>
      child
        .err()
        .split('\n')
        .filter(line => / query\[/.test(line)).length,
    async stop() {
      child.signal('SIGTERM')
      await child.ended
    },
  }
}

/** False when another process has taken the port. */
async function isUp(child: Child): Promise<boolean> {
  let over = false
  child.ended.then(() => {
    over = true
  })
  await until('dnsmasq is up', () => over || timesRead(child) > 0)
  if (!over) return true
  if (/Address already in use/.test(child.err())) return false
  throw new Error(`dnsmasq did not start: ${child.err()}`)
}

function timesRead(child: Child): number {
  return child
    .err()
    .split('\n')
    .filter(line => /: read .*hosts /.test(line)).length
}

function linesOf(hosts: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(hosts)
    .flatMap(([name, addresses]) => addresses.map(address => `${address} ${name}\n`))
    .join('')
}
