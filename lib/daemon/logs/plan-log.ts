import type { GatewayPlan } from '../../config/plan.js'
import { type Log, openLog } from './log.js'

/** The process that a log belongs to: the only one, the primary of several, or a worker by its number. */
export type ProcessOf = 'alone' | 'primary' | number

/** The log of a process of the daemon. @throws the error of opening the access log */
export function openPlanLog({ logs }: Pick<GatewayPlan, 'logs'>, process: ProcessOf): Log {
  const { level, format, access } = logs
  const isWorker = typeof process === 'number'
  return openLog({
    level,
    // A worker's standard output goes to its primary, which turns it into text where people read it.
    format: isWorker ? 'json' : format,
    accessLog: process === 'primary' ? 'off' : access.to,
    accessFormat: access.format,
    ...(isWorker ? { worker: process, terminal: false } : {}),
  })
}

/** Applies what can be changed while the log is open. */
export function applyLogs({ logger }: Log, { logs }: Pick<GatewayPlan, 'logs'>): void {
  logger.level = logs.level
}
