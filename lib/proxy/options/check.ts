import { createSecureContext } from 'node:tls'
import { rangeOf, TIMER_MS_MAX } from '../../link/number-range.js'
import { isToken } from '../../wire/octets.js'
import { didYouMean } from './did-you-mean.js'

// What users write, checked: each throws a TypeError that says which option is wrong, how, and what would be right. Types say the same to
// those who compile; what comes out of JSON, of an environment or of plain JavaScript is only looked at here.

/** Throws a TypeError that begins with `what` for a value that is not of the kind. It never sees undefined: that is "not given". */
export type Check = (what: string, value: unknown) => void

/** The keys that an object may have, each with the check of its value. */
export type Shape<T> = Readonly<Record<keyof T, Check>>

/** A key of `given` that nobody would look at is an error, most likely of typing; and so is one that must be there and is not. */
export function checkShape(
  what: string,
  given: unknown,
  shape: Readonly<Record<string, Check>>,
  needed: readonly string[] = [],
): void {
  if (!isMapping(given)) throw new TypeError(`${what} must be an object with keys, not ${shown(given)}`)
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(shape, key)) throw new TypeError(unknownKey(`${what} has no ${key}`, key, Object.keys(shape)))
    if (value !== undefined) shape[key]!(`${what}.${key}`, value)
  }
  for (const key of needed)
    if ((given as Record<string, unknown>)[key] === undefined) throw new TypeError(`${what}.${key} is missing`)
}

/** @param sentence what is said of the key that there is not */
export function unknownKey(sentence: string, key: string, known: readonly string[]): string {
  const meant = didYouMean(key, known)
  return meant === undefined ? `${sentence}; there are ${known.join(', ')}` : `${sentence}: did you mean ${meant}?`
}

export const text: Check = (what, value) => {
  if (typeof value === 'string') return
  const right =
    value instanceof URL
      ? `: write ${what.slice(what.lastIndexOf('.') + 1)}: url.href`
      : value instanceof RegExp
        ? ': there are no patterns, see docs/configuration.md'
        : value instanceof Uint8Array
          ? ": read the file with 'utf8'"
          : ''
  throw new TypeError(`${what} must be text, not ${shown(value)}${right}`)
}

export const flag: Check = (what, value) => {
  if (typeof value !== 'boolean') throw new TypeError(`${what} must be true or false, not ${shown(value)}`)
}

export const port: Check = (what, value) => {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > 65_535)
    throw new TypeError(`${what.replace(/\[\d+\]$/, '')}: ${shown(value)} is not a port (1 to 65535)`)
}

/** A whole number. */
export const whole =
  (least = 0, most: number = Number.MAX_SAFE_INTEGER): Check =>
  (what, value) =>
    checkWhole(what, value, least, most)

export const milliseconds = (least = 0): Check => whole(least, TIMER_MS_MAX)

/** What keeps out a slip. */
const RATE_MAX = 1_000_000

/** A number, with fractions: how often in a second. */
export const rate: Check = (what, value) => {
  if (typeof value !== 'number' || !(value >= 0) || value > RATE_MAX)
    throw new TypeError(`${what} must be a number from 0 to ${RATE_MAX}, not ${shown(value)}`)
}

export const choice =
  (...choices: readonly string[]): Check =>
  (what, value) =>
    checkChoice(what, value, choices)

/** `null`: none. */
export const orNull =
  (check: Check): Check =>
  (what, value) => {
    if (value !== null) check(what, value)
  }

/** @param least how many there must be */
export const list =
  (check: Check, least = 0): Check =>
  (what, value) => {
    if (!Array.isArray(value)) {
      const right = typeof value === 'string' ? `: write [${shown(value)}]` : ''
      throw new TypeError(`${what} must be a list, not ${shown(value)}${right}`)
    }
    if (value.length < least) throw new TypeError(`${what} is empty: leave it out, or name one`)
    // Not by `forEach`, which would pass over holes.
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
    if (!isMapping(value)) throw new TypeError(`${what} must be an object with keys, not ${shown(value)}`)
    for (const [key, one] of Object.entries(value)) check(`${what}.${key}`, one)
  }

