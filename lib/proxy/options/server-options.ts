import { readLiteral } from '../../net/address.js'
import type { ServerSpec } from '../../net/upstream/group-spec.js'
import { OptionError } from '../../policy/option-error.js'
import type { Steps } from '../../policy/steps.js'
import { type Check, checkShape, flag, named, type Shape, text, whole } from './check.js'
import { readUpstream } from './upstream-url.js'

/** One server of a group. */
export interface ServerOptions {
  /** `http://host:port`, `https://host`, `unix:/path`, or `srv+http://name` for the targets of an SRV record. */
  url: string
  /** Its share of the requests (default 1); 0: only clients that a sticky cookie keeps on it. */
  weight?: number
  /** Used only while no other server of the group is available. */
  backup?: boolean
  /** Override the limits `upstreamConnectionsMax` and `upstreamWaitingMax` for this server. */
  connectionsMax?: number
  waitingMax?: number
}

const SERVER = {
  url: text,
  weight: whole(0, 1_000),
  backup: flag,
  connectionsMax: whole(1),
  waitingMax: whole(),
} satisfies Shape<ServerOptions>

/** A server is given as a URL, or as an object with one. */
export const SERVER_OR_URL: Check = (what, value) =>
  typeof value === 'object' && !(value instanceof URL) ? checkShape(what, value, SERVER, ['url']) : text(what, value)

/**
 * Checks the servers of one group.
 * @param what the group: `upstreams.app`
 * @throws OptionError that says which server is wrong, how, and what would be right
 */
export function* serversOf(what: string, servers: readonly (string | ServerOptions)[]): Steps<ServerSpec[]> {
  if (servers.length === 0) throw new OptionError(`${what}.servers: ${what} has no servers`)
  const specs: ServerSpec[] = []
  for (const [i, server] of servers.entries()) {
    specs.push(serverSpec(`${what}.servers[${i}]`, typeof server === 'string' ? { url: server } : server))
    yield
  }
  const keys = new Set<string>()
  for (const [i, { origin, kind }] of specs.entries()) {
    const key = `${kind} ${origin.key}`
    if (keys.has(key))
      throw new OptionError(
        `${what}.servers[${i}]: the server ${origin.key} is listed twice: give it a weight of 2 instead`,
      )
    keys.add(key)
  }
  if (specs.every(({ backup }) => backup))
    throw new OptionError(`${what}.servers: all servers are backups: at least one must not be`)
  if (specs.every(({ weight }) => weight === 0))
    throw new OptionError(
      `${what}.servers: all servers have weight 0, so none would be used: give one a weight above 0`,
    )
  return specs
}

function serverSpec(what: string, { url, weight = 1, backup = false, ...rest }: ServerOptions): ServerSpec {
  const srv = url.startsWith('srv+')
  const origin = named(what, () => readUpstream(srv ? url.slice('srv+'.length) : url))
  const isName = origin.socketPath === undefined && readLiteral(origin.host) === null && origin.host !== 'localhost'
  return { origin, kind: srv ? 'srv' : isName ? 'name' : 'one', weight, backup, ...rest }
}
