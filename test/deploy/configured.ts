import type { Configuration, Listener } from '../../lib/config/configuration.js'
import { readConfigurationText } from '../../lib/config/read.js'
import { readAddress } from '../../lib/config/values.js'

export interface Expected {
  environment?: Record<string, string>
  /** The paths that hopwise rightly warns about. */
  warnings?: readonly string[]
}

/** A configuration as hopwise reads it. @throws if hopwise would refuse it, or has warnings other than the known ones */
export function readConfigured(text: string, { environment = {}, warnings = [] }: Expected = {}): Configuration {
  const { configuration, findings } = readConfigurationText(text, 'hopwise.yaml', { environment })
  const others = findings.filter(({ path }) => !warnings.includes(path))
  if (configuration === undefined || others.length > 0)
    throw new Error(others.map(({ line, path, message }) => `line ${line}, ${path}: ${message}`).join('\n'))
  return configuration
}

/** The port of a listen address. */
export function portOf(address: Listener['address'] | undefined): number | undefined {
  const read = readAddress(address ?? '')
  return read.kind === 'tcp' ? read.port : undefined
}
