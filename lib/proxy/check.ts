import { createSecureContext } from 'node:tls'

// What users write, checked: each throws a TypeError that says which option is wrong, how, and what would be right.

/** The defaults with what is given in their place: whole numbers, under keys that exist. @throws TypeError */
export function filled<T extends object>(
  what: string,
  defaults: Readonly<T>,
  given: Partial<T> | undefined,
  maxima?: T,
): T {
  const all = { ...defaults }
  for (const [key, value] of Object.entries(given ?? {})) {
    if (!(key in defaults))
      throw new TypeError(`${what}.${key} does not exist; there are ${Object.keys(defaults).join(', ')}`)
    if (value === undefined) continue
    checkWhole(`${what}.${key}`, value)
    const max = maxima?.[key as keyof T]
    if (max !== undefined && Number(value) > Number(max))
      throw new TypeError(`${what}.${key} must be at most ${String(max)}, not ${String(value)}`)
    ;(all as Record<string, unknown>)[key] = value
  }
  return all
}

/** @throws TypeError for a key that nobody would look at: a typing error, most likely */
export function checkKeys(what: string, given: object, known: Readonly<Record<string, true>>): void {
  for (const key of Object.keys(given)) {
    if (!(key in known)) throw new TypeError(`${what} has no ${key}; there are ${Object.keys(known).join(', ')}`)
  }
}

/** @throws TypeError */
export function checkWhole(what: string, value: unknown, least = 0): void {
  if (!Number.isSafeInteger(value) || (value as number) < least)
    throw new TypeError(`${what} must be a whole number from ${least} on, not ${String(value)}`)
}

/** @throws TypeError */
export function checkChoice(what: string, value: string, choices: readonly string[]): void {
  if (!choices.includes(value))
    throw new TypeError(`${what} must be ${choices.join(' or ')}, not ${JSON.stringify(value)}`)
}

/** @param ca PEM. @throws TypeError */
export function checkAuthorities(what: string, ca: string): void {
  if (!ca.includes('-----BEGIN CERTIFICATE-----'))
    throw new TypeError(`${what} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)`)
  try {
    createSecureContext({ ca })
  } catch (error) {
    throw new TypeError(`${what} cannot be used: ${(error as Error).message}`)
  }
}
