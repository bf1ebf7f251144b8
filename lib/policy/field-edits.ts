import type { Lines } from '../wire/lines.js'
import { ID, isToken } from '../wire/names.js'
import { FIELD_OCTET } from '../wire/octets.js'
import { fieldLine } from '../wire/writer.js'
import { CERTIFICATE_FIELDS } from './client-certificate.js'
import { foldedName as folded } from './folded-name.js'
import type { NamedRules, Rules } from './message-rules.js'
import { KEEP, RULE } from './rules.js'

/** What a route changes in the fields of requests or of responses. */
export interface FieldEditsOptions {
  /** Every received field of that name goes, this value comes in its place. */
  readonly set?: Readonly<Record<string, string>>
  readonly remove?: readonly string[]
}

/**
 * The edits of a route: applied after the rules of the hop, which they cannot touch, and to what we add about the client. Names are
 * compared without case, and every sign as `-`: CGI and WSGI cannot tell them apart, so nobody sends a second value past ours.
 */
export class FieldEdits {
  /** The lines that are added, each with its CRLF. */
  readonly lines: string
  readonly #rules: readonly NameRule[]
  readonly #editsOurs: boolean
  /** The rules of the hop with the edits behind them, as far as they were asked for: for each sum of `SENT`. */
  readonly #edited: readonly Map<Rules, Rules>[] = [new Map(), new Map(), new Map(), new Map()]

