import { visible } from '../wire/visible.js'
import { type Finding, sentenceOf } from './findings.js'
import { type GatewayPlan, planOf } from './plan.js'
import { readConfiguration } from './read.js'
import type { Environment } from './substitute.js'

/** The plan to read. */
export interface PlanQuestion {
  /** The configuration file. */
  readonly file: string
  readonly environment: Environment
  /** See `GatewayPlan`. */
  readonly ticketSecret: string
}

/** A plan, or the findings about the file, one line each; and all files that were read. */
export type PlanRead<P = GatewayPlan> =
  | { readonly configuration: P; readonly files: readonly string[] }
  | { readonly findings: readonly string[]; readonly files: readonly string[] }

/** Reads the file and makes the plan. This may take long: see `PlanReader`. */
export function readPlan({ file, environment, ticketSecret }: PlanQuestion): PlanRead {
  const { configuration, contents, findings } = readConfiguration(file, { environment })
  const files = [file, ...Object.keys(contents)]
  if (configuration === undefined) return { findings: findings.map(lineOf), files }
  return { configuration: planOf(configuration, contents, ticketSecret), files }
}

/** A finding as one line, for a log. */
export function lineOf(finding: Finding): string {
  return `${sentenceOf(finding)}${finding.hint === '' ? '' : ` (${visible(finding.hint)})`}`
}
