import type { Lines } from '../wire/lines.js'
import { ProtocolError } from '../wire/protocol-error.js'
import { visibleOctets } from '../wire/visible.js'
import type { ConnectionOptions } from './connection-options.js'
import { isLookAlike, suspicionOf } from './identity.js'
import type { Rules } from './message-rules.js'
import { RULE, ruleOf } from './rules.js'

const { keep, appended, lookAlike, nominated, nominatedRefused, untrusted } = RULE
/** The rejections stand last. */
const FIRST_REJECT = RULE.framingNamed

/**
 * What becomes of line `i`: the number of a rule. Reasons of its own come first, being named by Connection second, so
 * `Connection: te` is no nomination of an end-to-end field; last comes what a route says about fields that would be kept.
 */
export function judge(lines: Lines, i: number, rules: Rules, options: ConnectionOptions): number {
  const id = lines.id(i)
  const rule = rules.own[id]!
  if (rule === appended) return lines.find(id, i) < 0 ? appended : keep // only the last of these lines is appended to
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
 * `start`, then what the rules keep of the received text from `from` on, in runs: order, case
 * and duplicates stay as received (RFC 9110 5.3). Counts what dies only for being named in `options.nominated`.
 * @throws ProtocolError where a rule rejects the message
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

/** Line `i` is not copied, for this rule. @throws ProtocolError where it rejects the message */
export function passOver(rule: number, lines: Lines, i: number, options: ConnectionOptions): void {
  if (rule >= FIRST_REJECT) throw rejection(rule, lines, i)
  if (rule === nominated) options.nominated++
}

/** The error for a line that a rule rejects. It is answered and logged: of an end-to-end field, which may be a credential, only the name. */
function rejection(rule: number, lines: Lines, i: number): ProtocolError {
  const { reason, section, status } = ruleOf(rule)
  const value = rule === nominatedRefused ? '' : `: ${visibleOctets(lines.value(i).slice(0, 128))}`
  return new ProtocolError(status!, `${reason}: ${lines.name(i)}${value}`, section, lines.from(i))
}
