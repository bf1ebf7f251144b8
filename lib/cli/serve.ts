import { tooFewFiles } from '../daemon/file-limit.js'
import { type Log, openLog } from '../daemon/logs/log.js'
import { proxyService } from '../daemon/proxy-service.js'
import { workingReadMode } from '../daemon/read-mode.js'
import { type Running, runService } from '../daemon/run.js'
import { DEADLINES } from '../link/deadlines.js'
import { LIMITS } from '../link/limits.js'
import { createDumb } from '../peers/dumb.js'
import type { ProxyOptions } from '../proxy/options/proxy-options.js'
import { visibleLines } from '../wire/visible.js'
import { STANDARD_LISTEN } from './commands.js'
import { runDemo } from './demo.js'
import type { Given } from './given.js'
import { LOG_FORMATS, LOG_LEVELS } from './option-table.js'
import { checked, defined, forwardSettings, reverseSettings } from './proxy-settings.js'
import { UsageError } from './usage-error.js'
import { type ListenAddress, readListen, readOrigin } from './values.js'

type ServeCommand = 'reverse' | 'forward' | 'dumb' | 'demo'

/** The commands that keep running: each reads all its options before anything starts. @returns the exit code */
export function serve(command: ServeCommand, given: Given, { version, doubts }: { version: string; doubts: string[] }) {
  const listen = readListen(given.where('listen'), given.text('listen') ?? STANDARD_LISTEN[command])
  if (command === 'dumb') return serveDumb(given, listen, { version, doubts })
  if (command === 'demo') return runDemo(given, listen, { version, log: () => logOf(given, doubts) })

  const options = checked(command === 'reverse' ? reverseSettings(given, listen) : forwardSettings(given))
  const log = logOf(given, doubts)
  warn(options, listen, log)
  return serveProxy(options, listen, log, version)
}

async function serveProxy(options: ProxyOptions, listen: ListenAddress, log: Log, version: string): Promise<number> {
  const readMode = await workingReadMode(options.readMode ?? 'onread', log.logger)
  return runService({
    create: () => proxyService({ ...options, readMode }, log),
    listen,
    announceMs: options.deadlines?.announceMs ?? DEADLINES.announceMs,
    drainMs: options.deadlines?.drainMs ?? DEADLINES.drainMs,
    log,
    facts: factsOf(options, version),
  })
}

/** What the first log lines say about a proxy. */
function factsOf({ mode, upstream: origin, routes, name }: ProxyOptions, version: string): object {
  const [route] = routes ?? []
  const upstream = route === undefined ? origin : `${route.upstream}${route.setPrefix}`
  return defined({ mode, upstream, name, version, node: process.version, pid: process.pid })
}

function serveDumb(given: Given, listen: ListenAddress, { version, doubts }: { version: string; doubts: string[] }) {
  const text = given.text('upstream')
  const upstream = text === undefined ? undefined : readOrigin(given.where('upstream'), text)
  if (upstream?.startsWith('https:'))
    throw new UsageError('The dumb proxy does not support TLS: give it an http:// upstream.')
  const log = logOf(given, doubts)
  const warning =
    'DEMONSTRATION ONLY: this proxy is wrong on purpose. It forwards Connection blindly, reads only one request per ' +
    'connection, and lets clients hang. Never send real traffic through it'
  process.stderr.write(visibleLines(`${warning}.\n`))
  log.logger.warn({ mode: 'dumb' }, warning)
  const create = (): ReturnType<Running['create']> => {
    const dumb = createDumb(defined({ upstream }) as { upstream?: string })
    dumb.on('request', ({ client, origin, head }) => {
      log.logger.info({ client, origin, request: head.slice(0, head.indexOf(' ')) }, 'one request forwarded blindly')
    })
    dumb.on('close', ({ client, unreadBytes }) => {
      log.logger.info({ client, unreadBytes }, 'client connection closed')
    })
    return {
      listen: where => dumb.listen(where),
      // No drain: what hangs here hangs on purpose.
      close: async () => dumb.destroy(),
      destroy: () => dumb.destroy(),
    }
  }
  return runService({
    create,
    listen,
    drainMs: undefined,
    log,
    facts: defined({ mode: 'dumb', upstream, version, pid: process.pid }),
  })
}

function logOf(given: Given, doubts: string[]): Log {
  const level = given.choice('log-level', LOG_LEVELS) ?? 'info'
  const quiet = LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf('info')
  const accessLog = given.text('access-log') ?? (quiet ? 'off' : 'stdout')
  try {
    const log = openLog({ level, format: given.choice('log-format', LOG_FORMATS) ?? 'auto', accessLog })
    for (const doubt of doubts) log.logger.warn(doubt)
    return log
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'ENXIO' ? 'it is a FIFO without a reader' : (error as Error).message
    throw new UsageError(`${given.where('access-log')} ${accessLog} cannot be opened: ${why}.`, { cause: error })
  }
}

/** Warns about settings that are allowed but risky. */
function warn(options: ProxyOptions, { host }: ListenAddress, { logger }: Log): void {
  const everywhere = host === undefined || host === '0.0.0.0' || host === '::'
  if (options.mode === 'forward' && everywhere && !options.credentials && !options.users)
    logger.warn('an open forward proxy: it listens on every address and requires no authentication; see --auth-file')
  if (options.upstreamTls?.insecure)
    logger.warn('certificates of https upstreams are not verified (--upstream-insecure)')
  const { clientConnectionsMax, upstreamConnectionsMax } = { ...LIMITS, ...options.limits }
  const few = tooFewFiles(clientConnectionsMax + upstreamConnectionsMax)
  if (few)
    logger.warn(
      few,
      'this process may open fewer files than it may have connections; connections beyond that are dropped without an answer: raise ulimit -n, or lower --client-connections-max',
    )
}
