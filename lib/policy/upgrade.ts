import type { Lines } from '../wire/lines.js'
import { addMembers, membersOf } from '../wire/list.js'
import { ID } from '../wire/names.js'

/** The protocols of all Upgrade lines, as received and in order of preference (RFC 9110 7.8). */
export function upgradesOf(lines: Lines): string[] {
  const protocols: string[] = []
  for (let i = lines.find(ID.upgrade); i >= 0; i = lines.find(ID.upgrade, i)) addMembers(lines.value(i), protocols)
  return protocols
}

/**
 * Whether a 101 switches only to protocols that were offered (RFC 9110 7.8). Protocol names are case-insensitive.
 * @param chosen the protocols of the response
 * @param offered the protocols that the sent request offered, such as `websocket` or a list; '' for none
 */
export function agrees(chosen: readonly string[], offered: string): boolean {
  const names = new Set(membersOf(offered.toLowerCase()))
  return chosen.length > 0 && chosen.every(protocol => names.has(protocol.toLowerCase()))
}
