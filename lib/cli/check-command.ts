import type { Configuration } from '../config/configuration.js'
import { counted } from '../config/findings.js'
import { printConfiguration, shownConfiguration } from '../config/print.js'
import type { Reading } from '../config/read.js'
import { plainJson } from '../wire/visible.js'
import { fileGiven, findingsText, readGiven } from './configured.js'
import type { Given } from './given.js'

export interface CheckResult {
  good: boolean
  /** For standard output. */
  output: string
  /** For standard error: the findings. */
  complaints: string
}

/** `hopwise check`. @throws UsageError */
export function checkCommand(given: Given): CheckResult {
  const file = fileGiven(given, 'check')
  const reading = readGiven(file)
  const { configuration } = reading
  const print = given.flag('print') === true
  const good = configuration !== undefined
  if (given.flag('json')) return { good, output: jsonOf(file, reading, print), complaints: '' }
  const complaints = findingsText(reading)
  if (!configuration) return { good, output: '', complaints }
  const output = print ? printConfiguration(configuration, reading) : `${file}: ok, ${sums(configuration)}\n`
  return { good, output, complaints }
}

function jsonOf(file: string, { configuration, findings }: Reading, print: boolean): string {
  const shown = configuration && print ? { configuration: shownConfiguration(configuration) } : {}
  return `${plainJson(JSON.stringify({ file, ok: configuration !== undefined, ...(configuration && countsOf(configuration)), findings, ...shown }, null, 2))}\n`
}

function countsOf({ listeners, upstreams }: Configuration) {
  const routes = listeners.reduce(
    (sum, listener) => sum + (listener.mode === 'reverse' ? listener.routes.length : 0),
    0,
  )
  return { listeners: listeners.length, routes, upstreams: Object.keys(upstreams).length }
}

function sums(configuration: Configuration): string {
  const { listeners, routes, upstreams } = countsOf(configuration)
  return `${counted(listeners, 'listener')}, ${counted(routes, 'route')}, ${counted(upstreams, 'upstream group')}`
}