/** An object of somebody else's, which has these methods. */
export const methods =
  (...names: readonly string[]): Check =>
  (what, value) => {
    const missing = names.find(name => typeof (value as Record<string, unknown> | null)?.[name] !== 'function')
    if (missing !== undefined)
      throw new TypeError(`${what} must have the method ${missing}, and ${shown(value)} has not`)
  }

/** A protocol that may be upgraded to (RFC 9110 7.8): `websocket`, `x/1`. */
function isProtocol(written: string): boolean {
  const [name = '', version, more] = written.split('/')
  return isToken(name) && (version === undefined || isToken(version)) && more === undefined
}

export const protocol: Check = (what, value) => {
  text(what, value)
  if (!isProtocol(value as string))
    throw new TypeError(`${what} ${shown(value)} is no name of a protocol: write one such as websocket`)
}

/** The checks of a table of numbers: deadlines, limits. */
export function numbersOf<T extends object>(table: T, maxima?: Partial<Record<keyof T, number>>): Shape<T> {
  const checks = Object.keys(table).map(key => {
    const { min, max } = rangeOf(key, maxima?.[key as keyof T])
    return [key, whole(min, max)]
  })
  return Object.fromEntries(checks) as Shape<T>
}

/** The defaults with what is given in their place. What is given was checked. */
export function filled<T extends object>(defaults: Readonly<T>, given: Partial<T> | undefined): T {
  const all = { ...defaults }
  for (const [key, value] of Object.entries(given ?? {}))
    if (value !== undefined) (all as Record<string, unknown>)[key] = value
  return all
}

/** @throws TypeError */
function checkWhole(what: string, value: unknown, least = 0, most: number = Number.MAX_SAFE_INTEGER): void {
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    const right = typeof value === 'string' && /^\d+$/.test(value) ? `: write ${value} without quotes` : ''
    throw new TypeError(`${what} must be a whole number from ${least} on, not ${shown(value)}${right}`)
  }
  if ((value as number) > most) throw new TypeError(`${what} must be at most ${most}, not ${shown(value)}`)
}

/** @throws TypeError */
function checkChoice(what: string, value: unknown, choices: readonly string[]): void {
  if (typeof value === 'string' && choices.includes(value)) return
  const meant = typeof value === 'string' ? didYouMean(value, choices) : undefined
  const right = meant === undefined ? '' : `: did you mean ${meant}?`
  throw new TypeError(`${what} must be ${choices.join(' or ')}, not ${shown(value)}${right}`)
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

/** What the parts say against a value, with the name of the option in front where it is not there. */
export function named<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof TypeError) || error.message.startsWith(what)) throw error
    throw new TypeError(`${what}: ${error.message}`, { cause: error })
  }
}

function isMapping(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  // A Map, a Date or a URL has no keys of its own that anybody would look at.
  return Object.prototype.toString.call(value) === '[object Object]'
}

const SHOWN_LETTERS_MAX = 60

/** A value as a sentence quotes it: short, whatever it is. */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    const bare = value.replace(/\/\/[^@/\s]*@/g, '//***@')
    return JSON.stringify(bare.length > SHOWN_LETTERS_MAX ? `${bare.slice(0, SHOWN_LETTERS_MAX)}…` : bare)
  }
  if (value === null || ['undefined', 'number', 'boolean', 'bigint'].includes(typeof value)) return String(value)
  if (typeof value === 'symbol' || typeof value === 'function') return `a ${typeof value}`
  if (Array.isArray(value)) return 'a list'
  if (value instanceof RegExp) return 'a RegExp'
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1)
  return kind === 'Object' ? 'an object' : `a ${kind}`
}
