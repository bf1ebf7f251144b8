import type { GatewayPlan } from '../../config/plan.js'
import { HopwiseGateway } from '../gateway.js'
import { applyLogs, openPlanLog } from '../logs/plan-log.js'
import { onLastResort } from '../run-process.js'
import { runWorker } from './cluster.js'

// The program of a worker process; what it does is in worker.ts. Its primary gives it the version.
const [, , version = ''] = process.argv

runWorker<GatewayPlan>((plan, worker) => {
  const log = openPlanLog(plan, worker)
  const gateway = new HopwiseGateway(log, version)
  onLastResort(log, () => gateway.destroy())
  return {
    gateway,
    reopen: () => {
      try {
        log.reopen()
      } catch (error) {
        log.logger.error({ err: error }, 'the access log could not be reopened; lines still go to the old file')
      }
    },
    applied: (next: GatewayPlan) => applyLogs(log, next),
    end: () => log.end(LAST_LINES_MS),
  }
})

const LAST_LINES_MS = 200
