import { DEADLINES, optionName } from '../link/deadlines.js'
import { LIMITS } from '../link/limits.js'
import { GROUP_RULES } from './advice-groups.js'
import { LISTENER_RULES } from './advice-listeners.js'
import { PROCESS_RULES } from './advice-process.js'
import type { Facts, Found, Place } from './facts.js'

/** One thing that will cause trouble, or already does, and the line to change. */
export interface Advice {
  /** For programs: `upstream-idle-order`. Each is explained in docs/admin.md. */
  readonly code: AdviceCode
  readonly severity: Severity
  /** What is wrong and why it hurts: one or two sentences, with the numbers. */
  readonly sentence: string
  /** The key in the file that decides it, as `hopwise check` writes it: `upstreams.app.deadlines.upstreamIdleMs`. */
  readonly key: string
  /** The same as a path, to find the line. */
  readonly path: Place
  /** The option of the command line, where there is one: `--upstream-idle-ms`. */
  readonly option?: string
  /** What to do there: `set it to 3000 or less`. */
  readonly change: string
}

/** `serious`: open to abuse or unprotected; `warning`: requests will fail; `note`: it costs something, or may be intended. */
export type Severity = 'serious' | 'warning' | 'note'

const RULES = { ...LISTENER_RULES, ...GROUP_RULES, ...PROCESS_RULES } as const satisfies Record<
  string,
  { severity: Severity; find: (facts: Facts) => readonly Found[] }
>

export type AdviceCode = keyof typeof RULES
export const ADVICE_CODES = Object.keys(RULES) as readonly AdviceCode[]

const ORDER: readonly Severity[] = ['serious', 'warning', 'note']

/** All advice for these facts, the most serious first; nothing that the facts do not prove. */
export function advise(facts: Facts): readonly Advice[] {
  return ADVICE_CODES.flatMap(code => RULES[code].find(facts).map(found => adviceOf(code, found))).sort(
    (a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity),
  )
}

function adviceOf(code: AdviceCode, { path, sentence, change }: Found): Advice {
  const last = String(path.at(-1))
  const option = last in DEADLINES || last in LIMITS ? { option: `--${optionName(last)}` } : {}
  return { code, severity: RULES[code].severity, sentence, key: keyOf(path), path, ...option, change }
}

/** `['listeners', 0, 'tls']` is `listeners[0].tls`; a name with a dot in it is quoted. */
export function keyOf(path: Place): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    if (!/^[A-Za-z_$][\w-]*$/.test(part)) return `${text}[${JSON.stringify(part)}]`
    return text === '' ? part : `${text}.${part}`
  }, '')
}
