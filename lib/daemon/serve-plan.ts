import * as net from 'node:net'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { advise } from '../admin/adviser.js'
import { type Admin, createAdmin } from '../admin/listener.js'
import type { GatewayPlan } from '../config/plan.js'
import { listenAt, removeStale } from '../net/client/listener.js'
import { systemClock } from '../net/clock.js'
import { type ListenAddress, listenTarget, listenText, readListenAddress } from '../net/listen-address.js'
import type { ReadMode } from '../net/socket/read-mode.js'
import { type Daemon, type DaemonParts, runDaemon } from './daemon.js'
import { DUMB_WARNING } from './dumb-listener.js'
import { HopwiseGateway } from './gateway.js'
import type { DrainTimes } from './gateway-types.js'
import { explainListenError, ListenError } from './listen-error.js'
import type { Log } from './logs/log.js'
import { applyLogs, openPlanLog } from './logs/plan-log.js'
import { writePidFile } from './pid-file.js'
import { workingReadMode } from './read-mode.js'
import type { ReadConfiguration } from './reload.js'
import { RecordKeeper } from './reload-record.js'
import { createNotify } from './systemd-notify.js'
import { adminSource } from './views/admin-source.js'
import { adviserFacts } from './views/adviser-facts.js'
import { clusterFork } from './workers/cluster.js'
import { Supervisor } from './workers/supervisor.js'
import { inThisProcess, type Workforce } from './workers/workforce.js'

export interface Serving {
  readonly plan: GatewayPlan
  /** The files that it was made from, to be watched. */
  readonly files: readonly string[]
  /** Reads the file again. */
  read(): Promise<ReadConfiguration<GatewayPlan>>
  readonly version: string
  /** Sentences about the environment and the configuration, to be logged as warnings. */
  readonly doubts: readonly string[]
  /** For the first line. */
  readonly file: string
}

/** Runs a configuration: in this process, or with a supervisor and its workers. @returns the exit code @throws ListenError */
export async function servePlan(serving: Serving): Promise<number> {
  const log = openPlanLog(serving.plan, workersOf(serving.plan) === 1 ? 'alone' : 'primary')
  const readMode = await workingReadMode(serving.plan.readMode, log.logger)
  return runDaemon(daemonParts(readMode === serving.plan.readMode ? serving : readingBy(readMode, serving), log))
}

/** The read mode overrides the file: what does not work with this Node does not work after a reload, either. */
function readingBy(readMode: ReadMode, serving: Serving): Serving {
  return {
    ...serving,
    plan: { ...serving.plan, readMode },
    read: async () => {
      const read = await serving.read()
      return 'configuration' in read ? { ...read, configuration: { ...read.configuration, readMode } } : read
    },
  }
}

/** The parts of a daemon that runs this configuration. Logs the doubts. */
export function daemonParts(serving: Serving, log: Log): DaemonParts<GatewayPlan> {
  const { plan, files, version, doubts, file } = serving
  for (const doubt of doubts) log.logger.warn(doubt)
  const notify = createNotify({ warn: message => log.logger.warn(message) })
  let told: Promise<void> = Promise.resolve()
  let admin: Admin | null = null
  let removePidFile = () => {}
  let before: GatewayPlan | null = null
  const records = RecordKeeper.open()
  if (records === null)
    log.logger.info('hopwise reload cannot report the outcome of a reload of this process: see this log for it')
  return {
    workforce: workforceFor(plan, log, version),
    configuration: plan,
    files,
    read: () => serving.read(),
    drainTimes,
    watches: ({ watch }) => watch,
    log,
    clock: systemClock,
    facts: { config: file, version, node: process.version, pid: process.pid, workers: workersOf(plan) },
    told: phase => {
      told = notify(phase)
    },
    record: news => records?.note(news),
    applied: next => {
      applyLogs(log, next)
      tellDemonstrations(next, before, log)
      tellAdvice(next, log)
      tellLater(next, plan, log)
      before = next
    },
    opened: async daemon => {
      admin = await openAdmin(daemon, log)
      if (plan.pidFile !== null) removePidFile = writePidFile(plan.pidFile, process.pid)
    },
    closed: async () => {
      removePidFile()
      await admin?.close()
      await told // a message in transit must not be cut off
    },
  }
}

