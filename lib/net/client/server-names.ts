import type { X509Certificate } from 'node:crypto'

/** A map from server names: an exact name takes precedence over a wildcard, which matches one label (RFC 6125 6.4.3). */
export class ServerNames<T> {
  readonly #exact = new Map<string, T>()
  /** Keyed by what follows the `*`: `.example.org`. */
  readonly #wild = new Map<string, T>()

  /** The first entry for a name wins. */
  add(names: readonly string[], it: T): void {
    for (const name of names) {
      const [map, key] = name.startsWith('*.') ? [this.#wild, name.slice(1)] : [this.#exact, name]
      if (!map.has(key)) map.set(key, it)
    }
  }

  /** @param name as the client sent it */
  find(name: string): T | undefined {
    const bare = name.toLowerCase().replace(/\.$/, '')
    const dot = bare.indexOf('.')
    return this.#exact.get(bare) ?? (dot > 0 ? this.#wild.get(bare.slice(dot)) : undefined)
  }
}

/** The host names and IP addresses in the subjectAltName of a certificate, in lower case; its CN is ignored (RFC 9110 4.3.4). */
export function namesOf({ subjectAltName }: X509Certificate): string[] {
  // Node quotes an entry that contains a character of Node's own notation, which no host name does.
  const entries = (subjectAltName ?? '').match(/(?:DNS|IP Address):[^",]+(?=,|$)/g) ?? []
  return entries.map(entry => entry.slice(entry.indexOf(':') + 1).toLowerCase())
}
