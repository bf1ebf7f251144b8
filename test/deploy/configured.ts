import type { Configuration, Listener } from '../../lib/config/configuration.js'
import { readConfigurationText } from '../../lib/config/read.js'
import { readAddress } from '../../lib/config/values.js'

export interface Expected {
  environment?: Record<string, string>
  /** The paths of which hopwise warns, and rightly. */
  warnings?: readonly string[]
}

/** A configuration as hopwise reads it. @throws when hopwise would refuse it, or has other warnings than are known */
export function readConfigured(text: string, { environment = {}, warnings = [] }: Expected = {}): Configuration {
  const { configuration, findings } = readConfigurationText(text, 'hopwise.yaml', { environment })
  const others = findings.filter(({ path }) => !warnings.includes(path))
  if (configuration === undefined || others.length > 0)
    throw new Error(others.map(({ line, path, message }) => `line ${line}, ${path}: ${message}`).join('\n'))
  return configuration
}

/** The port of an address to listen on. */
export function portOf(address: Listener['address'] | undefined): number | undefined {
  const read = readAddress(address ?? '')
  return read.kind === 'tcp' ? read.port : undefined
}
