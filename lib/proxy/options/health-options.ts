import type { HealthCheckSettings } from '../../net/upstream/health-check.js'
import { isAuthority } from '../../wire/authority.js'
import { filled, milliseconds, named, type Shape, shape, shown, text, whole } from './check.js'

/** How the servers of a group are asked whether they are well. */
export interface HealthCheckOptions {
  path: string
  intervalMs: number
  timeoutMs: number
  healthyAfter: number
  unhealthyAfter: number
  /** `200`, `200-399`, `200,204`. */
  status: string
  /** The value of Host; default: the server's. */
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
 * With every default in its place.
 * @param what the option: `upstreams.app.healthCheck`
 * @throws TypeError that says what is wrong, and what would be right
 */
export function healthOf(what: string, options: Partial<HealthCheckOptions>): HealthCheckOptions {
  const health = filled({ ...HEALTH_CHECK, host: '' }, options)
  const { path, host, intervalMs, timeoutMs } = health
  if (!/^\/[\x21\x22\x24-\x7e]*$/.test(path))
    throw new TypeError(`${what}.path must be a path, for example /healthz, not ${shown(path)}`)
  if (host !== '' && !isAuthority(host))
    throw new TypeError(`${what}.host must be a host such as app.example, not ${shown(host)}`)
  if (timeoutMs > intervalMs)
    throw new TypeError(
      `${what}.timeoutMs (${timeoutMs}) is more than intervalMs (${intervalMs}): an answer must be there before the next question`,
    )
  return health
}

/** What a check needs of them. @throws TypeError */
export function checkSettings(what: string, health: HealthCheckOptions): HealthCheckSettings {
  const { path, intervalMs, timeoutMs, host } = health
  return { path, intervalMs, timeoutMs, statuses: named(`${what}.status`, () => readStatuses(health.status)), host }
}

/** `200-399,404` as pairs of first and last. @throws TypeError */
export function readStatuses(text: string): readonly (readonly [number, number])[] {
  return text.split(',').map(part => {
    const match = /^\s*([1-9][0-9]{2})(?:-([1-9][0-9]{2}))?\s*$/.exec(part)
    if (match === null)
      throw new TypeError(`status ${JSON.stringify(text)} is no list of statuses, for example 200-399 or 200,204`)
    return [Number(match[1]), Number(match[2] ?? match[1])] as const
  })
}
