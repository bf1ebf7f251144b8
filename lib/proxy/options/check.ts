import { createSecureContext } from 'node:tls'
import { rangeOf, TIMER_MS_MAX } from '../../link/number-range.js'
import { OptionError } from '../../policy/option-error.js'
import { isToken } from '../../wire/octets.js'
import { didYouMean } from './did-you-mean.js'

// Checks of the values that users give. Each throws an OptionError that says which option is wrong, how, and what would be right.
// The TypeScript types say the same at compile time; values from JSON, an environment or plain JavaScript are checked only here.

/** Throws an OptionError that begins with `what` if the value is not of the right kind. Never called with undefined ("not given"). */
export type Check = (what: string, value: unknown) => void

/** The keys that an object may have, each with the check for its value. */
export type Shape<T> = Readonly<Record<keyof T, Check>>

/** A key of `given` that is not in `shape` is an error, most likely a typo; so is a key in `needed` that is missing. */
export function checkShape(
  what: string,
  given: unknown,
  shape: Readonly<Record<string, Check>>,
  needed: readonly string[] = [],
): void {
  if (!isMapping(given)) throw new OptionError(`${what} must be a plain object, not ${shown(given)}`)
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(shape, key)) throw new OptionError(unknownKey(`${what} has no ${key}`, key, Object.keys(shape)))
    if (value !== undefined) shape[key]!(`${what}.${key}`, value)
  }
  for (const key of needed)
    if ((given as Record<string, unknown>)[key] === undefined) throw new OptionError(`${what}.${key} is missing`)
}

/** @param sentence says that the key is unknown */
export function unknownKey(sentence: string, key: string, known: readonly string[]): string {
  const meant = didYouMean(key, known)
  return meant === undefined ? `${sentence}; use one of ${known.join(', ')}` : `${sentence}: did you mean ${meant}?`
}

export const text: Check = (what, value) => {
  if (typeof value === 'string') return
  const right =
    value instanceof URL
      ? `: write ${what.slice(what.lastIndexOf('.') + 1)}: url.href`
      : value instanceof RegExp
        ? ': patterns are not supported, see docs/configuration.md'
        : value instanceof Uint8Array
          ? ": read the file with 'utf8'"
          : ''
  throw new OptionError(`${what} must be a string, not ${shown(value)}${right}`)
}

export const flag: Check = (what, value) => {
  if (typeof value !== 'boolean') throw new OptionError(`${what} must be true or false, not ${shown(value)}`)
}

export const port: Check = (what, value) => {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > 65_535)
    throw new OptionError(`${what.replace(/\[\d+\]$/, '')}: ${shown(value)} is not a port (1 to 65535)`)
}

/** An integer. */
export const whole =
  (least = 0, most: number = Number.MAX_SAFE_INTEGER): Check =>
  (what, value) =>
    checkWhole(what, value, least, most)

export const milliseconds = (least = 0): Check => whole(least, TIMER_MS_MAX)

/** A sanity limit: a larger rate is a mistake. */
const RATE_MAX = 1_000_000

/** A number of times per second, possibly a fraction. */
export const rate: Check = (what, value) => {
  if (typeof value !== 'number' || !(value >= 0) || value > RATE_MAX)
    throw new OptionError(`${what} must be a number from 0 to ${RATE_MAX}, not ${shown(value)}`)
}

export const choice =
  (...choices: readonly string[]): Check =>
  (what, value) =>
    checkChoice(what, value, choices)

/** `null` means none. */
export const orNull =
  (check: Check): Check =>
  (what, value) => {
    if (value !== null) check(what, value)
  }

/** @param least the minimum number of entries */
export const list =
  (check: Check, least = 0): Check =>
  (what, value) => {
    if (!Array.isArray(value)) {
      const right = typeof value === 'string' ? `: write [${shown(value)}]` : ''
      throw new OptionError(`${what} must be an array, not ${shown(value)}${right}`)
    }
    if (value.length < least) throw new OptionError(`${what} is empty: omit it, or give at least one entry`)
    // Not `forEach`, which skips holes.
    for (let i = 0; i < value.length; i++) check(`${what}[${i}]`, value[i])
  }

export const oneOrMore =
  (check: Check): Check =>
  (what, value) =>
    Array.isArray(value) ? list(check, 1)(what, value) : check(what, value)

export const shape =
  (keys: Readonly<Record<string, Check>>, ...needed: readonly string[]): Check =>
  (what, value) =>
    checkShape(what, value, keys, needed)

