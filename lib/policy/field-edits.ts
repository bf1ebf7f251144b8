import type { Lines } from '../wire/lines.js'
import { ID, isToken } from '../wire/names.js'
import { FIELD_OCTET } from '../wire/octets.js'
import { fieldLine } from '../wire/writer.js'
import { CERTIFICATE_FIELDS } from './client-certificate.js'
import { foldedName as folded } from './folded-name.js'
import type { NamedRules, Rules } from './message-rules.js'
import { OptionError, WrongText } from './option-error.js'
import { KEEP, RULE } from './rules.js'

/** The changes of a route to the fields of requests or of responses. */
export interface FieldEditsOptions {
  /** Every received field with this name is replaced by one with this value. */
  readonly set?: Readonly<Record<string, string>>
  readonly remove?: readonly string[]
}

/**
 * The edits of a route: applied after the rules of the hop, which they cannot change, and to the lines that this proxy adds about
 * the client. Names are compared case-insensitively, and every sign counts as `-`: CGI and WSGI do not distinguish them, so
 * otherwise a client could send a second value under a name that looks different.
 */
export class FieldEdits {
  /** The lines that are added, each with its CRLF. */
  readonly lines: string
  readonly #rules: readonly NameRule[]
  readonly #editsOurs: boolean
  /** The rules of the hop with the edits applied, as far as they were needed: for each sum of `SENT`. */
  readonly #edited: readonly Map<Rules, Rules>[] = [new Map(), new Map(), new Map(), new Map()]

  /** @throws OptionError like `checkFieldEdits` */
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

  /** Whether the field of line `i` is edited. */
  has(lines: Lines, i: number): boolean {
    return ruleIn(this.#rules, lines, i) !== KEEP
  }

  /** These lines of this proxy without those that the route edits. */
  without(ours: string): string {
    if (!this.#editsOurs) return ours
    const isOther = (line: string): boolean =>
      !this.#rules.some(({ name }) => line.toLowerCase().startsWith(`${name}:`))
    return ours
      .split(/(?<=\r\n)/)
      .filter(isOther)
      .join('')
  }

  /**
   * The rules of a message with these edits applied after them.
   * @param sent the fields that this proxy sends itself, so that received ones are dropped: a sum of `SENT`
   */
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

  /** If the route edits X-Forwarded-For, nothing is appended to the value of a trusted peer. */
  #withoutAppending(own: Uint8Array): Uint8Array {
    const id = ID['x-forwarded-for']
    if (own[id] !== RULE.appended || !this.#rules.some(({ name }) => name === 'x-forwarded-for')) return own
    const other = own.slice()
    other[id] = KEEP
    return other
  }
}

interface NameRule {
  /** A folded name. */
  readonly name: string
  readonly rule: number
}

/** The fields of this proxy that only some messages get, as bits. */
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

/** The fields that this proxy adds and that a route may override. */
const OURS = new Set([
  ...['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'forwarded', 'x-request-id'],
  ...['x-forwarded-port', 'x-forwarded-prefix', 'x-real-ip'],
  ...Object.values(CERTIFICATE_FIELDS).map(name => name.toLowerCase()),
  ...['traceparent', 'tracestate'],
])

const HOP_FIELDS = {
  connection: 'each hop manages its own connection',
  'keep-alive': 'each hop manages its own connection',
  'proxy-connection': 'it is never forwarded',
  close: 'the name is reserved for the connection option',
  te: 'each hop states for itself which trailers it accepts',
  trailer: 'it belongs to the trailers',
  'transfer-encoding': 'each hop frames the content for itself',
  'content-length': 'each hop frames the content for itself',
  upgrade: 'the setting upgrades lists the allowed protocols',
  'http2-settings': 'it belongs to an upgrade that is not forwarded',
  via: 'it lists the intermediaries; the setting via decides whether this proxy is among them',
} as const

/** The fields that a route cannot edit, by name in lower case, each with the reason. The rules of the hop govern them. */
export const PROTECTED_FIELDS: Readonly<Record<'request' | 'response', ReadonlyMap<string, string>>> = {
  request: new Map([
    ...Object.entries(HOP_FIELDS),
    ['host', 'routing decides the authority; the setting sendHost decides which one is sent'],
    ['expect', 'it is part of how the content is sent'],
    ['max-forwards', 'it counts the hops'],
  ]),
  response: new Map([
    ...Object.entries(HOP_FIELDS),
    ['date', 'it says when the response was generated, and caches calculate with it'],
  ]),
}

/**
 * Checks that these fields can be edited.
 * @throws OptionError that says what is wrong and why
 */
export function checkFieldEdits(kind: 'request' | 'response', { set = {}, remove = [] }: FieldEditsOptions): void {
  const seen = new Set<string>()
  for (const name of [...Object.keys(set), ...remove]) {
    checkFieldName(kind, name)
    if (seen.has(folded(name)))
      throw new OptionError(`field ${name} is edited twice (case and signs such as _ make no difference)`)
    seen.add(folded(name))
  }
  for (const [name, value] of Object.entries(set)) checkFieldValue(name, value)
}

/** @throws OptionError that says what is wrong and why */
export function checkFieldName(kind: 'request' | 'response', name: string): void {
  if (!isToken(name)) throw new WrongText(JSON.stringify(name), 'is not a field name (RFC 9110 5.1)')
  const reason = PROTECTED_FIELDS[kind].get(folded(name))
  if (reason !== undefined) throw new WrongText(`field ${name}`, 'cannot be edited', reason)
}

/** @throws OptionError that says what is wrong and how to write it */
export function checkFieldValue(name: string, value: string): void {
  const what = `the value of ${name}`
  if (/^[ \t]|[ \t]$/.test(value)) throw new WrongText(what, 'has leading or trailing whitespace', 'remove it')
  for (const character of value) {
    const code = character.codePointAt(0)!
    if (code > 0xff) throw new WrongText(what, `contains ${JSON.stringify(character)}`, 'only latin1 can be sent')
    if (FIELD_OCTET[code] !== 1) throw new WrongText(what, 'contains a control character (RFC 9110 5.5)')
  }
}

/** The edits of messages with fields of `SENT` and no others. */
export const NO_EDITS = new FieldEdits('request', {})
