import type { Lines } from '../wire/lines.js'
import { membersOf, trimOws } from '../wire/list.js'
import { ID } from '../wire/names.js'

/** All Accept lines of a request as one value, '' for none. */
export function acceptOf(lines: Lines): string {
  let accept = ''
  for (let i = lines.find(ID.accept); i >= 0; i = lines.find(ID.accept, i)) accept += `${lines.value(i)},`
  return accept
}

/**
 * Whether the client prefers JSON to plain text (RFC 9110 12.5.1). The most specific range that matches a type gives its weight;
 * with equal weights, the more specific range wins, and after that plain text.
 */
export function prefersJson(accept: string): boolean {
  const json = preferenceFor('application', 'json', accept)
  const text = preferenceFor('text', 'plain', accept)
  return json.weight > text.weight || (json.weight > 0 && json.weight === text.weight && json.fit > text.fit)
}

interface Preference {
  weight: number
  /** 0: no range matches, 1: any type, 2: any subtype, 3: exactly this type. */
  fit: number
}

function preferenceFor(type: string, subtype: string, accept: string): Preference {
  let best: Preference = { weight: 0, fit: 0 }
  for (const member of membersOf(accept.toLowerCase())) {
    const [range = '', ...parameters] = member.split(';').map(part => trimOws(part))
    const fit = range === `${type}/${subtype}` ? 3 : range === `${type}/*` ? 2 : range === '*/*' ? 1 : 0
    if (fit > best.fit) best = { weight: weightOf(parameters), fit }
  }
  return best
}

/** A weight is 0 to 1 with up to three decimals; anything else counts as 0 (RFC 9110 12.4.2). */
function weightOf(parameters: readonly string[]): number {
  const q = parameters.find(parameter => parameter.startsWith('q='))
  if (q === undefined) return 1
  return /^q=(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/.test(q) ? Number(q.slice(2)) : 0
}
