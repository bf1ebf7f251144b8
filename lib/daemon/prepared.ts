import type { GatewayPlan, ListenerPlan } from '../config/plan.js'
import { systemClock } from '../net/clock.js'
import { tlsMemory } from '../net/dial.js'
import { SecureAccept } from '../net/secure-accept.js'
import type { GroupSpec } from '../net/upstream-group.js'
import { groupSpec } from '../proxy/group-options.js'
import { dialOf, type ProxyOptions, type Settings, settingsOf } from '../proxy/options.js'
import type { Tracer } from '../proxy/tracer.js'
import type { UpstreamsSettings } from '../proxy/upstreams.js'
import { readPasswordHash } from '../proxy/users.js'
import { RefusedError } from './gateway-types.js'

/** Everything that must be right before anything is changed. */
export interface Prepared {
  readonly plan: GatewayPlan
  readonly upstreams: UpstreamsSettings
  readonly groups: readonly GroupSpec[]
  readonly listeners: ReadonlyMap<string, { readonly plan: ListenerPlan; readonly settings: Settings | null }>
}

/** @throws RefusedError with everything that the engine has against the plan */
export function prepare(plan: GatewayPlan, tracer: Tracer | null): Prepared {
  const reasons: string[] = []
  const { limits, deadlines, grammar } = plan
  const listeners = new Map<string, { plan: ListenerPlan; settings: Settings | null }>()
  for (const listener of plan.listeners) {
    try {
      listeners.set(listener.address, { plan: listener, settings: settingsFor(listener, plan, tracer) })
    } catch (error) {
      reasons.push(`listener ${listener.name}: ${(error as Error).message}`)
    }
  }
  const dial = dialOf({})
  const groups: GroupSpec[] = []
  for (const [name, options] of Object.entries(plan.upstreams)) {
    try {
      const spec = groupSpec(name, options, { dial, limits, deadlines })
      tlsMemory(spec.dial.tls) // throws, too
      groups.push(spec)
    } catch (error) {
      reasons.push((error as Error).message)
    }
  }
  if (reasons.length > 0) throw new RefusedError(reasons)
  const settings = [...listeners.values()].flatMap(({ settings }) => (settings === null ? [] : [settings]))
  const strictUpstream = settings.some(({ mode, strictUpstream }) => mode === 'reverse' && strictUpstream)
  return {
    plan,
    listeners,
    groups,
    upstreams: {
      clock: systemClock,
      dial,
      limits,
      deadlines,
      grammar,
      strictUpstream,
      destinations: null,
      nameservers: null,
    },
  }
}

/** null for the dumb proxy, which has none. @throws TypeError */
function settingsFor(
  { mode, options, users }: ListenerPlan,
  plan: GatewayPlan,
  tracer: Tracer | null,
): Settings | null {
  if (mode === 'dumb') return null
  const all: ProxyOptions = { ...options, mode }
  if (tracer !== null) all.tracer = tracer
  if (mode === 'reverse') all.upstreams = plan.upstreams
  if (users !== null) all.users = new Map(users.map(([user, hash]) => [user, readPasswordHash(hash)!]))
  const settings = settingsOf(all)
  if (settings.tls !== null) new SecureAccept(settings.tls) // throws for what TLS cannot be made of
  return settings
}

/** How many entries are new, gone, or other ones. */
export function compared(before: Readonly<Record<string, unknown>>, next: Readonly<Record<string, unknown>>) {
  const names = Object.keys(next)
  return {
    total: names.length,
    added: names.filter(name => !Object.hasOwn(before, name)).length,
    removed: Object.keys(before).filter(name => !Object.hasOwn(next, name)).length,
    changed: names.filter(
      name => Object.hasOwn(before, name) && JSON.stringify(before[name]) !== JSON.stringify(next[name]),
    ).length,
  }
}
