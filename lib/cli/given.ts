import type { OptionTable } from './option-table.js'
import { UsageError } from './usage-error.js'
import { readChoice, readFlag, readWhole } from './values.js'

/** The environment variable of an option: `HOPWISE_CLIENT_IDLE_MS` for `client-idle-ms`. */
export function variableOf(option: string): string {
  return `HOPWISE_${option.replaceAll('-', '_').toUpperCase()}`
}

/**
 * The options given for one command, on the command line or else in the environment. Every reader returns undefined for
 * an option that was not given, and throws a UsageError that names the option or variable which has the wrong value.
 */
export class Given {
  readonly #line: Readonly<Record<string, unknown>>
  readonly #environment: Readonly<Record<string, string | undefined>>
  readonly #options: OptionTable

  constructor(
    line: Readonly<Record<string, unknown>>,
    environment: Readonly<Record<string, string | undefined>>,
    options: OptionTable,
  ) {
    this.#line = line
    this.#environment = environment
    this.#options = options
  }

  /** `--listen` or `HOPWISE_LISTEN`, whichever gave the value. */
  where(option: string): string {
    return this.#line[option] === undefined && this.#variable(option) !== undefined
      ? variableOf(option)
      : option in this.#options
        ? `--${option}`
        : option
  }

  /** Whether the option is on the command line itself. */
  onLine(option: string): boolean {
    return this.#line[option] !== undefined
  }

  text(option: string): string | undefined {
    const value = this.#line[option] ?? this.#variable(option)
    if (Array.isArray(value)) throw new UsageError(`--${option} is given ${value.length} times: give it once.`)
    if (value === undefined || typeof value === 'string') {
      if (value === '') throw new UsageError(`${this.where(option)} is empty: give a value, or leave it out.`)
      return value
    }
    throw new UsageError(`--${option} requires a value.`)
  }

  flag(option: string): boolean | undefined {
    const value = this.#line[option] ?? this.#variable(option)
    if (value === undefined || typeof value === 'boolean') return value
    // Given more than once on the command line: the last one wins, as `--trace --no-trace` suggests.
    if (Array.isArray(value)) return value[value.length - 1] === true
    return readFlag(this.where(option), String(value))
  }

  /** Every value, read with `read`. The option may repeat, and its values may be separated by commas (unless it is `whole`). */
  list<V>(option: string, read: (where: string, text: string) => V): V[] | undefined {
    const value = this.#line[option] ?? this.#variable(option)
    if (value === undefined) return undefined
    const whole = this.#options[option]?.whole === true
    return (Array.isArray(value) ? value : [value]).flatMap(one => {
      if (typeof one !== 'string') throw new UsageError(`--${option} requires a value.`)
      const parts = whole ? [one] : one.split(/[\s,]+/).filter(part => part !== '')
      return parts.map(part => read(this.where(option), part))
    })
  }

  choice<C extends string>(option: string, choices: readonly C[]): C | undefined {
    const text = this.text(option)
    return text === undefined ? undefined : readChoice(this.where(option), text, choices)
  }

  whole(option: string, range: { min?: number; max?: number; unit?: string } = {}): number | undefined {
    const text = this.text(option)
    return text === undefined ? undefined : readWhole(this.where(option), text, range)
  }

  #variable(option: string): string | undefined {
    // An empty variable counts as not set: `docker run -e HOPWISE_AUTH=` undoes a value set in the image.
    return this.#environment[variableOf(option)] || undefined
  }
}
