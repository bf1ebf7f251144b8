import type { GatewayPlan, ListenerPlan } from '../config/plan.js'
import { SecureAccept } from '../net/client/secure-accept.js'
import { systemClock } from '../net/clock.js'
import type { ReadMode } from '../net/socket/read-mode.js'
import { tlsMemory } from '../net/upstream/dial.js'
import type { GroupSpec } from '../net/upstream/group-spec.js'
import { atOnce, type Steps } from '../policy/steps.js'
import { type GroupDefaults, groupSteps } from '../proxy/options/group-options.js'
import { dialOf, settingsSteps } from '../proxy/options/options.js'
import type { ProxyOptions } from '../proxy/options/proxy-options.js'
import type { Settings } from '../proxy/options/settings.js'
import type { Tracer } from '../proxy/tracer.js'
import type { UpstreamsSettings } from '../proxy/upstreams.js'
import { type PasswordHash, readPasswordHash } from '../proxy/users.js'
import { RefusedError } from './gateway-types.js'

/** Everything that must be valid before anything is changed. */
export interface Prepared {
  readonly plan: GatewayPlan
  readonly upstreams: UpstreamsSettings
  readonly groups: readonly GroupSpec[]
  /** The options that each group was made from, as text. */
  readonly madeOf: ReadonlyMap<string, string>
  readonly listeners: ReadonlyMap<string, PreparedListener>
}

export interface PreparedListener {
  readonly plan: ListenerPlan
  readonly settings: Settings | null
}

/** @throws RefusedError with every objection of the engine to the plan */
export function prepare(plan: GatewayPlan, tracer: Tracer | null): Prepared {
  return atOnce(prepareSteps(plan, tracer, null))
}

/**
 * The same, for a process that is serving.
 * @param before the current state: a group that has not changed stays the same object
 */
export function* prepareSteps(plan: GatewayPlan, tracer: Tracer | null, before: Prepared | null): Steps<Prepared> {
  const reasons: string[] = []
  const { limits, deadlines, grammar } = plan
  const listeners = new Map<string, PreparedListener>()
  const names: ReadonlySet<string> = new Set(Object.keys(plan.upstreams))
  for (const listener of plan.listeners) {
    try {
      listeners.set(listener.address, {
        plan: listener,
        settings: yield* settingsFor(listener, plan.readMode, names, tracer),
      })
    } catch (error) {
      reasons.push(`listener ${listener.name}: ${(error as Error).message}`)
    }
  }
  const dial = dialOf({ readMode: plan.readMode })
  const groups = new Groups(before, { dial, limits, deadlines })
  for (const [name, options] of Object.entries(plan.upstreams)) {
    try {
      yield* groups.add(name, options)
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
    groups: groups.specs,
    madeOf: groups.madeOf,
    upstreams: {
      clock: systemClock,
      dial,
      limits,
      deadlines,
      grammar,
      strictUpstream,
      mode: 'reverse',
      destinations: null,
      nameservers: null,
    },
  }
}

/** The groups of a plan. Each is made again only if it has changed. */
class Groups {
  readonly specs: GroupSpec[] = []
  readonly madeOf = new Map<string, string>()
  readonly #before: ReadonlyMap<string, GroupSpec>
  readonly #madeOf: ReadonlyMap<string, string>
  readonly #sameDefaults: boolean

  constructor(
    before: Prepared | null,
    private readonly defaults: GroupDefaults,
  ) {
    this.#before = new Map(before?.groups.map(spec => [spec.name, spec]))
    this.#madeOf = before?.madeOf ?? new Map()
    const { dial, limits, deadlines } = before?.upstreams ?? {}
    this.#sameDefaults = JSON.stringify({ dial, limits, deadlines }) === JSON.stringify(defaults)
  }

  /** @throws OptionError, or the error of OpenSSL */
  *add(name: string, options: GatewayPlan['upstreams'][string]): Steps<void> {
    const madeOf = JSON.stringify(options)
    const known = this.#sameDefaults && this.#madeOf.get(name) === madeOf ? this.#before.get(name) : undefined
    yield
    const spec = known ?? (yield* groupSteps(name, options, this.defaults))
    if (spec !== known) tlsMemory(spec.dial.tls) // may throw, too
    this.madeOf.set(name, madeOf)
    this.specs.push(spec)
    yield
  }
}

/** null for the dumb proxy, which has no settings. @param groups the names of all groups @throws OptionError */
function* settingsFor(
  { mode, options, users }: ListenerPlan,
  readMode: ReadMode,
  groups: ReadonlySet<string>,
  tracer: Tracer | null,
): Steps<Settings | null> {
  if (mode === 'dumb') return null
  const all: ProxyOptions = { ...options, mode, readMode }
  if (tracer !== null) all.tracer = tracer
  if (users !== null) all.users = yield* usersOf(users)
  const settings = yield* settingsSteps(all, groups, 'file')
  if (settings.tls !== null) new SecureAccept(settings.tls) // throws if TLS cannot be set up with these settings
  return settings
}

function* usersOf(users: NonNullable<ListenerPlan['users']>): Steps<ReadonlyMap<string, PasswordHash>> {
  const known = new Map<string, PasswordHash>()
  for (const [user, hash] of users) {
    known.set(user, readPasswordHash(hash)!)
    yield
  }
  return known
}

/** How many entries were added, removed or changed. */
export function compared(before: ReadonlyMap<string, string>, next: ReadonlyMap<string, string>) {
  let [added, changed, kept] = [0, 0, 0]
  for (const [name, madeOf] of next) {
    const was = before.get(name)
    if (was === undefined) added++
    else {
      kept++
      if (was !== madeOf) changed++
    }
  }
  return { total: next.size, added, removed: before.size - kept, changed }
}