/** An object whose keys the user chooses. */
export const mapping =
  (check: Check): Check =>
  (what, value) => {
    if (!isMapping(value)) throw new OptionError(`${what} must be a plain object, not ${shown(value)}`)
    for (const [key, one] of Object.entries(value)) check(`${what}.${key}`, one)
  }

/** An object of the caller's that must have these methods. */
export const methods =
  (...names: readonly string[]): Check =>
  (what, value) => {
    const missing = names.find(name => typeof (value as Record<string, unknown> | null)?.[name] !== 'function')
    if (missing !== undefined)
      throw new OptionError(`${what} must have a method ${missing}, but ${shown(value)} has none`)
  }

/** A protocol that may be upgraded to (RFC 9110 7.8): `websocket`, `x/1`. */
function isProtocol(written: string): boolean {
  const [name = '', version, more] = written.split('/')
  return isToken(name) && (version === undefined || isToken(version)) && more === undefined
}

export const protocol: Check = (what, value) => {
  text(what, value)
  if (!isProtocol(value as string))
    throw new OptionError(`${what} ${shown(value)} is not a protocol name: use a name such as websocket`)
}

/** The checks for a table of numbers, such as deadlines or limits. */
export function numbersOf<T extends object>(table: T, maxima?: Partial<Record<keyof T, number>>): Shape<T> {
  const checks = Object.keys(table).map(key => {
    const { min, max } = rangeOf(key, maxima?.[key as keyof T])
    return [key, whole(min, max)]
  })
  return Object.fromEntries(checks) as Shape<T>
}

/** The defaults, overridden by the given values, which have been checked. */
export function filled<T extends object>(defaults: Readonly<T>, given: Partial<T> | undefined): T {
  const all = { ...defaults }
  for (const [key, value] of Object.entries(given ?? {}))
    if (value !== undefined) (all as Record<string, unknown>)[key] = value
  return all
}

/** @throws OptionError */
function checkWhole(what: string, value: unknown, least = 0, most: number = Number.MAX_SAFE_INTEGER): void {
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    const right = typeof value === 'string' && /^\d+$/.test(value) ? `: write ${value} without quotes` : ''
    throw new OptionError(`${what} must be an integer of at least ${least}, not ${shown(value)}${right}`)
  }
  if ((value as number) > most) throw new OptionError(`${what} must be at most ${most}, not ${shown(value)}`)
}

/** @throws OptionError */
function checkChoice(what: string, value: unknown, choices: readonly string[]): void {
  if (typeof value === 'string' && choices.includes(value)) return
  const meant = typeof value === 'string' ? didYouMean(value, choices) : undefined
  const right = meant === undefined ? '' : `: did you mean ${meant}?`
  throw new OptionError(`${what} must be ${choices.join(' or ')}, not ${shown(value)}${right}`)
}

/** @param ca PEM. @throws OptionError */
export function checkAuthorities(what: string, ca: string): void {
  if (!ca.includes('-----BEGIN CERTIFICATE-----'))
    throw new OptionError(`${what} contains no PEM certificate (-----BEGIN CERTIFICATE-----)`)
  try {
    createSecureContext({ ca })
  } catch (error) {
    throw new OptionError(`${what} cannot be used: ${(error as Error).message}`)
  }
}

/** Puts the name of the option in front of the OptionErrors of `read`, unless they begin with it already. */
export function named<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof OptionError) || error.message.startsWith(what)) throw error
    throw new OptionError(`${what}: ${error.message}`, { cause: error })
  }
}

function isMapping(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  // A Map, a Date or a URL has no own keys that could be options.
  return Object.prototype.toString.call(value) === '[object Object]'
}

const SHOWN_LETTERS_MAX = 60

/** A value as error messages quote it: always short, and without the credentials of a URL. */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    const bare = value.replace(/\/\/[^@/\s]*@/g, '//***@')
    return JSON.stringify(bare.length > SHOWN_LETTERS_MAX ? `${bare.slice(0, SHOWN_LETTERS_MAX)}…` : bare)
  }
  if (value === null || ['undefined', 'number', 'boolean', 'bigint'].includes(typeof value)) return String(value)
  if (typeof value === 'symbol' || typeof value === 'function') return `a ${typeof value}`
  if (Array.isArray(value)) return 'an array'
  if (value instanceof RegExp) return 'a RegExp'
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1)
  return kind === 'Object' ? 'an object' : `a ${kind}`
}