function workforceFor(plan: GatewayPlan, log: Log, version: string): Workforce<GatewayPlan> {
  if (workersOf(plan) === 1)
    return inThisProcess(new HopwiseGateway(log, version), systemClock, () => void log.reopen())
  return new Supervisor<GatewayPlan>({
    fork: clusterFork({
      exec: fileURLToPath(new URL('./workers/worker-main.js', import.meta.url)),
      args: [version],
      output: lines => log.pass(lines),
    }),
    clock: systemClock,
    count: workersOf,
    drain: drainTimes,
    prepare: makeWay,
    log: log.logger,
  })
}

/** What will make requests fail, as far as the file shows it. What is serious was reported when the file was read. */
function tellAdvice(plan: GatewayPlan, { logger }: Log): void {
  for (const { code, severity, key, sentence, change } of advise(adviserFacts(plan, null)))
    if (severity === 'warning') logger.warn({ code, key }, `${key}: ${sentence} To fix: ${change}`)
}

/** Warns of listeners that are wrong on purpose. Only the primary does: its workers all have the same ones. */
function tellDemonstrations(next: GatewayPlan, before: GatewayPlan | null, { logger }: Log): void {
  const known = new Set(before?.listeners.map(({ name, mode }) => `${mode} ${name}`))
  for (const { name, mode } of next.listeners)
    if (mode === 'dumb' && !known.has(`${mode} ${name}`)) logger.warn({ mode, listener: name }, DUMB_WARNING)
}

/** Warns of changes in the file that a running process does not apply. @param opened what it was started with */
function tellLater(next: GatewayPlan, opened: GatewayPlan, { logger }: Log): void {
  const lines = ({ access, format }: GatewayPlan['logs']) => ({ access, format })
  const opens = (admin: GatewayPlan['admin']) => admin && { address: admin.address, hosts: admin.hosts }
  const later = [
    ['logs.format or logs.access has changed', lines(next.logs), lines(opened.logs)],
    ['admin.address or admin.hosts has changed', opens(next.admin), opens(opened.admin)],
    ['readMode has changed', next.readMode, opened.readMode],
    ['workers has changed from one to several, or back', workersOf(next) === 1, workersOf(opened) === 1],
  ] as const
  for (const [what, now, then] of later)
    if (JSON.stringify(now) !== JSON.stringify(then)) logger.warn(`${what}: this takes effect after a restart`)
}

/**
 * What only a primary can do before its workers listen: it removes socket files left by a process that was killed (a worker
 * cannot know whether one belongs to another worker), and checks whether new addresses are available.
 */
async function makeWay(next: GatewayPlan, before: GatewayPlan | null): Promise<void> {
  const known = new Set(before?.listeners.map(({ address }) => address))
  for (const { address } of next.listeners) {
    const at = known.has(address) ? null : readListenAddress(address)
    if (at?.kind === 'unix') await removeStale(at.path)
    else if (at?.kind === 'tcp' && before !== null) await tryToListen(at)
  }
}

/**
 * A worker that fails to listen on an address keeps traces of it: from Node 22 on, failing again ends the worker (an assertion in
 * `node:cluster`), and its connections with it. So workers are not asked to listen where it cannot succeed.
 * @throws ListenError
 */
async function tryToListen(at: ListenAddress): Promise<void> {
  const server = net.createServer()
  const target = listenTarget(at)
  try {
    await listenAt(server, target)
  } catch (error) {
    throw explainListenError(error, listenText(target))
  } finally {
    server.close()
  }
}

function workersOf({ workers }: GatewayPlan): number {
  return workers === 'auto' ? availableParallelism() : workers
}

function drainTimes({ deadlines }: GatewayPlan): DrainTimes {
  return { announceMs: deadlines.announceMs, graceMs: deadlines.drainMs }
}

async function openAdmin(daemon: Daemon<GatewayPlan>, { logger }: Log): Promise<Admin | null> {
  const place = daemon.configuration.admin
  if (place === null) return null
  const admin = createAdmin({
    source: adminSource(daemon),
    hosts: place.hosts,
    warn: (message, cause) => logger.warn({ err: cause }, message),
  })
  try {
    const { address, port } = await admin.listen(listenTarget(readListenAddress(place.address)))
    logger.info({ admin: true, address, port }, 'the admin listener is open')
  } catch (error) {
    throw new ListenError(`The admin listener: ${(error as Error).message}`, { cause: error })
  }
  return admin
}
