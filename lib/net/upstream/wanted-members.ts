import { type Origin, originOf } from '../../link/origin.js'
import type { WatchedAddress } from '../names/name-watch.js'
import { tlsKey } from './dial.js'
import type { GroupSpec, ServerSpec } from './group-spec.js'

/** The specification of one member, before it has a pool. */
export interface WantedMember {
  /** The same key means the same pool, before and after a change. */
  readonly key: string
  readonly server: ServerSpec
  readonly origin: Origin
  readonly at: WatchedAddress | null
  readonly weight: number
  readonly backup: boolean
}

/**
 * The members that a group should have now, by key.
 * @param addressesOf the current addresses of a server's name; null: the server has no name
 */
export function wantedMembers(
  spec: GroupSpec,
  addressesOf: (server: ServerSpec) => readonly WatchedAddress[] | null,
): ReadonlyMap<string, WantedMember> {
  const members = spec.servers.flatMap(server => membersOf(server, spec, addressesOf(server)))
  return new Map(members.map(member => [member.key, member]))
}

function membersOf(server: ServerSpec, spec: GroupSpec, addresses: readonly WatchedAddress[] | null): WantedMember[] {
  const { origin, kind, weight, backup } = server
  const common = `${spec.name} ${origin.key} ${tlsKey(spec.dial.tls)} ${spec.proxyProtocol}`
  // A name without an answer yet is looked up when a connection is made, and the request waits for that.
  if (addresses === null || (addresses.length === 0 && kind === 'name'))
    return [{ key: common, server, origin, at: null, weight, backup }]
  return addresses.map(at => ({
    key: `${common} ${at.address} ${at.port}`,
    server,
    origin: at.port === origin.port ? origin : originOf(origin.scheme, origin.host, at.port),
    at,
    weight: kind === 'srv' ? at.weight * weight : weight,
    backup: backup || at.backup,
  }))
}

/** The origin in its written form, with the address if its name may have several. */
export const nameOf = ({ origin, at }: WantedMember): string =>
  at === null ? origin.key : `${origin.key} (${at.address})`
