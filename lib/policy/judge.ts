import type { Lines } from '../wire/lines.js'
import { ProtocolError } from '../wire/protocol-error.js'
import { visibleOctets } from '../wire/visible.js'
import type { ConnectionOptions } from './connection-options.js'
import { isLookAlike, suspicionOf } from './identity.js'
import type { Rules } from './message-rules.js'
import { RULE, ruleOf } from './rules.js'

const { keep, appended, lookAlike, nominated, nominatedRefused, untrusted } = RULE
/** The rejections are the last rules in the table. */
const FIRST_REJECT = RULE.framingNamed

/**
 * The number of the rule for line `i`. The rule for its name comes first, being named by Connection second, so `Connection: te`
 * does not count as naming an end-to-end field. The edits of the route come last, for fields that would be kept.
 */
export function judge(lines: Lines, i: number, rules: Rules, options: ConnectionOptions): number {
  const id = lines.id(i)
  const rule = rules.own[id]!
  if (rule === appended) return lines.find(id, i) < 0 ? appended : keep // the value is appended to the last of these lines only
  if (rule !== keep) return rule
  if (id === 0 && rules.guard !== 'none') {
    const suspicion = suspicionOf(lines, i)
    if (suspicion !== 'none' && !rules.kept?.has(lines, i)) {
      if (rules.guard === 'strangers' && suspicion === 'identity') return untrusted
      if (suspicion === 'look-alike' || isLookAlike(lines.name(i).toLowerCase())) return lookAlike
    }
  }
  if (options.any && options.has(lines, i)) return rules.named[id]!
  return rules.edits === null ? keep : rules.edits.ruleFor(lines, i)
}

/**
 * `start`, followed by what the rules keep of the received text from `from` on, copied in runs: order, case and duplicates stay
 * as received (RFC 9110 5.3). Counts in `options.nominated` the fields that are dropped only because Connection names them.
 * @throws ProtocolError if a rule rejects the message
 */
export function copyKept(lines: Lines, rules: Rules, options: ConnectionOptions, start: string, from: number): string {
  const { text, count } = lines
  let out = start
  let run = from
  for (let i = 0; i < count; i++) {
    const rule = judge(lines, i, rules, options)
    if (rule === keep) continue
    passOver(rule, lines, i, options)
    const lineFrom = lines.from(i)
    if (lineFrom > run) out += text.slice(run, lineFrom)
    run = lines.to(i)
  }
  return out + text.slice(run, text.length - 2)
}

/** Line `i` is not copied because of this rule. @throws ProtocolError if the rule rejects the message */
export function passOver(rule: number, lines: Lines, i: number, options: ConnectionOptions): void {
  if (rule >= FIRST_REJECT) throw rejection(rule, lines, i)
  if (rule === nominated) options.nominated++
}

/**
 * The error for a line that a rule rejects. It is sent in the answer and logged, so an end-to-end field, which may be a
 * credential, appears only with its name.
 */
function rejection(rule: number, lines: Lines, i: number): ProtocolError {
  const { reason, section, status } = ruleOf(rule)
  const value = rule === nominatedRefused ? '' : `: ${visibleOctets(lines.value(i).slice(0, 128))}`
  return new ProtocolError(status!, `${reason}: ${lines.name(i)}${value}`, section, lines.from(i))
}
