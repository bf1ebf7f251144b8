import { openLog } from '../../daemon/logs/log.js'
import { runService, type Service, writeAddress } from '../../daemon/run.js'
import { type LabServer, serveLab } from '../../lab/server/lab-server.js'
import { STANDARD_LISTEN } from '../commands.js'
import type { Given } from '../given.js'
import { UsageError } from '../usage-error.js'
import { readListen } from '../values.js'
import type { LabFacts } from './facts.js'

/** `hopwise lab serve`: serves the page until a signal comes. @returns the exit code @throws UsageError, ListenError */
export function serveLaboratory(given: Given, { version, doubts }: LabFacts): Promise<number> {
  const listen = readListen(given.where('listen'), given.text('listen') ?? STANDARD_LISTEN.lab)
  const hosts = given.list('known-as', readHostName)
  const log = openLog({ level: 'info', format: 'auto', accessLog: 'off' })
  for (const doubt of doubts) log.logger.warn(doubt)
  const warn = (message: string, cause: unknown) => log.logger.warn({ err: cause }, message)
  return runService({
    create: () => pageService(hosts ?? [], warn),
    listen,
    nextFreePort: true,
    drainMs: undefined,
    log,
    facts: { mode: 'lab', version, node: process.version, pid: process.pid },
    ready({ address, port }) {
      const here = address === '::' || address === '0.0.0.0' ? '127.0.0.1' : address
      log.announce({}, `open http://${writeAddress(here, port)}/ in a browser`)
    },
  })
}

function pageService(hosts: readonly string[], warn: (message: string, cause: unknown) => void): Service {
  let server: LabServer | undefined
  const close = async () => server?.close()
  return {
    async listen({ host = '::', port }) {
      try {
        server = await serveLab({ host, port, hosts, warn })
        return server
      } catch (error) {
        // The cause, so that a listen error is explained in the same way as for every other command.
        throw (error as Error).cause ?? error
      }
    },
    close,
    destroy: () => void close().catch(() => {}),
  }
}

/** A name as in `Host`, without a port. */
function readHostName(where: string, text: string): string {
  if (/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/i.test(text)) return text
  throw new UsageError(`${where} needs a host name without a port, such as teacher.school.example, not "${text}".`)
}
