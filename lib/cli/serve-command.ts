import type { Configuration } from '../config/configuration.js'
import { planOf } from '../config/plan.js'
import { PlanReader } from '../config/plan-apart.js'
import type { Reading } from '../config/read.js'
import { servePlan } from '../daemon/serve-plan.js'
import { ticketSecret } from '../net/client/ticket-keys.js'

export interface ServeFacts {
  version: string
  /** Warnings about the environment and the configuration, to be logged. */
  doubts: string[]
  /** The file that the configuration was read from. */
  file: string
}

/** Serves a configuration. @returns the exit code */
export function serveConfiguration(
  configuration: Configuration,
  { contents }: Reading,
  { version, doubts, file }: ServeFacts,
): Promise<number> {
  const secret = ticketSecret()
  const reader = new PlanReader()
  return servePlan({
    plan: planOf(configuration, contents, secret),
    files: [file, ...Object.keys(contents)],
    read: () => reader.read({ file, environment: process.env, ticketSecret: secret }),
    version,
    doubts,
    file,
  })
}
