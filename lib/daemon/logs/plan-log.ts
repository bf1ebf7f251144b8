import type { GatewayPlan } from '../../config/plan.js'
import { type Log, openLog } from './log.js'

/** Which process a log is of: the only one, the primary of several, or one of these by its number. */
export type ProcessOf = 'alone' | 'primary' | number

/** The log of a process of the daemon. @throws the error of opening the access log */
export function openPlanLog({ logs }: Pick<GatewayPlan, 'logs'>, process: ProcessOf): Log {
  const { level, format, access } = logs
  const isWorker = typeof process === 'number'
  return openLog({
    level,
    // A worker's standard output goes to its primary, which makes text of it where people read it.
    format: isWorker ? 'json' : format,
    accessLog: process === 'primary' ? 'off' : access.to,
    accessFormat: access.format,
    ...(isWorker ? { worker: process, terminal: false } : {}),
  })
}

/** What of the log can be changed while it is open. */
export function applyLogs({ logger }: Log, { logs }: Pick<GatewayPlan, 'logs'>): void {
  logger.level = logs.level
}
