import { lookupWith } from '../../net/names/resolver.js'
import type { GroupSpec } from '../../net/upstream/group-spec.js'
import { OptionError } from '../../policy/option-error.js'
import { filled, list, milliseconds, shape, text } from './check.js'

/** How the host names of a group are resolved. A name is resolved again when its TTL has passed, within `minMs` and `maxMs`. */
export interface ResolveOptions {
  /** Name servers to query, such as `127.0.0.1:53`. Default: the resolver of the system. */
  nameservers?: readonly string[]
  /** Never resolve a name again before this time (default 1 s). */
  minMs?: number
  /** Always resolve a name again after this time (default 60 s). */
  maxMs?: number
}

export const RESOLVE: Readonly<{ minMs: number; maxMs: number }> = { minMs: 1_000, maxMs: 60_000 }
export const NAMESERVERS = list(text, 1)

export const RESOLVE_SHAPE = shape({ nameservers: NAMESERVERS, minMs: milliseconds(1), maxMs: milliseconds(1) })

/** @throws OptionError */
export function resolveOf(what: string, { nameservers, ...times }: ResolveOptions = {}): GroupSpec['resolve'] {
  const { minMs, maxMs } = filled(RESOLVE, times)
  if (minMs > maxMs) throw new OptionError(`${what}.minMs (${minMs}) is greater than maxMs (${maxMs}): swap them`)
  return { minMs, maxMs, nameservers: nameserversOf(what, nameservers) }
}

/** null: the resolver of the system. @throws OptionError */
export function nameserversOf(what: string, nameservers: readonly string[] | undefined): readonly string[] | null {
  if (nameservers === undefined) return null
  try {
    if (nameservers.length === 0) throw new OptionError('none')
    lookupWith(nameservers)
  } catch {
    throw new OptionError(
      `${what}.nameservers: ${nameservers.length === 0 ? '[]' : nameservers.join(', ')} must be IP addresses, for example 127.0.0.1:53`,
    )
  }
  return nameservers
}
