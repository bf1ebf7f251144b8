import type { Lines } from '../wire/lines.js'
import { hashOf, type KnownName, NAMES } from '../wire/names.js'
import { checkKept } from './identity.js'
import type { Rules } from './message-rules.js'
import { KEEP, RULE } from './rules.js'

/** Identity fields that are kept although the peer that sends them is not trusted. */
export class KeptFields {
  readonly #names: readonly { readonly name: string; readonly hash: number }[]
  readonly #made = new Map<Rules, Rules>()

  /** @throws OptionError like `checkKept` */
  constructor(names: readonly string[]) {
    for (const name of names) checkKept(name)
    this.#names = names.map(name => ({ name: name.toLowerCase(), hash: hashOf(name) }))
  }

  /** Whether line `i` is one of them. */
  has(lines: Lines, i: number): boolean {
    const hash = lines.hash(i)
    return this.#names.some(known => known.hash === hash && lines.isNamed(i, known.name, hash))
  }

  /** These rules without those that remove the fields. */
  over(rules: Rules): Rules {
    let others = this.#made.get(rules)
    if (others === undefined) {
      const own = rules.own.slice()
      for (const { name } of this.#names) {
        const id = NAMES.indexOf(name as KnownName)
        if (id > 0 && GUARDS.has(own[id]!)) own[id] = KEEP
      }
      others = { ...rules, own, kept: this }
      this.#made.set(rules, others)
    }
    return others
  }
}

const GUARDS: ReadonlySet<number> = new Set([RULE.untrusted, RULE.lookAlike])
