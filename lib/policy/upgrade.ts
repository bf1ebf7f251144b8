import type { Lines } from '../wire/lines.js'
import { addMembers, membersOf } from '../wire/list.js'
import { ID } from '../wire/names.js'

/** The protocols of every Upgrade line, as received and in order of preference (RFC 9110 7.8). */
export function upgradesOf(lines: Lines): string[] {
  const protocols: string[] = []
  for (let i = lines.find(ID.upgrade); i >= 0; i = lines.find(ID.upgrade, i)) addMembers(lines.value(i), protocols)
  return protocols
}

/**
 * Does a 101 switch to what was offered, and to nothing else (RFC 9110 7.8)? Names of protocols have no case.
 * @param chosen the protocols of the response
 * @param offered what the request that we sent offered, `websocket` or a list; empty when it offered nothing
 */
export function agrees(chosen: readonly string[], offered: string): boolean {
  const names = new Set(membersOf(offered.toLowerCase()))
  return chosen.length > 0 && chosen.every(protocol => names.has(protocol.toLowerCase()))
}
