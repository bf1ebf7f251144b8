import type { HealthCheckSettings } from '../../net/upstream/health-check.js'
import { OptionError, WrongText } from '../../policy/option-error.js'
import { isAuthority } from '../../wire/authority.js'
import { filled, milliseconds, named, type Shape, shape, shown, text, whole } from './check.js'

/** Active health checks of the servers of a group. */
export interface HealthCheckOptions {
  /** The path to request. */
  path: string
  /** The time from one check to the next. */
  intervalMs: number
  /** A check without an answer after this time has failed; at most `intervalMs`. */
  timeoutMs: number
  /** This many successful checks in a row mark a server as healthy. */
  healthyAfter: number
  /** This many failed checks in a row mark a server as unhealthy. */
  unhealthyAfter: number
  /** The statuses of a healthy server: `200`, `200-399`, `200,204`. */
  status: string
  /** The value of Host. Default: the server's own. */
  host: string
}

export const HEALTH_CHECK: Readonly<Omit<HealthCheckOptions, 'host'>> = {
  path: '/',
  intervalMs: 5_000,
  timeoutMs: 2_000,
  healthyAfter: 2,
  unhealthyAfter: 3,
  status: '200-399',
}

export const HEALTH_CHECK_SHAPE = shape({
  path: text,
  intervalMs: milliseconds(1),
  timeoutMs: milliseconds(1),
  healthyAfter: whole(1),
  unhealthyAfter: whole(1),
  status: text,
  host: text,
} satisfies Shape<HealthCheckOptions>)

/**
 * Checks the options and fills in the defaults.
 * @param what the option: `upstreams.app.healthCheck`
 * @throws OptionError that says what is wrong, and what would be right
 */
export function healthOf(what: string, options: Partial<HealthCheckOptions>): HealthCheckOptions {
  const health = filled({ ...HEALTH_CHECK, host: '' }, options)
  const { path, host, intervalMs, timeoutMs } = health
  if (!/^\/[\x21\x22\x24-\x7e]*$/.test(path))
    throw new OptionError(`${what}.path must be a path, for example /healthz, not ${shown(path)}`)
  if (host !== '' && !isAuthority(host))
    throw new OptionError(`${what}.host must be a host such as app.example, not ${shown(host)}`)
  if (timeoutMs > intervalMs)
    throw new OptionError(
      `${what}.timeoutMs (${timeoutMs}) is greater than intervalMs (${intervalMs}): a check must end before the next one begins`,
    )
  return health
}

/** The options as a health check uses them. @throws OptionError */
export function checkSettings(what: string, health: HealthCheckOptions): HealthCheckSettings {
  const { path, intervalMs, timeoutMs, host } = health
  return { path, intervalMs, timeoutMs, statuses: named(`${what}.status`, () => readStatuses(health.status)), host }
}

/** Reads `200-399,404` as pairs of first and last status. @throws OptionError */
export function readStatuses(text: string): readonly (readonly [number, number])[] {
  return text.split(',').map(part => {
    const match = /^\s*([1-9][0-9]{2})(?:-([1-9][0-9]{2}))?\s*$/.exec(part)
    if (match === null)
      throw new WrongText(
        `status ${JSON.stringify(text)}`,
        'is not a list of statuses',
        'use for example 200-399 or 200,204',
      )
    return [Number(match[1]), Number(match[2] ?? match[1])] as const
  })
}
