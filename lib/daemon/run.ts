import { systemClock } from '../net/clock.js'
import { hostAndPort } from '../wire/authority.js'
import { Drain } from './drain.js'
import type { DrainTimes } from './gateway-types.js'
import { explainListenError } from './listen-error.js'
import type { Log } from './logs/log.js'
import { reopenLog, runProcess } from './run-process.js'

/** What a command without a configuration file runs: a proxy, or the dumb proxy. */
export interface Service {
  listen(where: { host?: string; port: number }): Promise<{ address: string; port: number }>
  close(options: { graceMs: number }): Promise<void>
  destroy(): void
  /** Responses say `Connection: close` from now on. */
  announce?(): void
  /** Totals for the last lines. */
  stats?(): { client: { open: number; closes: { shutdown?: number } }; exchanges: { active: number } }
}

export interface Running {
  /** Makes a new service: after a failed `listen` another one is made. */
  create(): Service
  listen: { host?: string; port: number }
  /** Use the next free port when the requested one is in use. */
  nextFreePort?: boolean
  /** How long the drain is announced before it begins. */
  announceMs?: number
  /** How long running exchanges may continue after the first signal; 0: as long as it takes; undefined: not at all. */
  drainMs: number | undefined
  log: Log
  /** For the first lines of the log: mode, upstream, version, … */
  facts: object
  /** Called when it listens, after the log line that says so. */
  ready?(bound: { address: string; port: number }): void
}

const PORTS_TRIED = 50

/** Runs a service as a process, from `listen` to the end of the drain. @returns the exit code @throws ListenError */
export function runService(running: Running): Promise<number> {
  const { log, listen, facts } = running
  let service: Service | undefined
  let destroyed = false
  const run = {
    facts,
    async open() {
      const started = await listenSomewhere(running)
      service = started.service
      const { address, port } = started.bound
      log.ready({ address, port, ...facts })
      if (port !== listen.port && listen.port !== 0)
        log.logger.warn(`port ${listen.port} is in use: listening on ${port}, the next free port`)
      running.ready?.(started.bound)
    },
    drain: async (signal: string) => {
      if (service) await drain(service, signal, running, () => destroyed)
    },
    destroy: () => {
      destroyed = true
      service?.destroy()
    },
    hangup: () => reopenLog(log, 'SIGHUP'),
    reopen: () => reopenLog(log, 'SIGUSR2'),
    totals: async () => service?.stats?.(),
  }
  return runProcess(run, log)
}

async function drain(service: Service, signal: string, running: Running, isDestroyed: () => boolean): Promise<void> {
  const { announceMs = 0, drainMs, log } = running
  if (drainMs === undefined) {
    log.logger.info({ signal }, 'stopping')
    return service.close({ graceMs: 0 })
  }
  const before = service.stats?.()
  const counts = before && { connections: before.client.open, exchanges: before.exchanges.active }
  const times = { announceMs: service.announce ? announceMs : 0, graceMs: drainMs }
  tellDrain(log, signal, times, counts)
  const target = {
    announce: () => service.announce?.(),
    drain: (graceMs: number) => service.close({ graceMs }),
    destroy: () => service.destroy(),
  }
  await new Drain(target, systemClock).begin(times)
  if (!isDestroyed()) tellCut(log, drainMs, service.stats?.().client.closes.shutdown ?? 0)
}

/** The first line of a drain. @param counts what is running */
export function tellDrain({ logger }: Log, signal: string, { announceMs, graceMs }: DrainTimes, counts?: object): void {
  const fields = { signal, drainMs: graceMs, ...counts }
  if (announceMs > 0)
    logger.info(
      { ...fields, announceMs },
      'draining: accepting connections for another announceMs, then none; running exchanges may finish',
    )
  else logger.info(fields, 'draining: no new connections; running exchanges may finish')
}

/** What the drain cut off, if anything. */
export function tellCut({ logger }: Log, drainMs: number, connections: number): void {
  if (connections > 0)
    logger.warn({ drainMs, connections }, 'drainMs expired: connections still in use were cut off; see --drain-ms')
}

async function listenSomewhere({ create, listen, nextFreePort }: Running) {
  for (let tried = 0; ; tried++) {
    const { host, port: first } = listen
    const next = first === 0 ? 0 : first + tried
    // When fifty in a row are in use, or there are no higher ones, any free port will do.
    const last = tried === PORTS_TRIED || next > 65_535
    const port = last ? 0 : next
    const service = create()
    try {
      return { service, bound: await service.listen({ ...(host === undefined ? {} : { host }), port }) }
    } catch (error) {
      service.destroy()
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (!nextFreePort || !taken || last) throw explainListenError(error, writeAddress(host, port))
    }
  }
}

/** As it is written on the command line: `[::1]:8080`, `:8080` for every address. */
export function writeAddress(host: string | undefined, port: number): string {
  return hostAndPort(host ?? '', port)
}
