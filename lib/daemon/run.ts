import { explainListenError } from './listen-error.js'
import type { Log } from './log.js'
import { onSignals } from './signals.js'

/** What a daemon runs: a proxy, or the dumb one. */
export interface Service {
  listen(where: { host?: string; port: number }): Promise<{ address: string; port: number }>
  close(options: { graceMs: number }): Promise<void>
  destroy(): void
  /** Totals for the last lines. */
  stats?(): { client: { open: number; closes: { shutdown?: number } }; exchanges: { active: number } }
}

export interface Running {
  /** A service that was never used: after a failed `listen` another one is made. */
  create(): Service
  listen: { host?: string; port: number }
  /** Take the next free port when the wanted one is taken. */
  nextFreePort?: boolean
  /** How long what runs may go on after the first signal, 0: as long as it takes; undefined: not at all. */
  drainMs: number | undefined
  log: Log
  /** For the lines that say how it began: mode, upstream, version, … */
  facts: object
  /** Called when it listens, after the line that says so. */
  ready?(bound: { address: string; port: number }): void
}

/** For the last lines of a log, when everything else is over. */
const LAST_LINES_MS = 200
const PORTS_TRIED = 50
/** EX_SOFTWARE of sysexits.h: an error of ours. */
export const EXIT_INTERNAL = 70

/**
 * Runs a service as a process, from `listen` to the end of the drain. Ends the process itself where there is no time
 * left (a second signal, an error nobody caught).
 *
 * @returns the exit code @throws ListenError
 */
export async function runService(running: Running): Promise<number> {
  const { log, listen, facts } = running
  log.logger.info(facts, 'starting')
  let service: Service | undefined
  let stop = (_signal: string) => {}
  const stopping = new Promise<string>(resolve => {
    stop = resolve
  })
  const giveBack = onSignals({
    stop,
    stopNow: (signal, code) => {
      log.logger.warn({ signal }, 'a second signal: ending at once')
      void endNow(code, log, service)
    },
    hangup: () => hangup(log),
  })
  const onLastResort = (error: unknown) => lastResort(error, log, service)
  process.on('uncaughtException', onLastResort).on('unhandledRejection', onLastResort)

  try {
    const started = await listenSomewhere(running)
    service = started.service
    const { address, port } = started.bound
    log.ready({ address, port, ...facts })
    if (port !== listen.port && listen.port !== 0)
      log.logger.warn(`port ${listen.port} is taken: listening on ${port}, the next free one`)
    running.ready?.(started.bound)

    const signal = await stopping
    await drain(service, signal, running)
    log.logger.info({ ...service.stats?.(), logLinesDropped: log.dropped() }, 'stopped')
    return 0
  } finally {
    giveBack()
    process.off('uncaughtException', onLastResort).off('unhandledRejection', onLastResort)
    await log.end(LAST_LINES_MS)
  }
}

async function drain(service: Service, signal: string, { drainMs, log: { logger } }: Running): Promise<void> {
  if (drainMs === undefined) {
    logger.info({ signal }, 'stopping')
    return service.close({ graceMs: 0 })
  }
  const before = service.stats?.()
  const running = before && { connections: before.client.open, exchanges: before.exchanges.active }
  logger.info({ signal, drainMs, ...running }, 'draining: no new connections, what runs may end')
  await service.close({ graceMs: drainMs })
  const cut = service.stats?.().client.closes.shutdown ?? 0
  if (cut > 0) logger.warn({ drainMs, connections: cut }, 'drainMs passed: what still ran was cut off; see --drain-ms')
}

function hangup({ logger, reopen }: Log): void {
  try {
    logger.info(reopen() ? 'SIGHUP: the access log was opened anew' : 'SIGHUP: there is nothing to reload yet')
  } catch (error) {
    logger.error({ err: error }, 'SIGHUP: the access log could not be opened anew; lines go on into the old file')
  }
}

async function listenSomewhere({ create, listen, nextFreePort }: Running) {
  for (let tried = 0; ; tried++) {
    const { host, port: first } = listen
    const next = first === 0 ? 0 : first + tried
    // When fifty in a row are taken, or there are no more, any free one will do.
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
  return `${host?.includes(':') ? `[${host}]` : (host ?? '')}:${port}`
}

/**
 * An error that nobody caught. The proxy catches its own, so this one says that something is not as we think, and what
 * goes on from there may mix up clients: better to end, loudly, and be started again.
 */
function lastResort(error: unknown, log: Log, service: Service | undefined): void {
  log.logger.fatal({ err: error }, 'an error of hopwise itself: ending. Please report it with these lines')
  void endNow(EXIT_INTERNAL, log, service)
}

async function endNow(code: number, log: Log, service: Service | undefined): Promise<void> {
  service?.destroy()
  await log.end(LAST_LINES_MS)
  process.exit(code)
}
