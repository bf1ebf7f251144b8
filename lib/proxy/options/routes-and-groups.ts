import type { GroupSpec } from '../../net/upstream/group-spec.js'
import { OptionError } from '../../policy/option-error.js'
import { checkSendHost } from '../../policy/send-host.js'
import type { Steps } from '../../policy/steps.js'
import { named, shown } from './check.js'
import { didYouMean } from './did-you-mean.js'
import { type GroupDefaults, groupSpec, groupSteps, loneGroup } from './group-options.js'
import type { ProxyOptions } from './proxy-options.js'
import { type RouteSpec, routeSpec } from './route-options.js'
import type { Settings } from './settings.js'
import { readUpstream } from './upstream-url.js'

/**
 * One upstream for all requests, or routes to groups; a route may name a server instead, which becomes a group of one.
 * @param shared the names of groups that are made elsewhere; null: they are made here
 * @throws OptionError that says which option is wrong, how, and what would be right
 */
export function* routesOf(
  options: ProxyOptions,
  defaults: GroupDefaults,
  shared: ReadonlySet<string> | null,
): Steps<Pick<Settings, 'routes' | 'groups'>> {
  const { upstream, routes, upstreams = {}, host = 'preserve' } = options
  named('host', () => checkSendHost(host))
  if (routes === undefined) {
    const lone = loneGroup(
      named('upstream', () => readUpstream(upstream)),
      defaults,
    )
    return {
      routes: [routeSpec({ upstream: lone.name }, host, 'upstream', false)],
      groups: [lone],
    }
  }
  const groups: GroupSpec[] = []
  for (const [name, group] of shared === null ? Object.entries(upstreams) : [])
    groups.push(yield* groupSteps(name, group, defaults))
  const known = new Set(shared ?? Object.keys(upstreams))
  const specs: RouteSpec[] = []
  for (const [i, route] of routes.entries()) {
    specs.push(routeSpec(route, host, `routes[${i}]`))
    yield
  }
  for (const [i, { upstream: name }] of specs.entries()) {
    if (known.has(name)) continue
    if (!name.includes(':'))
      throw new OptionError(unknownGroup(`routes[${i}].upstream ${shown(name)}`, name, [...known]))
    known.add(name)
    groups.push(named(`routes[${i}].upstream`, () => groupSpec(name, { servers: [name] }, defaults)))
    yield
  }
  return { routes: specs, groups }
}

function unknownGroup(option: string, name: string, known: readonly string[]): string {
  const meant = didYouMean(name, known)
  return `${option} is not a key of upstreams${meant === undefined ? '' : `: did you mean ${meant}?`}`
}