  /** @throws TypeError as `checkFieldEdits` */
  constructor(kind: 'request' | 'response', options: FieldEditsOptions) {
    checkFieldEdits(kind, options)
    const set = Object.entries(options.set ?? {})
    this.lines = set.map(([name, value]) => fieldLine(name, value)).join('')
    this.#rules = [
      ...set.map(([name]) => ({ name: folded(name), rule: RULE.setByRoute })),
      ...(options.remove ?? []).map(name => ({ name: folded(name), rule: RULE.removedByRoute })),
    ]
    this.#editsOurs = this.#rules.some(({ name }) => OURS.has(name))
  }

  /** Is the field of line `i` edited? */
  has(lines: Lines, i: number): boolean {
    return ruleIn(this.#rules, lines, i) !== KEEP
  }

  /** Lines of our own, without those that the route edits. */
  without(ours: string): string {
    if (!this.#editsOurs) return ours
    const isOther = (line: string): boolean =>
      !this.#rules.some(({ name }) => line.toLowerCase().startsWith(`${name}:`))
    return ours
      .split(/(?<=\r\n)/)
      .filter(isOther)
      .join('')
  }

  /** The rules of a message with these edits behind them. @param sent what we send of our own, so that received ones go: `SENT`, added up */
  over(rules: Rules, sent: number): Rules {
    const known = this.#edited[sent]!
    let edited = known.get(rules)
    if (edited === undefined) {
      const all = [...this.#rules, ...REPLACED.filter(({ by }) => (sent & by) !== 0)]
      edited = { ...rules, own: this.#withoutAppending(rules.own), edits: new Names(all) }
      known.set(rules, edited)
    }
    return edited
  }

  /** Nothing is appended to what a trusted peer says where the route says something else. */
  #withoutAppending(own: Uint8Array): Uint8Array {
    const id = ID['x-forwarded-for']
    if (own[id] !== RULE.appended || !this.#rules.some(({ name }) => name === 'x-forwarded-for')) return own
    const other = own.slice()
    other[id] = KEEP
    return other
  }
}

interface NameRule {
  /** `folded`. */
  readonly name: string
  readonly rule: number
}

/** Fields of our own that not every message gets. */
export const SENT = { requestId: 1, trace: 2 } as const

const REPLACED: readonly (NameRule & { readonly by: number })[] = [
  { name: 'x-request-id', rule: RULE.requestId, by: SENT.requestId },
  { name: 'traceparent', rule: RULE.traced, by: SENT.trace },
  { name: 'tracestate', rule: RULE.traced, by: SENT.trace },
]

class Names implements NamedRules {
  constructor(readonly rules: readonly NameRule[]) {}

  ruleFor(lines: Lines, i: number): number {
    return ruleIn(this.rules, lines, i)
  }
}

function ruleIn(rules: readonly NameRule[], lines: Lines, i: number): number {
  for (let k = 0; k < rules.length; k++) if (isNamed(lines, i, rules[k]!.name)) return rules[k]!.rule
  return KEEP
}

function isNamed(lines: Lines, i: number, name: string): boolean {
  const from = lines.from(i)
  return lines.nameEnd(i) - from === name.length && folded(lines.name(i)) === name
}

/** What we add ourselves and a route may say otherwise. */
const OURS = new Set([
  ...['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'forwarded', 'x-request-id'],
  ...['x-forwarded-port', 'x-forwarded-prefix', 'x-real-ip'],
  ...Object.values(CERTIFICATE_FIELDS).map(name => name.toLowerCase()),
  ...['traceparent', 'tracestate'],
])

const HOP_FIELDS = {
  connection: 'each hop speaks for its own connection',
  'keep-alive': 'each hop speaks for its own connection',
  'proxy-connection': 'it is never forwarded',
  close: 'the name is reserved for the connection option',
  te: 'each hop says for itself which trailers it takes',
  trailer: 'it lives as long as the trailers do',
  'transfer-encoding': 'each hop frames the content for itself',
  'content-length': 'each hop frames the content for itself',
  upgrade: 'the protocols that may be upgraded to are in upgrades',
  'http2-settings': 'it belongs to an upgrade that does not cross us',
  via: 'it names those who carried the message; via decides whether we are among them',
} as const

/** Fields that a route cannot edit, by name in lower case: each with the reason. The rules of the hop own them. */
export const PROTECTED_FIELDS: Readonly<Record<'request' | 'response', ReadonlyMap<string, string>>> = {
  request: new Map([
    ...Object.entries(HOP_FIELDS),
    ['host', 'routing decides the authority; sendHost says which one is sent'],
    ['expect', 'it is part of how the content is sent'],
    ['max-forwards', 'it counts the hops'],
  ]),
  response: new Map([
    ...Object.entries(HOP_FIELDS),
    ['date', 'it says when the response was made, and caches reckon with it'],
  ]),
}

/**
 * Can these fields be edited?
 * @throws TypeError with what is wrong and why
 */
export function checkFieldEdits(kind: 'request' | 'response', { set = {}, remove = [] }: FieldEditsOptions): void {
  const seen = new Set<string>()
  for (const name of [...Object.keys(set), ...remove]) {
    checkFieldName(kind, name)
    if (seen.has(folded(name)))
      throw new TypeError(`field ${name} is edited twice (case and signs such as _ make no difference)`)
    seen.add(folded(name))
  }
  for (const [name, value] of Object.entries(set)) checkFieldValue(name, value)
}

/** @throws TypeError with what is wrong and why */
export function checkFieldName(kind: 'request' | 'response', name: string): void {
  if (!isToken(name)) throw new TypeError(`${JSON.stringify(name)} is no field name (RFC 9110 5.1)`)
  const reason = PROTECTED_FIELDS[kind].get(folded(name))
  if (reason !== undefined) throw new TypeError(`field ${name} cannot be edited: ${reason}`)
}

/** @throws TypeError with what is wrong and what would be right */
export function checkFieldValue(name: string, value: string): void {
  if (/^[ \t]|[ \t]$/.test(value)) throw new TypeError(`the value of ${name} has whitespace at its ends: leave it off`)
  for (const character of value) {
    const code = character.codePointAt(0)!
    if (code > 0xff)
      throw new TypeError(`the value of ${name} has ${JSON.stringify(character)} in it: only latin1 can be sent`)
    if (FIELD_OCTET[code] !== 1)
      throw new TypeError(`the value of ${name} has a control character in it (RFC 9110 5.5)`)
  }
}

/** For messages with fields of `SENT` and no other edits. */
export const NO_EDITS = new FieldEdits('request', {})
